// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

func dumpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "dump TARGET DIRECTORY",
		Short: "Write the images as files, and scripts that load them into gdb and lldb",
		Long: `Writes every image into a file of its own in DIRECTORY, which is made if it is not there,
and two scripts, load.gdb and load.lldb. A debugger that has opened the process or the core
and does not see the code, because another pair is in front or it does not look for any in
cores, sees it when it has sourced the script.`,
		Example: "  jitdebug dump core.4711 images\n  gdb -ex 'source images/load.gdb' ./app core.4711\n  lldb ./app -c core.4711 -o 'command source images/load.lldb'",
		Args:    needs(2, 2, "a process or a core file, and a directory,"),
		RunE: func(c *cobra.Command, arguments []string) error {
			v, err := look(arguments[0])
			if err != nil {
				return err
			}
			defer v.Target.Close()
			written, err := dump(v, arguments[1])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), written)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s in %s\n", plural(len(written), "image"), arguments[1])
			return nil
		},
	}
}

type jsonDumped struct {
	File    string      `json:"file"`
	Pair    string      `json:"pair"`
	Address hexadecimal `json:"address"`
	Size    uint64      `json:"size"`
}

func dump(v *view.View, directory string) ([]jsonDumped, error) {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return nil, err
	}
	written := []jsonDumped{}
	var gdb, lldb strings.Builder
	gdb.WriteString("set confirm off\n")
	images := v.Images()
	p := newProgress("writing image")
	for i, im := range images {
		p.step(i, len(images))
		e := &im.Pair.List.Entries[im.Entry]
		if e.Bytes == nil {
			continue
		}
		name := filepath.Join(absolute, fmt.Sprintf("%04d-%x.elf", i, e.Image))
		if err := os.WriteFile(name, e.Bytes, 0o666); err != nil {
			return nil, err
		}
		written = append(written, jsonDumped{filepath.Base(name), im.Pair.Module.Name(), hexadecimal(e.Image), e.Size})
		if im.Err == nil && len(im.Sections) > 0 {
			gdb.WriteString(forGDB(name, im))
			lldb.WriteString(forLLDB(name, im))
		}
	}
	p.end()
	for file, text := range map[string]string{"load.gdb": gdb.String(), "load.lldb": lldb.String()} {
		if err := os.WriteFile(filepath.Join(absolute, file), []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// forGDB is the command that loads an image as gdb itself does: each section at its address.
func forGDB(name string, im *view.Image) string {
	var text strings.Builder
	fmt.Fprintf(&text, "add-symbol-file %q", name)
	for _, s := range im.Sections {
		if s.Start != 0 && s.Name != "" {
			fmt.Fprintf(&text, " -s %s %#x", quoted(s.Name), s.Start)
		}
	}
	text.WriteString("\n")
	return text.String()
}

// forLLDB loads an image into lldb, which forgets the addresses in an object file (ET_REL), and
// knows a section by its name, or only by its number where names are not unique.
func forLLDB(name string, im *view.Image) string {
	if !im.Relocate {
		return fmt.Sprintf("target modules add %q\ntarget modules load --file %q --slide 0\n", name, name)
	}
	var byName, byNumber strings.Builder
	fmt.Fprintf(&byName, "target modules add %q\ntarget modules load --file %q", name, name)
	fmt.Fprintf(&byNumber, "script m = lldb.target.AddModule(%q, None, None)\n", name)
	unique, seen := true, map[string]bool{}
	for _, s := range im.Sections {
		if s.Start == 0 {
			continue
		}
		unique = unique && s.Name != "" && !seen[s.Name] && quoted(s.Name) == s.Name
		seen[s.Name] = true
		fmt.Fprintf(&byName, " %s %#x", s.Name, s.Start)
		fmt.Fprintf(&byNumber, "script e = lldb.target.SetSectionLoadAddress(m.GetSectionAtIndex(%d), %#x)\n", s.Index-1, s.Start)
	}
	if unique {
		return byName.String() + "\n"
	}
	return byNumber.String()
}

func quoted(name string) string {
	if strings.ContainsAny(name, " \t\"'\\") {
		return fmt.Sprintf("%q", name)
	}
	return name
}
