// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

var draw = flag.Bool("draw", false, "draw docs/backtrace.svg anew")

// The picture at the top of README.md is of a session with gdb, twice: of the page's
// program with a library that does nothing, and with this one.
//
//	go test ./tests/readme -run TestPicture -draw
func TestPicture(t *testing.T) {
	readme, directory := read(t, "README.md"), t.TempDir()
	for _, b := range readme.blocks {
		if strings.Contains(b.label, ".") {
			if err := os.WriteFile(filepath.Join(directory, b.label), []byte(b.text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := filepath.Join(directory, "nothing.c")
	err := os.WriteFile(nothing, []byte(`int jitdebug_register_functions(void) { return 0; }
int jitdebug_unregister(void) { return 0; }
const char *jitdebug_last_error(void) { return ""; }
`), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	session := func(title string, commands []string, library ...string) []string {
		program := filepath.Join(directory, "jit")
		arguments := append([]string{"-g", "-I", filepath.Join(host.Root(t), "include"), "-o", program, filepath.Join(directory, "jit.c")}, library...)
		host.Run(t, limit, host.Tool(t, "gcc"), arguments...)
		output := host.GDB(t, append([]string{"cd " + directory, "break report", "run", "set trace-commands on"}, commands...), program)
		lines := []string{"# " + title}
		_, output, _ = strings.Cut(output, "\n+") // what is in front has to do with threads
		for line := range strings.Lines("+" + output) {
			line = strings.TrimRight(line, "\n")
			if command, found := strings.CutPrefix(line, "+"); found {
				line = "(gdb) " + command
			}
			lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(line, directory+"/", ""), "\t", "    "))
		}
		return lines
	}
	// gdb adds a line that is too long for a picture: why it does not go on.
	without := session("without libjitdebug", []string{"backtrace 5"}, nothing)
	with := session("with libjitdebug", []string{"backtrace", "frame 1"}, host.Linked(t)...)
	drawn := picture(without, with)

	const name = "docs/backtrace.svg"
	if *draw {
		if err := os.WriteFile(filepath.Join(host.Root(t), name), []byte(drawn), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	address := regexp.MustCompile(`0x[0-9a-f]+`)
	if have := contents(t, name); address.ReplaceAllString(have, "0x") != address.ReplaceAllString(drawn, "0x") {
		t.Errorf("%s does not show what gdb does (-draw draws it anew):\n%s", name, strings.Join(append(without, with...), "\n"))
	}
}

// Colors that can be read on the picture's own background, so that it does not matter
// what is around.
var marks = []struct {
	pattern *regexp.Regexp
	class   string
}{
	{regexp.MustCompile(`^# .*`), "title"},
	{regexp.MustCompile(`^\(gdb\) .*`), "typed"},
	{regexp.MustCompile(`^\?\?`), "lost"},
	{regexp.MustCompile(`^0x[0-9a-f]+`), "address"},
	{regexp.MustCompile(`^[a-z]+\.(c|toy):\d+`), "place"},
	{regexp.MustCompile(`^(report|square|\(program\)|main)\b`), "name"},
	{regexp.MustCompile(`^\(program\)`), "name"},
}

const style = `
    .window { fill: #1f2430; }
    .bar { fill: #2b3142; }
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d5dae6; white-space: pre; }
    .title { fill: #ffffff; font-weight: bold; }
    .typed { fill: #7fd1ff; }
    .lost { fill: #ff7b72; font-weight: bold; }
    .address { fill: #8b93a7; }
    .place { fill: #8ddb8c; }
    .name { fill: #ffd173; }
`

func picture(sessions ...[]string) string {
	const width, step, margin = 720, 21, 20
	var body strings.Builder
	y := 0
	for _, lines := range sessions {
		fmt.Fprintf(&body, "  <rect class=\"bar\" x=\"0\" y=\"%d\" width=\"%d\" height=\"30\"/>\n", y, width)
		y += step
		for i, line := range lines {
			line = strings.TrimRight(line, " ")
			fmt.Fprintf(&body, "  <text x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", margin, y, marked(line))
			if y += step; i == 0 {
				y += step / 2
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="A backtrace in gdb">
  <style>%s  </style>
  <clipPath id="round"><rect width="%d" height="%d" rx="8"/></clipPath>
  <g clip-path="url(#round)">
  <rect class="window" width="%d" height="%d"/>
%s  </g>
</svg>
`, width, y, width, y, style, width, y, width, y, body.String())
}

// marked is a line as SVG, each kind of thing in its color.
func marked(line string) string {
	var all strings.Builder
	plain := 0
	flush := func(end int) { all.WriteString(html.EscapeString(line[plain:end])) }
	for i := 0; i < len(line); {
		found := false
		for _, mark := range marks {
			word := mark.pattern.FindString(line[i:])
			if word == "" || (strings.HasPrefix(mark.pattern.String(), "^(") && i > 0 && line[i-1] != ' ') {
				continue
			}
			flush(i)
			fmt.Fprintf(&all, `<tspan class="%s">%s</tspan>`, mark.class, html.EscapeString(strings.TrimPrefix(word, "# ")))
			i += len(word)
			plain, found = i, true
			break
		}
		if !found {
			i++
		}
	}
	flush(len(line))
	return all.String()
}
