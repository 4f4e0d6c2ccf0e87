package machine

// Host is the processor of this process.
var Host = &X86_64
