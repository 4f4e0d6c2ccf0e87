// Package copies finds the copy of the library that was loaded into the process
// first. It is C: the gate asks before it enters Go.
package copies

import "C"
