// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/sample"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/view"
)

func topCommand() *cobra.Command {
	var interval time.Duration
	var rounds int
	command := &cobra.Command{
		Use:   "top PID",
		Short: "Show which functions a process spends its time in",
		Long: `Samples a process and prints its busiest functions: generated ones by their names, and the
program and its libraries as a whole. Every interval anew, until Ctrl-C or the process's end.`,
		Example: "  jitdebug top 4711\n  jitdebug top --rounds 1 4711",
		Args:    needs(1, 1, "a process"),
		RunE: func(c *cobra.Command, arguments []string) error {
			if interval <= 0 {
				return fmt.Errorf("top: the interval is %v, and has to be more than nothing", interval)
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			return top(ctx, c.OutOrStdout(), arguments[0], interval, rounds)
		},
	}
	command.Flags().DurationVarP(&interval, "interval", "d", time.Second, "how long a round takes")
	command.Flags().IntVarP(&rounds, "rounds", "n", 0, "end after so many rounds")
	return command
}

type jsonTop struct {
	Function string  `json:"function"`
	Module   string  `json:"module,omitempty"`
	Line     string  `json:"line,omitempty"`
	Samples  int     `json:"samples"`
	Share    float64 `json:"share"`
}

func top(ctx context.Context, w io.Writer, what string, interval time.Duration, rounds int) error {
	v, err := look(what)
	if err != nil {
		return err
	}
	if !v.Target.Live {
		v.Target.Close()
		return errors.New("top: a core stands still: this needs a process")
	}
	s, err := sample.New(v.Target.PID)
	if err != nil {
		v.Target.Close()
		return err
	}
	defer s.Close()
	for round := 1; ; round++ {
		counts := map[uint64]int{}
		ends := time.Now().Add(interval)
		for ended := false; !ended; {
			select {
			case <-ctx.Done():
				v.Target.Close()
				return nil
			case <-time.After(min(interval, 100*time.Millisecond)):
			}
			if err := s.Take(func(pc uint64) { counts[pc]++ }); err != nil {
				v.Target.Close()
				return err
			}
			ended = !time.Now().Before(ends)
		}
		v.Target.Close()
		if v, err = look(what); err != nil { // what was registered meanwhile
			return err
		}
		rows := busiest(v, counts)
		if asJSON {
			err = printJSON(w, rows)
		} else {
			printTop(w, v, rows)
		}
		if err != nil || round == rounds {
			v.Target.Close()
			return err
		}
	}
}

// busiest gives samples their functions, the busiest first.
func busiest(v *view.View, counts map[uint64]int) []jsonTop {
	byKey := map[[2]string]*jsonTop{}
	lines := map[[2]string]int{} // the samples of the line that is shown
	total := 0
	for pc, n := range counts {
		total += n
		p := lookup(v, pc)
		key := [2]string{p.Name, ""}
		if p.Name == "" {
			key = [2]string{"", filepath.Base(p.Module)}
			if p.Module == "" {
				key[1] = "??"
			}
		}
		if byKey[key] == nil {
			byKey[key] = &jsonTop{Function: key[0], Module: key[1]}
		}
		byKey[key].Samples += n
		if p.Line != 0 && n > lines[key] {
			lines[key] = n
			byKey[key].Line = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
	}
	rows := []jsonTop{}
	for _, row := range byKey {
		row.Share = float64(row.Samples) / float64(total)
		rows = append(rows, *row)
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := &rows[i], &rows[j]
		if a.Samples != b.Samples {
			return a.Samples > b.Samples
		}
		return a.Function+a.Module < b.Function+b.Module
	})
	return rows
}

func printTop(w io.Writer, v *view.View, rows []jsonTop) {
	const most = 20
	var text bytes.Buffer
	if isatty.IsTerminal(os.Stdout.Fd()) {
		text.WriteString("\x1b[H\x1b[J") // the screen from its beginning
	}
	fmt.Fprintf(&text, "%s\n\n", heading.Render(v.Target.Name))
	var cells [][]string
	for _, row := range rows[:min(len(rows), most)] {
		name := printable(row.Function)
		if row.Function == "" {
			name = faint.Render(printable(row.Module))
		}
		cells = append(cells, []string{fmt.Sprintf("%5.1f %%", 100*row.Share), name, printable(row.Line)})
	}
	if len(cells) == 0 {
		text.WriteString("It sleeps.\n")
	} else {
		printTable(&text, []string{"TIME", "FUNCTION", "BUSIEST LINE"}, cells)
	}
	w.Write(text.Bytes())
}
