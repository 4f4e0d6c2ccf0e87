//! wasmtime 36 in miniature.

plugin::plugin!(old);
