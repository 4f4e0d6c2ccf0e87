package guest

import (
	"strings"
	"syscall"
	"unsafe"
)

var window [pageSize]byte // what Holds looks at

// Holds says whether a pattern is somewhere in size bytes of memory, which need not
// be there. It says so too where the kernel does not let the library look. Its
// caller holds a lock.
func Holds(address, size uint64, pattern string) bool {
	for at, end := address, address+size; at < end; {
		n := min(end, (at|(pageSize-1))+1) - at
		local := [2]uint64{uint64(uintptr(unsafe.Pointer(&window))), n}
		remote := [2]uint64{at, n}
		_, _, errno := syscall.RawSyscall6(processVMReadv, uintptr(syscall.Getpid()),
			uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
		if errno != 0 {
			return errno != syscall.EFAULT
		}
		if strings.Contains(unsafe.String(&window[0], n), pattern) {
			return true
		}
		at += n
	}
	return false
}
