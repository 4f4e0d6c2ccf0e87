// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/inject"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/perfmap"
)

func perfCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "perf",
		Short: "Give perf the names of generated code",
	}
	command.AddCommand(perfMapCommand(), perfInjectCommand())
	return command
}

func perfMapCommand() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "map TARGET",
		Short: "Write /tmp/perf-PID.map, from which profilers take names",
		Long: `Writes what is registered now into the file in which perf, bcc and others look for names of
generated code, in a container in its own /tmp: the process itself need not have switched
anything on. Before, during or after a recording, as long as the process is there, or of
a core. What is replaced while a recording goes on cannot be told apart in such a file:
see jitdebug perf inject.`,
		Example: "  perf record -g -p 4711 -- sleep 10\n  jitdebug perf map 4711\n  perf report",
		Args:    needs(1, 1, "a process or a core file"),
		RunE: func(c *cobra.Command, arguments []string) error {
			v, err := look(arguments[0])
			if err != nil {
				return err
			}
			defer v.Target.Close()
			lines := perfmap.Lines(v)
			if output == "-" {
				_, err := c.OutOrStdout().Write([]byte(strings.Join(lines, "")))
				return err
			}
			written, path := len(lines), output
			if output != "" {
				err = os.WriteFile(output, []byte(strings.Join(lines, "")), 0o644)
			} else {
				var place perfmap.Place
				if place, err = perfmap.For(v.Target); err != nil {
					return err
				}
				path = place.Path
				written, err = perfmap.Write(v.Target, place, lines)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"file": path, "functions": len(lines), "written": written})
			}
			fmt.Fprintf(c.OutOrStdout(), "%s in %s\n", plural(written, "function"), path)
			if len(lines) == 0 {
				return errFindings
			}
			return nil
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "", "another file; - is standard output")
	return command
}

func perfInjectCommand() *cobra.Command {
	var input, output string
	command := &cobra.Command{
		Use:   "inject [-i perf.data] -o OUTPUT [SOURCE...]",
		Short: "Give a recording the generated code: names, lines, frames and instructions",
		Long: `Writes a recording in which perf report, annotate and script know generated code, and beside
it one ELF file for all functions of a process; a second one for those that took the place
of others. SOURCES are processes and core files, whose lists are read, and jitdump files
(jit-PID.dump) of any runtime. Without one, the jitdump files that the recording names are
taken, and of the other processes in it those that are still there.

Functions of a jitdump are told apart by time, if the recording was made by perf record -k 1.`,
		Example: "  perf record -k 1 --call-graph dwarf -p 4711 -- sleep 10\n  jitdebug perf inject -o perf.jit.data 4711\n  perf report -i perf.jit.data",
		RunE: func(c *cobra.Command, arguments []string) error {
			if output == "" {
				return fmt.Errorf("perf inject: into which file? -o OUTPUT")
			}
			r, err := inject.Open(input)
			if err != nil {
				return err
			}
			defer r.Close()
			codes, err := sources(r, arguments)
			if err != nil {
				return err
			}
			functions := 0
			for _, code := range codes {
				functions += len(code.Functions)
			}
			files, err := r.Write(output, codes)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"file": output, "functions": functions, "code": files})
			}
			fmt.Fprintf(c.OutOrStdout(), "%s in %s: perf report -i %s\n", plural(functions, "function"), output, output)
			if functions == 0 {
				warn("no generated code was found for the processes of this recording")
				return errFindings
			}
			return nil
		},
	}
	command.Flags().StringVarP(&input, "input", "i", "perf.data", "the recording")
	command.Flags().StringVarP(&output, "output", "o", "", "where to write")
	return command
}

// sources reads the code of those that are named, or of those that the recording names.
func sources(r *inject.Recording, named []string) (codes []inject.Code, err error) {
	if len(named) == 0 {
		for _, pid := range r.Processes() {
			if dumps := r.Dumps(pid); len(dumps) > 0 {
				named = append(named, dumps...)
			} else if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
				named = append(named, strconv.Itoa(pid))
			}
		}
	}
	for _, name := range named {
		if base := filepath.Base(name); strings.HasPrefix(base, "jit-") && strings.HasSuffix(base, ".dump") {
			code, err := inject.FromDump(name)
			if err != nil {
				return nil, err
			}
			if !r.Monotonic() {
				warn("%s: its times are of another clock than the recording's (perf record -k 1): what was replaced cannot be told apart", name)
				code.Timed = false
			}
			codes = append(codes, code)
			continue
		}
		v, err := look(name)
		if err != nil {
			return nil, err
		}
		codes = append(codes, inject.FromView(v))
		v.Target.Close()
	}
	return codes, nil
}
