// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package house

import (
	"path/filepath"
	"regexp"
	"testing"
)

// TestTestsAreFound: no two tests have one name, the package of a test is named as its
// directory, and a test that scripts and pages name is there: go test passes without it.
func TestTestsAreFound(t *testing.T) {
	seen := map[string]string{}
	for _, path := range sources(t, "tests/*/*_test.go", "internal/*/*_test.go", "internal/*/*/*_test.go") {
		text, directory := read(t, path), filepath.Base(filepath.Dir(path))
		if name := regexp.MustCompile(`(?m)^package (\w+)$`).FindStringSubmatch(text); name[1] != directory {
			t.Errorf("%s: package %s", path, name[1])
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(text, -1) {
			if other := seen[match[1]]; other != "" && match[1] != "TestMain" {
				t.Errorf("%s is in %s and in %s", match[1], other, path)
			}
			seen[match[1]] = path
		}
	}
	for _, path := range sources(t, "scripts/*", "docs/*.md", "*.md") {
		for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(t, path), -1) {
			if seen[name] == "" {
				t.Errorf("%s names %s, which is no test", path, name)
			}
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d tests were seen: the test looks in the wrong place", len(seen))
	}
}
