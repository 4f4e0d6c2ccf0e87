package machine

// Host is the processor of this process.
var Host = &AArch64
