// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manualCommand writes what is installed beside the program.
func manualCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIRECTORY",
		Short:  "Write the man pages and the shells' completions",
		Hidden: true,
		Args:   needs(1, 1, "a directory"),
		RunE: func(c *cobra.Command, arguments []string) error {
			in := func(name string) string { return filepath.Join(arguments[0], name) }
			if err := os.MkdirAll(in("man1"), 0o777); err != nil {
				return err
			}
			root := c.Root()
			root.DisableAutoGenTag = true
			if completion, _, err := root.Find([]string{"completion"}); err == nil {
				root.RemoveCommand(completion) // its pages would say what is installed already
			}
			never := time.Unix(0, 0) // the same sources give the same pages
			header := &doc.GenManHeader{Title: "JITDEBUG", Section: "1", Source: "libjitdebug " + version, Manual: "User Commands", Date: &never}
			if err := doc.GenManTree(root, header, in("man1")); err != nil {
				return err
			}
			if err := root.GenBashCompletionFileV2(in("jitdebug.bash"), true); err != nil {
				return err
			}
			if err := root.GenZshCompletionFile(in("_jitdebug")); err != nil {
				return err
			}
			return root.GenFishCompletionFile(in("jitdebug.fish"), true)
		},
	}
}
