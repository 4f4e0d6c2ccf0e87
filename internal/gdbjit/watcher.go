// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package gdbjit

import (
	"bytes"
	"syscall"
)

// A Watcher is who waits for changes of the list.
type Watcher int

const (
	Nobody Watcher = iota
	LLDB
	Other // gdb, or another debugger
)

var watcher Watcher

// Watching says who waits. It asks the system once, until nobody has waited for a
// while. With the lock held.
func Watching() Watcher {
	if !Watched() {
		watcher = Nobody
	} else if watcher == Nobody {
		watcher = Other
		if tracedByLLDB() {
			watcher = LLDB
		}
	}
	return watcher
}

func tracedByLLDB() bool {
	var buffer [2048]byte
	status := readFile("/proc/self/status", buffer[:])
	_, tracer, _ := bytes.Cut(status, []byte("\nTracerPid:\t"))
	tracer, _, _ = bytes.Cut(tracer, []byte("\n"))
	name := readFile("/proc/"+string(tracer)+"/comm", buffer[:])
	return bytes.HasPrefix(name, []byte("lldb"))
}

// readFile reads the beginning of a file, of which there may be nothing.
func readFile(path string, buffer []byte) []byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	n, _ := syscall.Read(fd, buffer)
	syscall.Close(fd)
	return buffer[:max(n, 0)]
}
