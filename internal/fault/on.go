// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build jitdebug_fault

// Package fault makes the library panic on purpose, in a build for tests (tag
// jitdebug_fault). In every other build it is nothing.
package fault

// #include <stdlib.h>
// #include <string.h>
// static int fault_is(_GoString_ name) {
//   const char *wanted = getenv("JITDEBUG_FAULT");
//   return wanted && strlen(wanted) == _GoStringLen(name) &&
//          memcmp(wanted, _GoStringPtr(name), _GoStringLen(name)) == 0;
// }
import "C"

// Point panics if the environment variable JITDEBUG_FAULT has this name.
func Point(name string) {
	if C.fault_is(name) != 0 { // the environment is not Go's to see
		panic("on purpose, at " + name)
	}
}
