// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package compaction proves that functions share images unseen: that wherever a debugger
// stops or attaches, it finds each function that is registered, and none that is
// not, and that it has little to do.
package compaction

import (
	"fmt"
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

// TestEveryInstruction steps through calls, and reads all images after each
// instruction: while nobody watches, and while a debugger has its breakpoint in the
// hook.
func TestEveryInstruction(t *testing.T) {
	for _, watched := range []bool{false, true} {
		t.Run(fmt.Sprintf("watched %v", watched), func(t *testing.T) {
			runtime.LockOSThread() // of which the host is the tracee
			defer runtime.UnlockOSThread()
			p := start(t, true, "testdata/steps.c")
			r := newReader()
			share(t, p.pid())
			if calls := p.everyInstruction(r, watched); calls == 0 {
				t.Fatal("no calls")
			}
		})
	}
}

func (p *process) everyInstruction(r *reader, watched bool) (calls int) {
	p.t.Helper()
	p.resume(syscall.PtraceCont)
	if watched {
		p.breakpoint(p.plan.hook)
	}
	for p.resume(syscall.PtraceCont) {
		if watched && p.hits(p.plan.hook) {
			continue
		}
		var walked *walk
		steps, changes := 0, -1
		for ; p.plan.stepping != 0; steps++ {
			if walked == nil || !walked.again(p) {
				_, walked = r.check(p)
				changes++
			}
			if !p.resume(singleStep) {
				p.t.Fatal("the host ended")
			}
			if watched {
				p.hits(p.plan.hook)
			}
		}
		r.check(p)
		calls++
		p.t.Logf("%d instructions, %d changes of what is read", steps, changes)
	}
	return calls
}

// TestAttach has a debugger come at random instructions of a call, and go again at
// random in the middle of it or behind it: what it reads and what it is told then makes
// what is registered, and so does the list when it has gone.
func TestAttach(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := start(t, true, "testdata/attach.c")
	r := newReader()
	share(t, p.pid())
	p.resume(syscall.PtraceCont)
	r.code = p.plan.code
	random := rand.New(rand.NewPCG(1, 2))
	length, attached, left := 4000, 0, 0
	for p.resume(syscall.PtraceCont) {
		come, stay := random.IntN(length), 1+random.IntN(4)
		lldb := follower{r, map[uint64]section{}}
		steps, there := 0, false
		for ; p.plan.stepping != 0; steps++ {
			if steps == come {
				p.breakpoint(p.plan.hook)
				lldb.attach(p)
				there = true
				attached++
			}
			how := singleStep
			if there {
				how = syscall.PtraceCont // it is told of all that changes
			}
			if !p.resume(how) {
				t.Fatal("the host ended")
			}
			if there && p.hits(p.plan.hook) {
				lldb.told(p)
				if stay--; stay == 0 {
					p.unbreak(p.plan.hook)
					there = false
					left++
				}
			}
		}
		length = max(1000, steps)
		if there {
			lldb.check(p)
			lldb.exact(p)
			p.unbreak(p.plan.hook)
		}
		r.check(p)
	}
	t.Logf("attached %d times, and left in the middle %d times", attached, left)
	if attached < 100 || left < 20 {
		t.Error("too seldom")
	}
}

// TestLittleToDo counts what a debugger is told, and what it finds where it
// attaches. An image for each function would be 4096 images.
func TestLittleToDo(t *testing.T) {
	const (
		size = 32 // functions in an image, at least
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
					if n := len(entries); n > functions/size {
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
		if each > 2.2 || most > 8 {
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
