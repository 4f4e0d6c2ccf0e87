// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build !linux

package gdbjit

import "sync"

var lock sync.Mutex

// Lock takes the lock over the list. Add, Remove and Image need it; it is held
// over the notification, so that a debugger sees one change at a time.
func Lock() { lock.Lock() }

// TryLock takes the lock if nobody holds it, and says whether it did.
func TryLock() bool { return lock.TryLock() }

// Unlock gives the lock back.
func Unlock() { lock.Unlock() }
