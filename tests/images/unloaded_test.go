// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// An .eh_frame at address 0 serves debuggers in the library's copy as in the image that
// was registered, and to who asks, that image is shown.
func TestFramesNotLoaded(t *testing.T) {
	program := host.Compile(t, "testdata/unloaded.c", host.Linked(t)...)
	output := host.GDB(t, []string{"break look", "run", "backtrace", "maintenance info sections -all-objects .eh_frame",
		"continue", "backtrace", "continue"}, program)
	host.InOrder(t, output, " in generated ()", " in main ", "0x00000000->", ": .eh_frame READONLY HAS_CONTENTS", " in generated ()", " in main ", "exited normally")
	output = host.LLDB(t, []string{"breakpoint set --name look", "run", "thread backtrace", "continue", "thread backtrace", "continue"}, program)
	host.InOrder(t, output, "`generated + ", "`main ", "`generated + ", "`main ", " exited with status = ")
	if !host.EndedInLLDB(output) {
		t.Errorf("the program does not end well in lldb:\n%s", output)
	}
}
