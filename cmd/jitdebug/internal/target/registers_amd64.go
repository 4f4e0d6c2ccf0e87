// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package target

import "golang.org/x/sys/unix"

// registers reads those of a thread that is stopped.
func registers(t *Thread) {
	var r unix.PtraceRegs
	if unix.PtraceGetRegs(t.ID, &r) == nil {
		t.PC, t.Stack, t.FramePointer, t.Known = r.Rip, r.Rsp, r.Rbp, true
	}
}
