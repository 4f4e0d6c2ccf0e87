// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package house

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A graph is what each file uses.
type graph map[string]map[string]bool

func (g graph) add(from, to string) {
	if g[from] == nil {
		g[from] = map[string]bool{}
	}
	if from != to {
		g[from][to] = true
	}
}

// circle returns files of which each uses the next, and the last the first.
func (g graph) circle() []string {
	done := map[string]bool{}
	var way []string
	var walk func(string) []string
	walk = func(file string) []string {
		if i := slices.Index(way, file); i >= 0 {
			return append(way[i:], file)
		}
		if done[file] {
			return nil
		}
		way = append(way, file)
		for _, next := range slices.Sorted(maps.Keys(g[file])) {
			if circle := walk(next); circle != nil {
				return circle
			}
		}
		way = way[:len(way)-1]
		done[file] = true
		return nil
	}
	for _, file := range slices.Sorted(maps.Keys(g)) {
		if circle := walk(file); circle != nil {
			return circle
		}
	}
	return nil
}

func checkCircles(t *testing.T, g graph, edges int) {
	t.Helper()
	if circle := g.circle(); circle != nil {
		t.Errorf("a circle: %s", strings.Join(circle, " uses "))
	}
	total := 0
	for _, uses := range g {
		total += len(uses)
	}
	if total < edges {
		t.Errorf("only %d uses were seen: the test looks in the wrong place", total)
	}
}

func TestCircle(t *testing.T) {
	g := graph{}
	g.add("a", "b")
	g.add("b", "c")
	g.add("a", "c")
	if circle := g.circle(); circle != nil {
		t.Error(circle)
	}
	g.add("c", "b")
	if circle := g.circle(); !slices.Equal(circle, []string{"b", "c", "b"}) {
		t.Error(circle)
	}
}

func sources(t *testing.T, patterns ...string) (paths []string) {
	t.Helper()
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(host.Root(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return paths
}

func read(t *testing.T, path string) string {
	t.Helper()
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}

// TestNoCirclesInC: of two C files of the library at most one uses what the other
// defines, on whichever way. (Of Go's packages the compiler says so.)
func TestNoCirclesInC(t *testing.T) {
	defined, needed := map[string]string{}, map[string][]string{}
	for _, path := range sources(t, "*.c", "internal/*/*.c") {
		object := filepath.Join(t.TempDir(), "object.o")
		host.Run(t, time.Minute, host.Tool(t, "gcc"), "-std=gnu11", "-fPIC", "-c", "-o", object, path)
		for line := range strings.Lines(host.Run(t, time.Minute, host.Tool(t, "nm"), "--extern-only", object)) {
			fields := strings.Fields(line)
			switch kind, name := fields[len(fields)-2], fields[len(fields)-1]; {
			case strings.ContainsAny(kind, "TDBRVW") && len(fields) == 3:
				defined[name] = path
			default:
				needed[path] = append(needed[path], name)
			}
		}
	}
	g := graph{}
	for path, names := range needed {
		for _, name := range names {
			if definer := defined[name]; definer != "" {
				g.add(path, definer)
			}
		}
	}
	checkCircles(t, g, 5)
}

// TestNoCirclesInRust: likewise of the modules of a crate.
func TestNoCirclesInRust(t *testing.T) {
	g := graph{}
	comment := regexp.MustCompile(`(?m)//.*$`)
	used := regexp.MustCompile(`\b(?:crate|super)::(?:\{([^}]*)\}|(\w+))`)
	word := regexp.MustCompile(`\w+`)
	paths := sources(t, "bindings/rust/*/src/*.rs", "bench/src/*.rs")
	for _, path := range paths {
		for _, match := range used.FindAllStringSubmatch(comment.ReplaceAllString(read(t, path), ""), -1) {
			for _, name := range word.FindAllString(match[1]+match[2], -1) {
				if module := filepath.Join(filepath.Dir(path), name+".rs"); slices.Contains(paths, module) {
					g.add(path, module)
				}
			}
		}
	}
	checkCircles(t, g, 10)
}
