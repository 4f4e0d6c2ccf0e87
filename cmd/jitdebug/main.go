// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Command jitdebug looks at the generated code of a process or a core file: it reads the
// lists that debuggers read, says why code is still shown as ??, and gives perf its names.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

// version is set when it is built.
var version = "unknown"

// errFindings ends the program with status 1: it did its work, and something is wrong.
var errFindings = errors.New("findings")

func main() {
	if version == "unknown" {
		if info, ok := debug.ReadBuildInfo(); ok {
			version = info.Main.Version
		}
	}
	switch err := root().Execute(); {
	case errors.Is(err, errFindings):
		os.Exit(1)
	case err != nil:
		fmt.Fprintf(os.Stderr, "jitdebug: %v\n", err)
		os.Exit(2)
	}
}

func root() *cobra.Command {
	command := &cobra.Command{
		Use:   "jitdebug",
		Short: "Look at the generated code of a process or a core file",
		Long: `jitdebug reads what debuggers read: the lists of generated code that the GDB JIT
interface has, of any process or core file, whichever runtime wrote them. It says what is
on them, why code is still shown as ??, and gives perf its names.

TARGET is the number of a process, or a core file. A process goes on running; if its list
changes while it is read, its threads are stopped for that moment.

The exit status is 0 if all is well, 1 if something was found or not found, and 2 if the
work could not be done.`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	command.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	command.PersistentFlags().BoolVar(&asJSON, "json", false, "for programs: print JSON")
	command.AddCommand(listCommand(), lookupCommand(), dumpCommand(), checkCommand(), topCommand(), perfCommand(), manualCommand())
	return command
}

// look opens a target and reads what there is to see.
func look(what string) (*view.View, error) {
	t, err := target.Open(what)
	if err != nil {
		return nil, err
	}
	v, err := view.Look(t)
	if err != nil {
		t.Close()
		return nil, err
	}
	if !v.Whole {
		warn("%s changes while it is read, and could not be stopped (is a debugger attached?): what follows may not belong together", t.Name)
	}
	for _, note := range t.Notes {
		warn("%s: %s", t.Name, note)
	}
	return v, nil
}

func warn(text string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "jitdebug: %s\n", fmt.Sprintf(text, arguments...))
}

// addresses reads addresses as debuggers print them: hexadecimal, with 0x or without.
func addresses(texts []string) (all []uint64, err error) {
	for _, text := range texts {
		address, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(text), "0x"), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an address: hexadecimal, as in 0x7ffff7fbe009", text)
		}
		all = append(all, address)
	}
	return all, nil
}

// needs is what a command takes: an error that says it by name.
func needs(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, arguments []string) error {
		if len(arguments) < least || most >= 0 && len(arguments) > most {
			return fmt.Errorf("%s: %s is wanted, and %d arguments were given\n\n%s", c.CommandPath(), what, len(arguments), c.UsageString())
		}
		return nil
	}
}
