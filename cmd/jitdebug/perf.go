package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/perfmap"
)

func perfCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "perf",
		Short: "Give perf the names of generated code",
	}
	command.AddCommand(perfMapCommand())
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
