package house

import (
	"path/filepath"
	"regexp"
	"testing"
)

// TestTestsAreFound: below tests/ a test's name says which it is, and a package is
// named as its directory.
func TestTestsAreFound(t *testing.T) {
	seen := map[string]string{}
	for _, path := range sources(t, "tests/*/*_test.go") {
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
	if len(seen) < 60 {
		t.Errorf("%d tests were seen: the test looks in the wrong place", len(seen))
	}
}
