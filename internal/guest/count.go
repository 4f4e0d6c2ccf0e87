package guest

import (
	"strings"
	"syscall"
	"unsafe"
)

var window [pageSize]byte // what Count looks at

// Count counts how often a pattern is in size bytes of memory, which need not be
// there. It says once where the kernel does not let the library look. Its caller
// holds a lock.
func Count(address, size uint64, pattern string) (count int) {
	for at, end := address, address+size; at < end; {
		n := min(end, (at|(pageSize-1))+1) - at
		local := [2]uint64{uint64(uintptr(unsafe.Pointer(&window))), n}
		remote := [2]uint64{at, n}
		_, _, errno := syscall.RawSyscall6(processVMReadv, uintptr(syscall.Getpid()),
			uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
		if errno == syscall.EFAULT {
			return count
		}
		if errno != 0 {
			return count + 1
		}
		count += strings.Count(unsafe.String(&window[0], n), pattern)
		at += n
	}
	return count
}
