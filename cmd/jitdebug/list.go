// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/pair"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

func listCommand() *cobra.Command {
	functions := false
	command := &cobra.Command{
		Use:   "list TARGET",
		Short: "List what is registered, and which debugger sees it",
		Long: `Lists the pairs of symbols by which debuggers find generated code, one for each library or
program that has them; whether gdb and lldb read each; and the images on their lists.`,
		Example: "  jitdebug list 4711\n  jitdebug list --functions core.4711",
		Args:    needs(1, 1, "a process or a core file"),
		RunE: func(c *cobra.Command, arguments []string) error {
			v, err := look(arguments[0])
			if err != nil {
				return err
			}
			defer v.Target.Close()
			if asJSON {
				return printJSON(c.OutOrStdout(), listed(v))
			}
			printList(c.OutOrStdout(), v, functions)
			return nil
		},
	}
	command.Flags().BoolVarP(&functions, "functions", "f", false, "every function, too")
	return command
}

// What JSON has of a view.
type (
	jsonView struct {
		Target string     `json:"target"`
		PID    int        `json:"pid,omitempty"`
		Whole  bool       `json:"consistent"`
		Pairs  []jsonPair `json:"pairs"`
	}
	jsonPair struct {
		Module     string      `json:"module"`
		Path       string      `json:"path"`
		Program    bool        `json:"program"`
		Namespace  int         `json:"namespace"`
		Descriptor hexadecimal `json:"descriptor"`
		Hook       hexadecimal `json:"hook"`
		Global     bool        `json:"global"`
		Table      string      `json:"symbol_table,omitempty"`
		Version    uint32      `json:"version"`
		GDB        jsonReader  `json:"gdb"`
		LLDB       jsonReader  `json:"lldb"`
		Images     []jsonImage `json:"images"`
		Faults     []string    `json:"faults,omitempty"`
	}
	jsonReader struct {
		Reads bool   `json:"reads"`
		Why   string `json:"why,omitempty"`
	}
	jsonImage struct {
		Entry     hexadecimal    `json:"entry"`
		Address   hexadecimal    `json:"address"`
		Size      uint64         `json:"size"`
		Error     string         `json:"error,omitempty"`
		Sections  []jsonSection  `json:"sections"`
		Functions []jsonFunction `json:"functions"`
	}
	jsonSection struct {
		Name  string      `json:"name"`
		Start hexadecimal `json:"start"`
		Size  uint64      `json:"size"`
		Code  bool        `json:"code"`
	}
	jsonFunction struct {
		Name  string      `json:"name"`
		Start hexadecimal `json:"start"`
		Size  uint64      `json:"size"`
		File  string      `json:"file,omitempty"`
		Line  int         `json:"line,omitempty"`
	}
)

func listed(v *view.View) jsonView {
	j := jsonView{Target: v.Target.Name, PID: v.Target.PID, Whole: v.Whole, Pairs: []jsonPair{}}
	for i := range v.Pairs {
		p := &v.Pairs[i]
		jp := jsonPair{
			Module: p.Module.Name(), Path: p.Module.Path, Program: p.Module.Program, Namespace: p.Module.Namespace,
			Descriptor: hexadecimal(p.Descriptor), Hook: hexadecimal(p.Hook), Global: p.Global, Table: p.Table,
			Version: p.List.Version, GDB: jsonReader(p.GDB), LLDB: jsonReader(p.LLDB), Images: []jsonImage{},
		}
		for _, f := range p.List.Faults {
			jp.Faults = append(jp.Faults, f.Text)
		}
		for n := range p.Images {
			im, e := &p.Images[n], &p.List.Entries[n]
			ji := jsonImage{Entry: hexadecimal(e.Address), Address: hexadecimal(e.Image), Size: e.Size, Sections: []jsonSection{}, Functions: []jsonFunction{}}
			if im.Err != nil {
				ji.Error = im.Err.Error()
			}
			for _, s := range im.Sections {
				ji.Sections = append(ji.Sections, jsonSection{s.Name, hexadecimal(s.Start), s.End - s.Start, s.Code})
			}
			for _, f := range im.Functions() {
				jf := jsonFunction{Name: f.Name, Start: hexadecimal(f.Start), Size: f.End - f.Start}
				if row := im.Line(f.Start); row != nil {
					jf.File, jf.Line = row.File, row.Line
				}
				ji.Functions = append(ji.Functions, jf)
			}
			jp.Images = append(jp.Images, ji)
		}
		j.Pairs = append(j.Pairs, jp)
	}
	return j
}

