// Package images shows the images that libjitdebug accepts to real debuggers.
package images

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/internal/symfile/samples"
)

// TestGDBReadsAcceptedMutants shows gdb mutants of real images that the checks
// let pass. JITDEBUG_SEED and JITDEBUG_MUTANTS choose others, or more of them.
func TestGDBReadsAcceptedMutants(t *testing.T) {
	seed, count := number("JITDEBUG_SEED", 1), number("JITDEBUG_MUTANTS", 400)
	r := rand.New(rand.NewPCG(seed, 0))
	originals := append(samples.Small(), samples.Compiled(t)...)
	mutants := samples.Accepted(r, originals, int(count), symfile.Check, nil)
	for _, complaint := range gdb(t, mutants) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// gdb registers images in a process under gdb and has gdb read all of them. It
// returns what gdb had to complain about.
func gdb(t *testing.T, images []samples.Image) []string {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("JITDEBUG_KEEP"); keep != "" {
		dir = keep
	}
	host, list := filepath.Join(dir, "host"), filepath.Join(dir, "list")
	if out, err := exec.Command("gcc", "-g", "-O1", "-o", host, "testdata/host.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	var names bytes.Buffer
	for i, image := range images {
		name := filepath.Join(dir, fmt.Sprintf("%d-%s", i, image.Name))
		if err := os.WriteFile(name, image.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&names, name)
	}
	if err := os.WriteFile(list, names.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -c 0; exec gdb -nx -batch -ex "source testdata/look.py" --args "$@"`, "sh", host, list)
	out, err := cmd.CombinedOutput()

	var complaints []string
	image, command, ended := "no image", "", false
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "image "); ok {
			image = filepath.Base(name)
		} else if name, ok := strings.CutPrefix(line, "command "); ok {
			command = name
		} else if line == "all images registered" {
			ended = true
		} else if complains(line) || (command == "run" || command == "continue") && !expected(line) {
			complaints = append(complaints, fmt.Sprintf("%s: at %q gdb says: %s", image, command, line))
		}
	}
	if err != nil || !ended {
		complaints = append(complaints, fmt.Sprintf("%s: gdb or the process did not run to the end: %v", image, err))
	}
	return complaints
}

// complains says whether a line is of the kind that gdb prints when it is not
// happy with an image, among what a command prints.
func complains(line string) bool {
	for _, start := range []string{"aborted: ", "warning: ", "BFD: ", "Dwarf Error", "DWARF Error", "During symbol reading", "Error in ", "Traceback "} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return strings.Contains(line, "internal-error") || strings.Contains(line, "(Error: ") || strings.Contains(line, "(Internal error: ")
}

// expected says whether a line is what gdb prints when all is well.
func expected(line string) bool {
	for _, prefix := range []string{"Breakpoint 1", "[Thread debugging", "Using host libthread_db", "[Inferior 1 "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	// The source line where the host stopped.
	number, _, _ := strings.Cut(line, "\t")
	_, err := strconv.Atoi(number)
	return line == "" || err == nil
}

// number is an environment variable's value.
func number(name string, otherwise uint64) uint64 {
	if v, err := strconv.ParseUint(os.Getenv(name), 0, 64); err == nil {
		return v
	}
	return otherwise
}
