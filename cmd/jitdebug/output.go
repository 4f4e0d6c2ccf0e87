// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/mattn/go-isatty"
)

var asJSON bool

// Colours, on a terminal.
var (
	heading = lipgloss.NewStyle().Bold(true)
	good    = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	bad     = lipgloss.NewStyle().Foreground(lipgloss.Color("1"))
	faint   = lipgloss.NewStyle().Faint(true)
)

// printJSON prints a value for programs.
func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// hexadecimal is an address in JSON, whose numbers do not have 64 bits everywhere.
type hexadecimal uint64

func (h hexadecimal) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%#x", uint64(h)), nil }

// printTable prints rows under headings.
func printTable(w io.Writer, headings []string, rows [][]string) {
	t := table.New().Headers(headings...).Rows(rows...).
		Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		BorderHeader(false).BorderColumn(false).BorderRow(false).
		StyleFunc(func(row, column int) lipgloss.Style {
			style := lipgloss.NewStyle()
			if column < len(headings)-1 {
				style = style.PaddingRight(2)
			}
			if row == table.HeaderRow {
				style = style.Inherit(heading)
			}
			return style
		})
	for line := range strings.Lines(t.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func yes(is bool) string {
	if is {
		return good.Render("yes")
	}
	return bad.Render("no")
}

// A progress is shown on a terminal, if the work takes long.
type progress struct {
	what  string
	since time.Time
	shown bool
}

func newProgress(what string) *progress { return &progress{what: what, since: time.Now()} }

func (p *progress) step(done, of int) {
	const patience = 500 * time.Millisecond
	if time.Since(p.since) > patience && isatty.IsTerminal(os.Stderr.Fd()) {
		p.since, p.shown = time.Now().Add(-patience+50*time.Millisecond), true
		fmt.Fprintf(os.Stderr, "\r%s %d of %d ", p.what, done, of)
	}
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
