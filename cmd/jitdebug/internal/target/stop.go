// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package target

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a thread may take to stop: one that waits in the kernel for a
// device, or for a child of vfork, does not.
const patience = time.Second

// errTraced is returned where somebody else has stopped the process.
var errTraced = errors.New("it is under a debugger already, or may not be traced")

// A hold is a stop of threads: PTRACE_SEIZE, of which they and their parent see nothing. All
// of it is done by one thread of ours, as the kernel demands.
type hold struct {
	signals map[int]int // those that were on their way when the thread stopped
}

// stop stops every thread, those too that are made meanwhile.
func (p *process) stop() (resume func(), err error) {
	stopped, release, done := make(chan error), make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		h := hold{map[int]int{}}
		defer h.release()
		for {
			before := len(h.signals)
			if err := h.take(p.tasks()); err != nil {
				stopped <- err
				return
			}
			if len(h.signals) == before {
				break
			}
		}
		stopped <- nil
		<-release
	}()
	if err := <-stopped; err != nil {
		<-done
		return nil, err
	}
	return func() { close(release); <-done }, nil
}

// whileStopped calls look while threads are stopped.
func whileStopped(ids []int, look func()) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		h := hold{map[int]int{}}
		err := h.take(ids)
		if err == nil {
			look()
		}
		h.release()
		result <- err
	}()
	return <-result
}

// take stops threads that are not stopped yet. One that ends meanwhile is none.
func (h *hold) take(ids []int) error {
	var taken []int
	for _, id := range ids {
		if _, there := h.signals[id]; there {
			continue
		}
		err := unix.PtraceSeize(id)
		if errors.Is(err, unix.ESRCH) {
			continue
		} else if err != nil {
			return fmt.Errorf("%w (%v)", errTraced, err)
		}
		h.signals[id] = 0
		taken = append(taken, id)
		if err := unix.PtraceInterrupt(id); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	until := time.Now().Add(patience)
	for _, id := range taken {
		for {
			var status unix.WaitStatus
			got, err := unix.Wait4(id, &status, unix.WALL|unix.WNOHANG, nil)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || got == id && (status.Exited() || status.Signaled()) {
				delete(h.signals, id)
				break
			}
			if got == id && status.Stopped() {
				if int(status)>>16 != unix.PTRACE_EVENT_STOP {
					h.signals[id] = int(status.StopSignal())
				}
				break
			}
			if time.Now().After(until) {
				return fmt.Errorf("thread %d does not stop: it waits in the kernel", id)
			}
			time.Sleep(20 * time.Microsecond)
		}
	}
	return nil
}

func (h *hold) release() {
	for id, signal := range h.signals {
		// What PtraceDetach of the package cannot pass on.
		unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(id), 0, uintptr(signal), 0, 0)
	}
}
