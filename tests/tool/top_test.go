// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package tool

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestTop: a process that burns its time in generated code is shown to do so.
func TestTop(t *testing.T) {
	p := start(t, host.Compile(t, "testdata/host.c", host.Linked(t)...), "burn")
	output, status := run(t, "top", "--rounds", "1", "--json", p.pid)
	var rows []struct {
		Function, Line string
		Share          float64
	}
	if err := json.Unmarshal([]byte(output), &rows); err != nil || status != 0 || len(rows) < 2 {
		t.Fatalf("status %d, %v:\n%s", status, err, output)
	}
	share := 0.0
	for _, row := range rows {
		if row.Function == "js:hot loop" || row.Function == "bare_loop" {
			share += row.Share
			if row.Line != "hot.js:3" {
				t.Errorf("the busiest line of %s is %q", row.Function, row.Line)
			}
		}
	}
	if share < 0.9 {
		t.Errorf("%v of the time is in generated code:\n%s", share, output)
	}
	if output, status := run(t, "top", core(t, p)); status != 2 || !strings.Contains(output, "a core stands still") {
		t.Errorf("status %d:\n%s", status, output)
	}
}
