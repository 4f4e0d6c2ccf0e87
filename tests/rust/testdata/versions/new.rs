//! wasmtime 50 in miniature.

plugin::plugin!(new);
