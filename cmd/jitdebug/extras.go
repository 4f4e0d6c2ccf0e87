package main

import "github.com/spf13/cobra"

func extras() []*cobra.Command { return []*cobra.Command{perfCommand()} }
