// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package cpp holds include/jitdebug.hpp to what it promises, in every dialect of
// C++ that it is for.
package cpp

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

func TestRegistration(t *testing.T) {
	root, directory := host.Root(t), t.TempDir()
	include := []string{"-I", filepath.Join(root, "include"), "-I", filepath.Join(root, "tests", "host", "testdata")}
	process := filepath.Join(directory, "process.o")
	host.Run(t, time.Minute, host.Tool(t, "gcc"), append(include, "-std=gnu11", "-c", "-o", process, "testdata/process.c")...)

	for _, compiler := range []string{"g++", "clang++-19"} {
		for _, standard := range []string{"c++17", "c++20", "c++2b"} {
			for _, without := range []string{"", "-fno-exceptions -fno-rtti"} {
				t.Run(strings.TrimSpace(compiler+" "+standard+" "+without), func(t *testing.T) {
					t.Parallel()
					program := filepath.Join(t.TempDir(), "registration")
					arguments := append([]string{"-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
						"-include", "jitdebug.hpp", "-DOBJECT=\"" + process + "\"", "-o", program, "testdata/registration.cpp", process}, include...)
					arguments = append(arguments, strings.Fields(without)...)
					host.Run(t, 2*time.Minute, host.Tool(t, compiler), append(arguments, host.Linked(t)...)...)
					host.Run(t, time.Minute, program)

					// The header alone, by what strict projects compile with.
					strict := strings.Fields("-std=" + standard + " -Wall -Wextra -pedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror -fsyntax-only")
					if compiler == "g++" {
						strict = append(strict, "-Wuseless-cast")
					}
					strict = append(append(strict, include...), strings.Fields(without)...)
					host.Run(t, time.Minute, host.Tool(t, compiler), append(strict, "-include", "jitdebug.hpp", "-x", "c++", "/dev/null")...)
				})
			}
		}
	}
}
