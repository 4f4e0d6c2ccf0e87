// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/check"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check TARGET [ADDRESS...]",
		Short: "Say why generated code is shown as ??, and what to do",
		Long: `Looks for whatever keeps debuggers from generated code: pairs that are not seen, lists that
are broken, images that cannot be read or say what is not so, code that nobody registered.
With addresses it explains those frames alone: what lies there, which image, section,
function, line and frame description a debugger finds, or which of them is missing.
The exit status is 1 if there is a finding.`,
		Example: "  jitdebug check 4711\n  jitdebug check core.4711 0x7ffff7fbe009",
		Args:    needs(1, -1, "a process or a core file"),
		RunE: func(c *cobra.Command, arguments []string) error {
			wanted, err := addresses(arguments[1:])
			if err != nil {
				return err
			}
			v, err := look(arguments[0])
			if err != nil {
				return err
			}
			defer v.Target.Close()
			if len(wanted) > 0 {
				return explain(c.OutOrStdout(), v, wanted)
			}
			p := newProgress("checking image")
			found := check.Sorted(check.All(v, p.step))
			p.end()
			if asJSON {
				err = printJSON(c.OutOrStdout(), checked(v, found))
			} else {
				printFindings(c.OutOrStdout(), found)
				printSummary(c.OutOrStdout(), v, found)
			}
			if err == nil && len(found) > 0 {
				err = errFindings
			}
			return err
		},
	}
}

type jsonFinding struct {
	Cause   check.Cause `json:"cause"`
	Where   string      `json:"where"`
	Address hexadecimal `json:"address,omitempty"`
	What    string      `json:"what"`
	Do      string      `json:"do"`
}

type jsonCheck struct {
	Target   string        `json:"target"`
	PID      int           `json:"pid,omitempty"`
	Whole    bool          `json:"consistent"`
	Findings []jsonFinding `json:"findings"`
}

func checked(v *view.View, found []check.Finding) jsonCheck {
	return jsonCheck{v.Target.Name, v.Target.PID, v.Whole, findingsJSON(found)}
}

func findingsJSON(found []check.Finding) []jsonFinding {
	all := []jsonFinding{}
	for _, f := range found {
		all = append(all, jsonFinding{f.Cause, f.Where, hexadecimal(f.Address), f.What, f.Do})
	}
	return all
}

// printFindings prints each, and what to do once for all of a cause; of very many of one
// cause the first.
func printFindings(w io.Writer, found []check.Finding) {
	const most = 20
	for i := 0; i < len(found); {
		f := found[i]
		end := i
		for end < len(found) && found[end].Cause == f.Cause {
			if end-i < most {
				fmt.Fprintf(w, "%s %s\n", bad.Render(string(f.Cause)+":"), cut(found[end].What, 2000))
			}
			end++
		}
		if end-i > most {
			fmt.Fprintf(w, "%s and %d more\n", bad.Render(string(f.Cause)+":"), end-i-most)
		}
		fmt.Fprintf(w, "  %s\n", faint.Render("what to do: "+f.Do))
		i = end
	}
}

func printSummary(w io.Writer, v *view.View, found []check.Finding) {
	images, functions := v.Images(), 0
	for _, im := range images {
		functions += len(im.Functions())
	}
	text := fmt.Sprintf("%s: %s, %s, %s: ", v.Target.Name, plural(len(v.Pairs), "pair"), plural(len(images), "image"), plural(functions, "function"))
	if len(found) == 0 {
		text += good.Render("no finding")
	} else {
		text += bad.Render(plural(len(found), "finding"))
	}
	fmt.Fprintln(w, text)
}

type jsonExplained struct {
	jsonPlace
	Memory   string        `json:"memory"`
	Section  string        `json:"section,omitempty"`
	GDB      *jsonReader   `json:"gdb,omitempty"`
	LLDB     *jsonReader   `json:"lldb,omitempty"`
	Frame    string        `json:"frame,omitempty"`
	Findings []jsonFinding `json:"findings"`
}

func explain(w io.Writer, v *view.View, wanted []uint64) error {
	well, all := true, []jsonExplained{}
	for i, address := range wanted {
		p := check.At(v, address)
		well = well && len(p.Findings) == 0
		j := jsonExplained{jsonPlace: lookup(v, address), Memory: p.Memory, Frame: p.Unwinds, Findings: findingsJSON(p.Findings)}
		if p.Section != nil {
			j.Section = p.Section.Name
		}
		if p.Image != nil {
			gdb, lldb := jsonReader(p.Image.Pair.GDB), jsonReader(p.Image.Pair.LLDB)
			j.GDB, j.LLDB = &gdb, &lldb
		}
		if asJSON {
			all = append(all, j)
			continue
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		printPlace(w, &p)
		printFindings(w, check.Sorted(p.Findings))
	}
	if asJSON {
		if err := printJSON(w, all); err != nil {
			return err
		}
	}
	if !well {
		return errFindings
	}
	return nil
}

func printPlace(w io.Writer, p *check.Place) {
	fmt.Fprintln(w, heading.Render(fmt.Sprintf("%#x", p.Address)))
	row := func(name, text string) { fmt.Fprintf(w, "  %-9s %s\n", name, printable(text)) }
	missing := func(name, text string) { fmt.Fprintf(w, "  %-9s %s\n", name, bad.Render(text)) }
	row("memory", p.Memory)
	im := p.Image
	if im == nil {
		missing("image", "none")
		return
	}
	row("image", fmt.Sprintf("%s, at %#x", check.Name(im), im.Address))
	row("read by", readers(im))
	if p.Section == nil {
		missing("section", "none")
		return
	}
	row("section", fmt.Sprintf("%s, %#x to %#x", p.Section.Name, p.Section.Start, p.Section.End))
	if f := p.Function; f == nil {
		missing("function", "none")
	} else {
		source := "its symbol"
		switch {
		case f.Symbol && f.Debug:
			source = "its symbol and debug information"
		case f.Debug:
			source = "debug information"
		}
		row("function", fmt.Sprintf("%s + %d, %#x to %#x, from %s", f.Name, p.Address-f.Start, f.Start, f.End, source))
	}
	if p.Line == nil {
		row("line", "none: source lines are not shown")
	} else {
		row("line", fmt.Sprintf("%s:%d", p.Line.File, p.Line.Line))
	}
	row("frame", p.Unwinds)
}

func readers(im *view.Image) string {
	switch gdb, lldb := im.Pair.GDB.Reads, im.Pair.LLDB.Reads; {
	case gdb && lldb:
		return "gdb and lldb"
	case gdb:
		return "gdb"
	case lldb:
		return "lldb"
	}
	return "no debugger"
}
