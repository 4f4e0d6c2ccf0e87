// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package tool

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestCompilersImages: what compilers write is read whole, in each of their forms, and what is
// taken from it is missed.
func TestCompilersImages(t *testing.T) {
	program := host.Compile(t, "testdata/host.c", host.Linked(t)...)
	source := filepath.Join(host.Root(t), "tests/ownpair/testdata/code.c")
	gcc, objcopy := host.Tool(t, "gcc"), host.Tool(t, "objcopy")
	for name, c := range map[string]struct {
		compile []string
		remove  []string
		line    bool
		want    string
	}{
		"-g":               {[]string{"-g"}, nil, true, ""},
		"DWARF 4":          {[]string{"-g", "-gdwarf-4"}, nil, true, ""},
		"compressed":       {[]string{"-g", "-gz=zlib"}, nil, true, ""},
		"zstd":             {[]string{"-g"}, []string{"--compress-debug-sections=zstd"}, true, ""},
		"-g0":              {[]string{"-g0"}, nil, false, ""},
		"-O2":              {[]string{"-O2", "-g"}, nil, true, ""},
		"symbols stripped": {[]string{"-g"}, []string{"--strip-all"}, false, "no-symbols"},
		"without a unit":   {[]string{"-g"}, []string{"--remove-section=.debug_info", "--remove-section=.debug_aranges"}, false, "lines-without-unit"},
		"without frames":   {[]string{"-g", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-O0"}, []string{"--remove-section=.debug_frame"}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := filepath.Join(t.TempDir(), "image")
			host.Run(t, time.Minute, gcc, append(append([]string{}, c.compile...), "-static", "-nostdlib", "-DNAME=ours",
				"-Wl,--entry=ours,-z,norelro,-Ttext-segment=0x200000000000,--build-id=none", "-o", image, source)...)
			if c.remove != nil {
				host.Run(t, time.Minute, objcopy, append(append([]string{}, c.remove...), image)...)
			}
			p := start(t, program, "image", image)
			if got := strings.Join(causes(t, p.pid), " "); got != c.want {
				output, _ := run(t, "check", p.pid)
				t.Errorf("causes %q, not %q:\n%s", got, c.want, output)
			}
			if c.want == "no-symbols" {
				return
			}
			f := list(t, p.pid).Pairs[0].Images[0].Functions
			if len(f) != 1 || f[0].Name != "ours" || (f[0].Line != 0) != c.line {
				t.Errorf("functions %+v", f)
			}
		})
	}
}
