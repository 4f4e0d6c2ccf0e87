//go:build jitdebug_fault

// Package fault makes the library panic on purpose, in a build for tests (tag
// jitdebug_fault). In every other build it is nothing.
package fault

import "syscall"

// Point panics if the environment variable JITDEBUG_FAULT has this name.
func Point(name string) {
	if wanted, _ := syscall.Getenv("JITDEBUG_FAULT"); wanted == name {
		panic("on purpose, at " + name)
	}
}
