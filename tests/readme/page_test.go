// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package readme

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/libjitdebug/libjitdebug/tests/host"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// A page is a Markdown file; its name is its path in the checkout.
type page struct {
	name    string
	blocks  []block
	links   []string
	spans   []string // inline code
	anchors map[string]bool
}

type block struct {
	language, label string
	text            string
	line            int
}

// pages returns the project's Markdown files.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for name := range strings.Lines(host.Run(t, limit, host.Tool(t, "git"), "-C", host.Root(t), "ls-files", "*.md")) {
		all = append(all, read(t, strings.TrimSpace(name)))
	}
	return all
}

func read(t *testing.T, name string) page {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(host.Root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	p := page{name: name, anchors: map[string]bool{}}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.FencedCodeBlock:
			language, label := "", ""
			if node.Info != nil {
				language, label, _ = strings.Cut(string(node.Info.Value(source)), " ")
			}
			p.blocks = append(p.blocks, block{language, label, lines(node, source), lineOf(node, source)})
		case *ast.CodeBlock:
			p.blocks = append(p.blocks, block{"", "", lines(node, source), lineOf(node, source)})
		case *ast.Link:
			p.links = append(p.links, string(node.Destination))
		case *ast.Image:
			p.links = append(p.links, string(node.Destination))
		case *ast.CodeSpan:
			p.spans = append(p.spans, content(node, source))
		case *ast.Heading:
			p.anchors[anchor(content(node, source))] = true
		}
		return ast.WalkContinue, nil
	})
	return p
}

func lines(node ast.Node, source []byte) string {
	var all strings.Builder
	for i := range node.Lines().Len() {
		line := node.Lines().At(i)
		all.Write(line.Value(source))
	}
	return all.String()
}

func lineOf(node ast.Node, source []byte) int {
	if node.Lines().Len() == 0 {
		return 0
	}
	return 1 + bytes.Count(source[:node.Lines().At(0).Start], []byte("\n"))
}

// content is the text of a heading or a span, without its marks.
func content(node ast.Node, source []byte) string {
	var all strings.Builder
	ast.Walk(node, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch node := node.(type) {
			case *ast.Text:
				all.Write(node.Value(source))
				if node.SoftLineBreak() {
					all.WriteByte(' ')
				}
			case *ast.String:
				all.Write(node.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return all.String()
}

// anchor is the name that forges give a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
