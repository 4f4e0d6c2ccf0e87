// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// What pages tell a reader to type into a debugger, in passing: gdb and lldb know the
// command, or the setting. What follows a command's words is left out.
func TestDebuggersKnowTheCommands(t *testing.T) {
	gdb := regexp.MustCompile(`^(?:break -function|break|checkpoint|enable|finish|info [a-z]+|maint info [a-z]+|record full|set [a-z-]+ [a-z-]+|set substitute-path|stepi)\b`)
	lldb := regexp.MustCompile(`^(?:breakpoint [a-z]+|image [a-z]+|process [a-z-]+|settings (?:show|set) \S+)`)
	var inGDB, inLLDB []string
	for _, name := range tested {
		for _, span := range read(t, name).spans {
			if command := lldb.FindString(span); command != "" {
				inLLDB = append(inLLDB, command)
			} else if command := gdb.FindString(span); command != "" {
				inGDB = append(inGDB, command)
			}
		}
	}
	if len(inGDB) == 0 || len(inLLDB) == 0 {
		t.Fatalf("%d commands of gdb's, %d of lldb's", len(inGDB), len(inLLDB))
	}
	for _, command := range unique(inGDB) {
		command = strings.TrimSuffix(command, " -function")
		host.GDB(t, []string{"help " + command}) // which fails where there is none
	}
	for _, command := range unique(inLLDB) {
		words := strings.Fields(command)
		last := regexp.QuoteMeta(words[len(words)-1])
		ask, answer := "help "+command, `(?m)^Syntax: .*\b`+last+`\b`
		if words[0] == "settings" {
			ask, answer = "settings show "+words[2], `(?m)^`+last+` \(`
		}
		if output := host.LLDB(t, []string{ask}); !regexp.MustCompile(answer).MatchString(output) {
			t.Errorf("lldb does not know %q:\n%s", command, output)
		}
	}
}

func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
