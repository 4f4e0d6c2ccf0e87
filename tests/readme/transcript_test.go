// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A command is one that a reader types: into a shell, with what is then typed into the
// debugger that it starts, and the lines that come out, the debugger's prompts
// among them.
type command struct {
	where string
	shell string
	typed []string
	want  []string
	fails bool
}

// commands reads the blocks sh and console.
func (b block) commands(p page) []command {
	var all []command
	start := func(line int, shell string) {
		all = append(all, command{where: fmt.Sprintf("%s:%d", p.name, line), shell: shell})
	}
	continued := false
	line := b.line - 1
	for text := range strings.Lines(b.text) {
		line++
		text = strings.TrimRight(text, "\n")
		switch shell, prompt := strings.CutPrefix(text, "$ "); {
		case continued:
			all[len(all)-1].shell += "\n" + text
		case prompt:
			start(line, shell)
		case b.language == "sh":
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			start(line, text)
		default:
			last := &all[len(all)-1] // a console begins with a prompt
			last.want = append(last.want, text)
			if typed, found := debuggerPrompt(text); found {
				last.typed = append(last.typed, typed)
			}
			continue
		}
		continued = strings.HasSuffix(text, `\`)
	}
	if b.label == "fails" {
		all[len(all)-1].fails = true
	}
	return all
}

func debuggerPrompt(text string) (typed string, found bool) {
	for _, prompt := range []string{"(gdb) ", "(lldb) "} {
		if typed, found = strings.CutPrefix(text, prompt); found {
			return typed, true
		}
	}
	return "", false
}

// mark begins a line of its own between what two commands print.
const mark = "\x01"

// follow types what a page says from top to bottom, into one shell.
func (r reader) follow(p page) {
	r.t.Helper()
	var script strings.Builder
	var all []command
	for number, b := range p.blocks {
		switch {
		case b.language == "sh" || b.language == "console":
			for _, c := range b.commands(p) {
				input := "/dev/null"
				if len(c.typed) > 0 {
					input = fmt.Sprintf("../session-%d", len(all))
					r.write(input, strings.Join(c.typed, "\n")+"\n")
					input = "'" + r.path(input) + "'"
				}
				fmt.Fprintf(&script, "{ %s\n} <%s\nprintf '\\n%s%%d\\n' $?\n", c.shell, input, mark)
				all = append(all, c)
			}
		case b.language == "diff":
			name := fmt.Sprintf("../change-%d", number)
			r.write(name, b.text)
			fmt.Fprintf(&script, "patch --quiet '%s' '%s' || exit\n", b.label, r.path(name))
		case strings.Contains(b.label, "."):
			name := fmt.Sprintf("../file-%d", number)
			r.write(name, b.text)
			fmt.Fprintf(&script, "mkdir -p \"$(dirname '%s')\" && cp '%s' '%s'\n", b.label, r.path(name), b.label)
		}
	}
	r.write("../script", script.String())
	shell := exec.Command("/bin/bash", r.path("../script"))
	shell.Dir, shell.Env = r.directory, r.env
	output, err := host.Try(limit, shell)
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", p.name, err, output)
	}
	parts := strings.Split(output, mark)
	if len(parts) != len(all)+1 {
		r.t.Fatalf("%s: %d of %d commands were carried out:\n%s", p.name, len(parts)-1, len(all), output)
	}
	for i, c := range all {
		printed := parts[i]
		if i > 0 {
			_, printed, _ = strings.Cut(printed, "\n")
		}
		status, _, _ := strings.Cut(parts[i+1], "\n")
		if (status != "0") != c.fails {
			r.t.Errorf("%s: %s ends with %s\n%s", c.where, c.shell, status, printed)
		}
		c.shown(r.t, printed)
	}
}

// shown fails unless each line that a page shows came out, in this order. There may
// be others between, but no frames: those have numbers.
func (c command) shown(t *testing.T, output string) {
	t.Helper()
	have := strings.Split(echoed(output), "\n")
	for _, want := range c.want {
		if strings.TrimSpace(want) == "" {
			continue
		}
		pattern := patternOf(want)
		found := false
		for !found && len(have) > 0 {
			found = pattern.MatchString(spaces(have[0]))
			have = have[1:]
		}
		if !found {
			t.Errorf("%s: %s\ndoes not print, or not in its place, %s\nbut\n%s", c.where, c.shell, want, echoed(output))
			return
		}
	}
}

// echoed undoes how gdb repeats its commands.
func echoed(output string) string { return strings.ReplaceAll(output, "(gdb) +", "(gdb) ") }

// spaces makes one space of many, and of tabs.
func spaces(line string) string { return strings.Join(strings.Fields(line), " ") }

var differs = regexp.MustCompile(`0x[0-9a-f]+|(process|Process|LWP|thread) \d+|\.\.\.`)

// patternOf a line of a page: an address stands for any, as does a process, and "..."
// for everything.
func patternOf(line string) *regexp.Regexp {
	var pattern strings.Builder
	line = spaces(line)
	for line != "" {
		at := differs.FindStringIndex(line)
		if at == nil {
			at = []int{len(line), len(line)}
		}
		pattern.WriteString(regexp.QuoteMeta(line[:at[0]]))
		switch text := line[at[0]:at[1]]; {
		case text == "...":
			pattern.WriteString(".*")
		case strings.HasPrefix(text, "0x"):
			pattern.WriteString("0x[0-9a-f]+")
		case text != "":
			word, _, _ := strings.Cut(text, " ")
			pattern.WriteString(word + ` \d+`)
		}
		line = line[at[1]:]
	}
	return regexp.MustCompile("^" + pattern.String() + "$")
}
