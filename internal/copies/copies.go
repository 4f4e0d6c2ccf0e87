// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package copies is about the other copies of the library in a process: the one
// that was loaded first, and the one that a forked child starts afresh. It is C,
// for neither may enter Go.
package copies

import "C"
