// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build !jitdebug_fault

// Package fault makes the library panic on purpose, in a build for tests (tag
// jitdebug_fault). In every other build it is nothing.
package fault

// Point panics if the environment variable JITDEBUG_FAULT has this name.
func Point(string) {}
