package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Roots runs a test with the gdb of each other system whose root
// scripts/test-extended made. Its gdb starts in a copy of the directory, which is
// at /fixture there.
func Roots(t *testing.T, directory string, test func(t *testing.T, gdb func() *exec.Cmd)) {
	t.Helper()
	roots := filepath.SplitList(os.Getenv("JITDEBUG_ROOTS"))
	if len(roots) == 0 {
		t.Fatal("JITDEBUG_ROOTS names no roots (make test-extended makes them)")
	}
	for _, root := range roots {
		t.Run(filepath.Base(root), func(t *testing.T) {
			version := Run(t, time.Minute, "chroot", root, "gdb", "--version")
			t.Log(strings.SplitN(version, "\n", 2)[0])
			inside := filepath.Join(root, "fixture")
			Run(t, time.Minute, "rm", "-rf", inside)
			Run(t, time.Minute, "cp", "-r", directory, inside)
			test(t, func() *exec.Cmd {
				return exec.Command("chroot", root, "sh", "-c", `cd /fixture && exec gdb "$@"`, "gdb")
			})
		})
	}
}
