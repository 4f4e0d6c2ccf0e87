// Package images shows the images that libjitdebug accepts to real debuggers.
package images

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/object"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestGDBReadsRealImages: what the checks are measured against. gdb reads all of
// these without a word.
func TestGDBReadsRealImages(t *testing.T) {
	images := append(samples.Small(), samples.Compiled(t)...)
	for _, complaint := range gdb(t, append(images, samples.Rust(t)...)) {
		t.Error(complaint)
	}
}

// TestGDBReadsAcceptedMutants shows gdb mutants of real images that the checks
// let pass. JITDEBUG_SEED and JITDEBUG_MUTANTS choose others, or more of them.
func TestGDBReadsAcceptedMutants(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	for _, complaint := range gdb(t, accepted(t, seed, number("JITDEBUG_MUTANTS", 600))) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// TestLLDBReadsAcceptedMutants shows some to lldb, which says nothing about bad
// images, but may crash over them or eat up memory.
func TestLLDBReadsAcceptedMutants(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	images := append(samples.Small(), accepted(t, seed, number("JITDEBUG_MUTANTS", 200))...)
	host, list, _ := lay(t, images)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -c 0; ulimit -v 6000000; exec lldb-22 -x -b -s testdata/look.lldb -- "$@"`, "sh", host, list)
	out, err := cmd.CombinedOutput()
	text := string(out)
	if err != nil || !strings.Contains(text, "all images registered") || strings.Contains(text, "PLEASE submit a bug report") {
		at := strings.LastIndex(text, "image /")
		t.Errorf("seed %d: lldb or the process did not run to the end: %v\n%s", seed, err, text[max(at, 0):])
	}
	if n := strings.Count(text, "resuming"); n < len(images) {
		t.Errorf("seed %d: lldb looked at %d of %d images:\n%s", seed, n, len(images), text)
	}
}

// accepted are mutants of real images that the checks let pass. Compressed ones
// are left out: whether their bytes can be inflated is not checked.
func accepted(t *testing.T, seed, count uint64) []samples.Image {
	r := rand.New(rand.NewPCG(seed, 0))
	originals := slices.DeleteFunc(append(samples.Small(), samples.Compiled(t)...), func(image samples.Image) bool {
		return strings.Contains(image.Name, "zlib")
	})
	return samples.Accepted(r, originals, int(count), symfile.Check, nil)
}

// TestGDBReadsPlacedObjects shows gdb what jitdebug_register_object makes of
// objects, and of mutants of them that the checks let pass.
func TestGDBReadsPlacedObjects(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	r := rand.New(rand.NewPCG(seed, 1))
	objects := append(samples.Compiled(t), samples.Image{Name: "gcc-zlib", Data: samples.RelocatedCompressed(t)})
	var images []samples.Image
	for _, o := range objects {
		if image, err := placed(o.Data, ^uint64(0)); err == nil {
			images = append(images, samples.Image{Name: o.Name, Data: image})
		}
	}
	if len(images) < 20 {
		t.Fatalf("only %d objects", len(images))
	}
	for wanted := len(images) + int(number("JITDEBUG_MUTANTS", 300)); len(images) < wanted; {
		o := objects[r.IntN(len(objects))]
		image, err := placed(samples.Mutate(r, o.Data), r.Uint64()|r.Uint64())
		if err == nil && symfile.Check(image) == nil {
			images = append(images, samples.Image{Name: o.Name + "-mutant", Data: image})
		}
	}
	for _, complaint := range gdb(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// placed is the image of an object of which the sections whose number has a bit in
// with were loaded.
func placed(o []byte, with uint64) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(o))
	if err != nil {
		return nil, err
	}
	var placements []object.Placement
	at := uint64(0x300000000000)
	for i, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && with>>(i%64)&1 != 0 {
			placements = append(placements, object.Placement{Index: uint32(i), Address: at})
			at += (s.Size + 63) &^ 63
		}
	}
	header, err := symfile.Open(o, machine.Host)
	if err != nil {
		return nil, err
	}
	return object.Place(header, placements, func(size uint64) []byte { return make([]byte, size) })
}

// lay puts the host, images and a list of them into a folder.
func lay(t *testing.T, images []samples.Image) (host, list string, paths []string) {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("JITDEBUG_KEEP"); keep != "" {
		dir = keep
	}
	host, list = filepath.Join(dir, "host"), filepath.Join(dir, "list")
	if out, err := exec.Command("gcc", "-g", "-O1", "-o", host, "testdata/host.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	for i, image := range images {
		path := filepath.Join(dir, fmt.Sprintf("%d-%s", i, image.Name))
		if err := os.WriteFile(path, image.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	write(t, list, paths)
	return host, list, paths
}

// write writes a list of images.
func write(t *testing.T, list string, paths []string) {
	t.Helper()
	if err := os.WriteFile(list, []byte(strings.Join(paths, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// gdb registers images in a process under gdb and has gdb read all of them. It
// returns what gdb had to complain about.
func gdb(t *testing.T, images []samples.Image) (complaints []string) {
	t.Helper()
	host, list, paths := lay(t, images)
	for len(paths) > 0 {
		write(t, list, paths)
		found, shown, ended := session(t, host, list)
		complaints = append(complaints, found...)
		if ended && shown == len(paths) {
			break
		}
		// An image ended gdb: go on with the next one.
		complaints = append(complaints, fmt.Sprintf("%s: gdb did not live to see the next image", filepath.Base(paths[max(shown, 1)-1])))
		paths = paths[max(shown, 1):]
	}
	return complaints
}

// session is one run of gdb. It returns what gdb had to complain about, how many
// images it was shown, and whether the process ran to its end.
func session(t *testing.T, host, list string) (complaints []string, shown int, ended bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -c 0; exec gdb -nx -batch -ex "source testdata/look.py" --args "$@"`, "sh", host, list)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	image, command := "no image", ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "image "); ok {
			image = filepath.Base(name)
			shown++
		} else if name, ok := strings.CutPrefix(line, "command "); ok {
			command = name
		} else if line == "all images registered" {
			ended = err == nil
		} else if !tolerated(line) && (complains(line) || (command == "run" || command == "continue") && !expected(line)) {
			complaints = append(complaints, fmt.Sprintf("%s: at %q gdb says: %s", image, command, line))
		}
	}
	if shown == 0 {
		t.Fatalf("gdb showed no image: %v\n%s", err, out)
	}
	return complaints, shown, ended
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
		// The source, which is not looked for.
		": No such file or directory",
		// The frames of the host, which a compiler described.
		"incomplete CFI data; unspecified registers",
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
	for _, prefix := range []string{"Breakpoint 1", "[Thread debugging", "Using host libthread_db", "[Inferior 1 "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	// Where the host stopped, if a complaint was in the middle of that.
	if strings.Contains(line, ") at testdata/host.c:") {
		return true
	}
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
