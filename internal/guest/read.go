// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package guest

import (
	"strings"
	"syscall"
	"unsafe"
)

// Read copies from an address through the kernel, which refuses what may not be read:
// memory that is not there, or not for reading, from one moment to the next. It says
// how much it read.
func Read(address uintptr, into []byte) int {
	n, errno := read(address, into)
	if errno == 0 || errno == syscall.EFAULT {
		return n
	}
	// A sandbox forbids to read so. Where it forbids to ask as well, nothing is read.
	for n < len(into) {
		at := address + uintptr(n)
		page := min(len(into)-n, int(pageSize-at%pageSize))
		if at < pageSize || ask(at>>pageShift) != syscall.EINVAL {
			break
		}
		n += copy(into[n:], unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), page))
	}
	return n
}

// Go never runs in a child of the process that it was started in.
var process = uintptr(syscall.Getpid())

func read(address uintptr, into []byte) (int, syscall.Errno) {
	if len(into) == 0 {
		return 0, 0
	}
	local := [2]uintptr{uintptr(unsafe.Pointer(&into[0])), uintptr(len(into))}
	remote := [2]uintptr{address, uintptr(len(into))}
	n, _, errno := syscall.RawSyscall6(processVMReadv, process,
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// ask has the kernel read the beginning of a page, without effect: the answer is
// syscall.EFAULT if it may not be read. With an impossible first argument rt_sigprocmask
// changes nothing, but it reads the new mask before it looks at that.
func ask(page uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, ^uintptr(0), page<<pageShift, 0, 8, 0, 0)
	return errno
}

var window [pageSize]byte // what Count looks at

// Count counts how often a pattern is in size bytes of memory, which need not be
// there. It says once where the kernel does not let the library look. Its caller
// holds a lock.
func Count(address, size uint64, pattern string) (count int) {
	for at, end := address, address+size; at < end; {
		n := min(end, (at|(pageSize-1))+1) - at
		_, errno := read(uintptr(at), window[:n])
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
