package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// project holds the files of the project, by their paths from its root.
func project() fs.FS { return os.DirFS("..") }

func readme(t *testing.T) string {
	t.Helper()
	return page(t, project(), "README.md")
}

// page returns the text of a file.
func page(t *testing.T, project fs.FS, file string) string {
	t.Helper()
	text, err := fs.ReadFile(project, file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutCode leaves out what is between fences, where # begins a comment.
func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^[ ]*```.*?^[ ]*```$").ReplaceAllString(text, "")
}

// anchors are the headings of a page as links write them, the second of one name
// with a number.
func anchors(text string) []string {
	var list []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutCode(text), -1) {
		anchor := strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")
		anchor = regexp.MustCompile(`[^a-z0-9_-]`).ReplaceAllString(anchor, "")
		unique := anchor
		for n := 1; slices.Contains(list, unique); n++ {
			unique = fmt.Sprintf("%s-%d", anchor, n)
		}
		list = append(list, unique)
	}
	return list
}

// fenced returns the blocks of code in a language.
func fenced(text, language string) []string {
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

// A step is a command of the tour with what it prints.
type step struct {
	command string
	output  []string
}

func tour(text string) []step {
	var steps []step
	for _, block := range fenced(text, "console") {
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: command})
			} else {
				last := &steps[len(steps)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return steps
}
