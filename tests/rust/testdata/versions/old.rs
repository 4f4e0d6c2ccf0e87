//! wasmtime 41 in miniature.

plugin::plugin!(old);
