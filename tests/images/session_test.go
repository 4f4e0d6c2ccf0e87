// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// patience is how long a debugger may take for one command.
const patience = time.Minute

// memory is how much of it a debugger may take, in KiB.
const memory = 6 << 20

// A debugger is a script that has a debugger look at images, and what it says about
// bad ones.
type debugger struct {
	name    string
	command string // of the shell; $1 is the host
	judge   func(image, command, line string) string
}

var gdb = debugger{"gdb", `exec gdb -nx -batch -ex "source testdata/look.py" --args "$1" "$JITDEBUG_LIST"`, complaint}
var lldb = debugger{"lldb", `exec lldb-22 -x -b -o "command script import testdata/look_lldb.py" -- "$1"`,
	func(image, command, line string) string {
		if strings.HasPrefix(line, "Traceback ") {
			return line
		}
		return ""
	}}

// show has a debugger read images. It returns what it had to complain about.
func (d *debugger) show(t *testing.T, images []samples.Image) (complaints []string) {
	t.Helper()
	s := d.lay(t, images)
	for at := 0; at < len(s.lines); {
		shown := s.run(t, s.lines[at:])
		complaints = append(complaints, shown.complaints...)
		at += shown.count
		if shown.end == "" {
			break
		}
		if found := os.Getenv("JITDEBUG_FOUND"); found != "" {
			s.keep(t, s.lines[at-1], found)
		}
		// An image ended the debugger, or one before it did: go on with the next.
		if culprits := s.bisect(t, s.lines[:at]); culprits != "" {
			complaints = append(complaints, culprits)
		} else {
			complaints = append(complaints, fmt.Sprintf("%s: %s %s, but not once more", s.lines[at-1], d.name, shown.end))
		}
	}
	return complaints
}

// A session is a host and images for it.
type session struct {
	*debugger
	host, list string
	lines      []string // of the list: a path, and addresses in its code
}

// lay puts the host, images and a list of them into a folder.
func (d *debugger) lay(t *testing.T, images []samples.Image) *session {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("JITDEBUG_KEEP"); keep != "" {
		dir = keep
	}
	s := &session{debugger: d, host: filepath.Join(dir, "host"), list: filepath.Join(dir, "list")}
	if out, err := exec.Command("gcc", "-g", "-O1", "-o", s.host, "testdata/host.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	for i, image := range images {
		path := filepath.Join(dir, fmt.Sprintf("%d-%s", i, image.Name))
		if err := os.WriteFile(path, image.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		s.lines = append(s.lines, path+addresses(image.Data))
	}
	return s
}

// keep copies an image into a folder.
func (s *session) keep(t *testing.T, line, folder string) {
	path, _, _ := strings.Cut(line, " ")
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), data, 0o666)
	}
	if err != nil {
		t.Error(err)
	}
}

// addresses are some in an image's code, as they stand in a list.
func addresses(image []byte) (text string) {
	elf.Code(elf.Sections(image), func(address, size uint64) bool {
		for _, at := range []uint64{0, 4, size / 2} {
			if address != 0 && at < size {
				text += fmt.Sprintf(" %#x", address+at)
			}
		}
		return len(text) < 120
	})
	return text
}

// shown is what became of one run of a debugger.
type shown struct {
	count      int // of images that it saw the start of
	complaints []string
	end        string // "" if it ran to the end, or how it ended
}

// run is one run of a debugger.
func (s *session) run(t *testing.T, lines []string) (result shown) {
	t.Helper()
	if err := os.WriteFile(s.list, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -c 0; ulimit -v %d; %s", memory, s.command), "sh", s.host)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "JITDEBUG_LIST="+s.list)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := false
	watch := time.AfterFunc(2*patience, func() {
		hung = true
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	image, command, ended, crashed := "no image", "", false, false
	var tail []string
	reader := bufio.NewReaderSize(output, 1<<20)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		watch.Reset(patience)
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "image "); ok {
			path, _, _ := strings.Cut(name, " ")
			image, command = filepath.Base(path), "continue"
			result.count++
		} else if name, ok := strings.CutPrefix(line, "command "); ok {
			command = name
		} else if line == "all images registered" {
			ended = true
		} else if crashed = crashed || strings.Contains(line, "Fatal signal") || strings.Contains(line, "PLEASE submit a bug report"); crashed {
			// The rest is where in its code the debugger was.
		} else if text := s.judge(image, command, line); text != "" {
			result.complaints = append(result.complaints, fmt.Sprintf("%s: at %q %s says: %s", image, command, s.name, text))
		}
		if tail = append(tail, line); len(tail) > 30 {
			tail = tail[1:]
		}
	}
	err = cmd.Wait()
	watch.Stop()
	if result.count == 0 {
		t.Fatalf("%s showed no image: %v\n%s", s.name, err, strings.Join(tail, "\n"))
	}
	switch {
	case hung:
		result.end = fmt.Sprintf("hung at %q", command)
	case err != nil || !ended:
		result.end = fmt.Sprintf("did not live to see the next image (%v), at %q", err, command)
	}
	return result
}

// bisect finds the fewest of the last images that end the debugger.
func (s *session) bisect(t *testing.T, lines []string) string {
	t.Helper()
	for n := 1; ; n *= 2 {
		n = min(n, len(lines), 64)
		if shown := s.run(t, lines[len(lines)-n:]); shown.end != "" {
			last := lines[len(lines)-n+shown.count-1]
			path, _, _ := strings.Cut(last, " ")
			return fmt.Sprintf("%s (with %d before it): %s %s", filepath.Base(path), shown.count-1, s.name, shown.end)
		}
		if n == min(len(lines), 64) {
			return ""
		}
	}
}

// complaint is what there is to say about a line of gdb's.
func complaint(image, command, line string) string {
	if !tolerated(line) && (complains(line) || command == "continue" && !expected(line)) {
		return line
	}
	return ""
}

// tolerated says whether gdb warns of what an image says, rather than of how it
// is written: nobody but a debugger that compares all of it could tell.
func tolerated(line string) bool {
	for _, part := range []string{
		// Two parts of the DWARF say different things about an address.
		"in read in CU, but not in symtab.)",
		"in address map, but not in symtab.)",
		// A name that is not in gdb's character set.
		"from the host encoding",
		"charset conversion failure",
		// Sections were placed and the segments were not, or the other way round.
		"outside of ELF segments",
		"in <in-memory@",
		// The source, which is not looked for, and the rest of split debug information.
		"Could not find DWO CU",
		": No such file or directory",
		// Registers of which a frame's description says nothing, or that are as before.
		"incomplete CFI data",
		// Registers that the machine has, and gdb knows nothing of.
		"bad DWARF register number",
		// A breakpoint whose code has gone.
		"Error in re-setting breakpoint",
	} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// complains says whether a line is of the kind that gdb prints when it is not
// happy with an image, among what a command prints.
func complains(line string) bool {
	for _, start := range []string{"aborted: ", "warning: ", "BFD: ", "Dwarf Error", "DWARF Error", "During symbol reading", "Error in ", "Traceback "} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return strings.Contains(line, "internal-error")
}

// expected says whether a line is what gdb prints when all is well.
func expected(line string) bool {
	for _, prefix := range []string{"Continuing.", "Breakpoint 2", "[Thread debugging", "Using host libthread_db", "[Inferior 1 "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	// Where the host stopped, if a complaint was in the middle of that.
	if strings.Contains(line, ") at testdata/host.c:") {
		return true
	}
	number, _, _ := strings.Cut(line, "\t")
	return line == "" || strings.Trim(number, "0123456789") == ""
}
