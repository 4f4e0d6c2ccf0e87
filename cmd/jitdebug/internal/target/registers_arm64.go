// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package target

import "golang.org/x/sys/unix"

// registers reads those of a thread that is stopped.
func registers(t *Thread) {
	var r unix.PtraceRegsArm64
	if unix.PtraceGetRegSetArm64(t.ID, 1, &r) == nil { // NT_PRSTATUS
		t.PC, t.Stack, t.FramePointer, t.Known = r.Pc, r.Sp, r.Regs[29], true
	}
}