func printList(w io.Writer, v *view.View, functions bool) {
	fmt.Fprintln(w, heading.Render(v.Target.Name))
	if len(v.Pairs) == 0 {
		fmt.Fprintf(w, "\nNo module has %s and %s:\nno debugger finds generated code here.\n", pair.Descriptor, pair.Hook)
		return
	}
	fmt.Fprintln(w)
	var rows [][]string
	for i := range v.Pairs {
		p := &v.Pairs[i]
		rows = append(rows, []string{printable(p.Module.Name()), home(&p.Pair), fmt.Sprintf("%#x", p.Descriptor), yes(p.GDB.Reads), yes(p.LLDB.Reads), strconv.Itoa(len(p.Images))})
	}
	printTable(w, []string{"PAIR", "SYMBOLS", "DESCRIPTOR", "GDB", "LLDB", "IMAGES"}, rows)
	for i := range v.Pairs {
		p := &v.Pairs[i]
		name := printable(p.Module.Name())
		if p.GDB.Why != "" && !p.GDB.Reads && p.GDB.Why == p.LLDB.Why {
			fmt.Fprintf(w, "%s: gdb and lldb do not read it: %s\n", name, p.GDB.Why)
			continue
		}
		if p.GDB.Why != "" && p.GDB.Reads {
			fmt.Fprintf(w, "%s: gdb reads it, %s\n", name, p.GDB.Why)
		} else if p.GDB.Why != "" {
			fmt.Fprintf(w, "%s: gdb does not read it: %s\n", name, p.GDB.Why)
		}
		if p.LLDB.Why != "" {
			fmt.Fprintf(w, "%s: lldb does not read it: %s\n", name, p.LLDB.Why)
		}
	}
	for i := range v.Pairs {
		p := &v.Pairs[i]
		for _, f := range p.List.Faults {
			fmt.Fprintf(w, "%s: %s\n", printable(p.Module.Name()), bad.Render(f.Text))
		}
		if len(p.Images) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", heading.Render(printable(p.Module.Name())))
		printImages(w, p, functions)
	}
}

func home(p *pair.Pair) string {
	text := "local"
	if p.Global {
		text = "global"
	}
	switch {
	case p.Table == "":
		text = "none"
	case p.Descriptor == 0 || p.Hook == 0:
		text = "one of two"
	}
	if p.Module.Namespace > 0 {
		text += fmt.Sprintf(", namespace %d", p.Module.Namespace)
	}
	return text
}

func printImages(w io.Writer, p *view.Pair, functions bool) {
	var rows [][]string
	for n := range p.Images {
		im, e := &p.Images[n], &p.List.Entries[n]
		all := im.Functions()
		code := "none"
		if start, end := extent(im); end > 0 {
			code = fmt.Sprintf("%#x-%#x", start, end)
		}
		what := summary(all)
		if im.Err != nil {
			what = bad.Render(im.Err.Error())
		}
		rows = append(rows, []string{strconv.Itoa(n), fmt.Sprintf("%#x", e.Image), strconv.FormatUint(e.Size, 10), code, strconv.Itoa(len(all)), what})
	}
	printTable(w, []string{"#", "IMAGE", "BYTES", "CODE", "FUNCTIONS", ""}, rows)
	if !functions {
		return
	}
	rows = nil
	for n := range p.Images {
		im := &p.Images[n]
		for _, f := range im.Functions() {
			rows = append(rows, []string{strconv.Itoa(n), fmt.Sprintf("%#x", f.Start), strconv.FormatUint(f.End-f.Start, 10), printable(f.Name), lineOf(im.Image, f.Start)})
		}
	}
	fmt.Fprintln(w)
	printTable(w, []string{"#", "FUNCTION", "BYTES", "NAME", "LINE"}, rows)
}

func lineOf(im *image.Image, address uint64) string {
	if row := im.Line(address); row != nil {
		return fmt.Sprintf("%s:%d", printable(row.File), row.Line)
	}
	return ""
}

// extent is from the lowest to the highest address of code.
func extent(im *view.Image) (start, end uint64) {
	for _, s := range im.Sections {
		if s.Code {
			if end == 0 || s.Start < start {
				start = s.Start
			}
			end = max(end, s.End)
		}
	}
	return start, end
}

func summary(functions []image.Function) string {
	const most = 3
	var names []string
	for i := range functions[:min(len(functions), most)] {
		names = append(names, printable(functions[i].Name))
	}
	if len(functions) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// printable is a text of the target's that does nothing to a terminal.
func printable(text string) string { return cut(text, 200) }

func cut(text string, longest int) string {
	clean := strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(clean); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return clean
}
