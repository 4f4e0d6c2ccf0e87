// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

func lookupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lookup TARGET ADDRESS...",
		Short: "Name the functions and lines that addresses are in",
		Long: `Prints, for each address, the function in generated code, the offset in it, and the file and
line, as debuggers show them. The exit status is 1 if one is not in any image.`,
		Example: "  jitdebug lookup 4711 0x7ffff7fbe009",
		Args:    needs(2, -1, "a process or a core file, and addresses,"),
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
			found, all := true, []jsonPlace{}
			for _, address := range wanted {
				p := lookup(v, address)
				found = found && p.Name != ""
				all = append(all, p)
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), all)
			} else {
				for _, p := range all {
					fmt.Fprintln(c.OutOrStdout(), p.text())
				}
			}
			if err == nil && !found {
				err = errFindings
			}
			return err
		},
	}
}

// A jsonPlace is what is known of an address.
type jsonPlace struct {
	Address hexadecimal `json:"address"`
	Name    string      `json:"name,omitempty"`
	Start   hexadecimal `json:"start,omitempty"`
	Size    uint64      `json:"size,omitempty"`
	File    string      `json:"file,omitempty"`
	Line    int         `json:"line,omitempty"`
	Column  int         `json:"column,omitempty"`
	Pair    string      `json:"pair,omitempty"`
	Image   hexadecimal `json:"image,omitempty"`
	Module  string      `json:"module,omitempty"` // it is not generated
	covered bool
}

func lookup(v *view.View, address uint64) jsonPlace {
	p := jsonPlace{Address: hexadecimal(address)}
	for _, im := range v.At(address) {
		p.covered = true
		f := im.Function(address)
		if f == nil {
			continue
		}
		p.Name, p.Start, p.Size = f.Name, hexadecimal(f.Start), f.End-f.Start
		p.Pair, p.Image = im.Pair.Module.Name(), hexadecimal(im.Address)
		if row := im.Line(address); row != nil {
			p.File, p.Line, p.Column = row.File, row.Line, row.Column
		}
		return p
	}
	if m := v.Module(address); m != nil {
		p.Module = m.Path
	}
	return p
}

func (p *jsonPlace) text() string {
	address := fmt.Sprintf("%#x", uint64(p.Address))
	switch {
	case p.Name != "":
		text := fmt.Sprintf("%s %s + %d", address, heading.Render(printable(p.Name)), uint64(p.Address-p.Start))
		if p.Line != 0 {
			text += fmt.Sprintf(" at %s:%d", printable(p.File), p.Line)
			if p.Column != 0 {
				text += fmt.Sprintf(":%d", p.Column)
			}
		}
		return text + faint.Render(fmt.Sprintf(" (image %#x of %s)", uint64(p.Image), printable(p.Pair)))
	case p.Module != "":
		return fmt.Sprintf("%s ?? in %s, which is not generated", address, printable(p.Module))
	case p.covered:
		return address + " ?? in an image that has no name for it"
	}
	return address + " ?? in no image"
}
