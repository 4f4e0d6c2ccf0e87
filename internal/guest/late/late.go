// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package late is what the loader calls in place of Go's start: nothing. Go starts
// when it is needed. It is apart from guest because a package that uses cgo cannot
// hold Go assembly.
package late
