package symfile

// gnuCompressed is how the names of compressed sections start that have no flag.
var gnuCompressed = []byte(".zdebug_")
