//go:build extended

package llvm

import (
	"os/exec"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// LLVM in the program, with the gdb of other systems, which lack the libraries
// that LLVM needs.
func TestOtherGDBs(t *testing.T) {
	f := build(t)
	f.linkStatically()
	host.Run(t, time.Minute, "sh", "-c", `
		cp "$(dirname "$1")"/libjitdebug*.so.1 "$0"
		ldd "$0/local" | awk '$3 ~ "^/" && $1 !~ "^(libc|libm|libjitdebug)[.]" { print $3 }' | xargs cp -t "$0"`,
		f.directory, host.Library(t))
	host.Roots(t, f.directory, func(t *testing.T, gdb func() *exec.Cmd) {
		for _, program := range []string{"local", "exported"} {
			session := gdb()
			session.Args = append(session.Args, "-nx", "-batch", "-iex", "set debuginfod enabled off",
				"-ex", "set environment LD_LIBRARY_PATH /fixture", "-ex", "break reached",
				"-ex", "run", "-ex", "backtrace", "-ex", "continue", "-ex", "backtrace", "-ex", "continue",
				"--args", "./"+program, "runtimes", "host.ll", "./plugin.so", "./copy.so", "5")
			output, err := host.Try(2*time.Minute, session)
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			host.InOrder(t, output, append(append(append([]string{}, callers...), callers...), "host: nothing was lost", "exited normally]")...)
		}
	})
}
