//! wasmtime 42 in miniature.

plugin::plugin!(new);
