// Package compaction proves that merging is not seen: that wherever a debugger
// stops or attaches, it finds each function that is registered, and none that is
// not, and that it has little to do.
package compaction

import (
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestFunctionsOfBusyThreads stops threads that register and unregister functions at any
// time, and reads all images.
func TestFunctionsOfBusyThreads(t *testing.T) {
	p := start(t, false, "testdata/busy.c")
	r := newReader()
	const stops = 600
	most := 0
	for range stops {
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
		p.stop()
		entries, _ := r.check(p)
		most = max(most, len(entries))
		syscall.Kill(p.pid(), syscall.SIGCONT)
	}
	p.plan.finish = 1
	if err := p.command.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d stops in %d calls, %d images, at most %d at once", stops, p.plan.calls, len(r.known), most)
}

// stop stops all threads.
func (p *process) stop() {
	p.t.Helper()
	syscall.Kill(p.pid(), syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.pid(), &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		p.t.Fatalf("the host ended: %v, status %#x", err, status)
	}
}

// TestMergesAtEveryInstruction steps through calls that merge and divide, and walks the
// list after each instruction. What comes before an image is put on the list is
// left out: it takes long, and the list's head tells when it is over.
func TestMergesAtEveryInstruction(t *testing.T) {
	runtime.LockOSThread() // of which the host is the tracee
	defer runtime.UnlockOSThread()
	p := start(t, true, "testdata/steps.c")
	r := newReader()
	share(t, p.pid())
	calls := 0
	for p.resume(syscall.PtraceCont) {
		for ; p.plan.skip != 0; p.plan.skip-- {
			r.check(p)
			p.watch(p.plan.descriptor + 16)
			if !p.resume(syscall.PtraceCont) || p.plan.stepping == 0 {
				t.Fatal("the list's head does not change")
			}
			p.watch(0)
		}
		var walked *walk
		steps, changes := 0, -1
		for ; p.plan.stepping != 0; steps++ {
			if walked == nil || !walked.again(p) {
				_, walked = r.check(p)
				changes++
			}
			if !p.resume(singleStep) {
				t.Fatal("the host ended")
			}
		}
		r.check(p)
		calls++
		t.Logf("%d instructions, %d changes of what is walked", steps, changes)
	}
	if calls == 0 {
		t.Fatal("no calls")
	}
}

func (p *process) watch(address uint64) {
	p.t.Helper()
	if err := watch(p.pid(), address); err != nil {
		p.t.Fatal(err)
	}
}

// TestLittleToDo counts what a debugger is told, and what it finds where it
// attaches. An image for each function would be 4096 images.
func TestLittleToDo(t *testing.T) {
	const (
		merged = 24           // images in one
		some   = 2*merged + 1 // images that are not merged yet
		size   = merged * merged / 2
	)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := start(t, true, "testdata/many.c")
	r := newReader()
	share(t, p.pid())
	p.resume(syscall.PtraceCont)
	p.breakpoint(p.plan.hook) // as a debugger does
	r.code = p.plan.code
	lldb := follower{r, map[uint64]section{}}
	for _, what := range []string{"registered", "unregistered"} {
		first := p.plan.calls
		events, most, inCall, call := 0, 0, 0, first
		for p.resume(syscall.PtraceCont) && p.hits(p.plan.hook) {
			events++
			if p.plan.calls != call {
				inCall, call = 0, p.plan.calls
				if call%64 == 0 {
					lldb.check(p)
				}
				if call%512 == 0 {
					entries, _ := r.check(p)
					if n := len(entries); n > functions/size+some {
						t.Errorf("%d images", n)
					}
				}
			}
			lldb.told(p)
			inCall++
			most = max(most, inCall)
		}
		lldb.check(p)
		entries, _ := r.check(p)
		each := float64(events) / float64(p.plan.calls-first)
		t.Logf("%s %d: %d events, %.2f a function, at most %d in a call; %d images are left",
			what, p.plan.calls-first, events, each, most, len(entries))
		// Four where there is nothing between two images.
		if each > 3 || what == "registered" && each > 2.2 || most > 1+2*(merged+3) {
			t.Errorf("a debugger is told too often")
		}
	}
}

func singleStep(pid, _ int) error { return syscall.PtraceSingleStep(pid) }

// share puts this thread and the host on one processor, which saves most of the
// time that a step takes.
func share(t *testing.T, pid int) {
	t.Helper()
	set := [16]uint64{1}
	for _, who := range []int{0, pid} {
		if _, _, err := syscall.Syscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(who), unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set))); err != 0 {
			t.Fatal(err)
		}
	}
}

// resume lets the host go on until it stops, or returns false when it has ended
// well.
func (p *process) resume(how func(pid, signal int) error) bool {
	p.t.Helper()
	if err := how(p.pid(), 0); err != nil {
		p.t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.pid(), &status, 0, nil); err != nil {
		p.t.Fatal(err)
	}
	if status.Exited() && status.ExitStatus() == 0 {
		return false
	}
	if !status.Stopped() {
		p.t.Fatalf("status %#x", status)
	}
	return true
}
