// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package packaging proves that the library can be used from where CMake, make
// and packages put it, and from where somebody moved it to.
package packaging

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

func TestCMakeInstall(t *testing.T) {
	tree := configured(t, "-DCMAKE_INSTALL_LIBDIR=lib")
	before, prefix := filepath.Join(t.TempDir(), "before"), filepath.Join(t.TempDir(), "moved there")
	cmake(t, "--install", tree, "--prefix", before)
	if err := os.Rename(before, prefix); err != nil {
		t.Fatal(err)
	}
	installed := files(t, prefix)
	for name, file := range installed {
		for _, place := range []string{before, tree, host.Root(t)} {
			if bytes.Contains(file.contents, []byte(place)) {
				t.Errorf("%s names %s", name, place)
			}
		}
	}

	found := "LD_LIBRARY_PATH=" + filepath.Join(prefix, "lib")

	t.Run("SONAME", func(t *testing.T) {
		for _, name := range []string{"libjitdebug.so", "libjitdebug.so.1", "libjitdebug.so.1.0.0"} {
			says(t, host.Run(t, limit, host.Tool(t, "readelf"), "--dynamic", filepath.Join(prefix, "lib", name)),
				"Library soname: [libjitdebug.so.1]")
		}
	})
	t.Run("find_package", func(t *testing.T) {
		shows(t, byCMake(t, consumer(t, "find_package"), "-DCMAKE_PREFIX_PATH="+prefix))
	})
	t.Run("find_package, other versions", func(t *testing.T) {
		source := consumer(t, "find_package")
		for wanted, found := range map[string]bool{
			"1": true, "1.0.0;EXACT": true, "0.9": false, "1.99": false, "2": false,
		} {
			output, err := host.Try(limit, exec.Command(host.Tool(t, "cmake"), "-S", source, "-B", t.TempDir(),
				"-DCMAKE_PREFIX_PATH="+prefix, "-DWANTED="+wanted))
			if found != (err == nil) {
				t.Errorf("find_package(jitdebug %s): %v\n%s", wanted, err, output)
			}
			if !found {
				says(t, strings.Join(strings.Fields(output), " "), `compatible with requested version "`+wanted+`"`,
					"considered but not accepted", "jitdebugConfig.cmake, version: 1.0.0")
			}
		}
	})
	t.Run("pkg-config", func(t *testing.T) {
		source := consumer(t, "")
		// As in a Makefile: the shell undoes the quotes of a path with spaces.
		command := exec.Command("/bin/sh", "-c", `eval "gcc -g -o jit jit.c $(pkg-config --cflags --libs jitdebug)"`)
		command.Dir, command.Env = source, append(os.Environ(), "PKG_CONFIG_PATH="+filepath.Join(prefix, "lib", "pkgconfig"))
		if output, err := host.Try(limit, command); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		shows(t, filepath.Join(source, "jit"), found)
	})
	t.Run("-L and -l", func(t *testing.T) {
		source := consumer(t, "")
		program := filepath.Join(source, "jit")
		host.Run(t, limit, host.Tool(t, "gcc"), "-g", "-o", program, program+".c",
			"-I"+filepath.Join(prefix, "include"), "-L"+filepath.Join(prefix, "lib"), "-ljitdebug")
		shows(t, program, found)
	})
	t.Run("make install", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), `it's "a" prefix`)
		host.Run(t, limit, host.Tool(t, "make"), "-C", host.Root(t), "install", "PREFIX="+prefix)
		same(t, files(t, prefix), installed)
	})
}

// The checkout, by a way with a space in it, as a part of another project.
func TestFetchContent(t *testing.T) {
	checkout := filepath.Join(t.TempDir(), "check out")
	if err := os.Symlink(host.Root(t), checkout); err != nil {
		t.Fatal(err)
	}
	program := byCMake(t, consumer(t, "fetch_content"), "-DFETCHCONTENT_SOURCE_DIR_JITDEBUG="+checkout)
	shows(t, program)

	// The project installs what it says itself.
	prefix := t.TempDir()
	cmake(t, "--build", filepath.Dir(program))
	cmake(t, "--install", filepath.Dir(program), "--prefix", prefix)
	if installed := files(t, prefix); len(installed) != 1 || installed["bin/jit"].contents == nil {
		t.Errorf("%d files are installed", len(installed))
	}
}

func TestArchives(t *testing.T) {
	tree := configured(t, "-DCMAKE_INSTALL_PREFIX=/usr")
	destination := t.TempDir()
	install := exec.Command(host.Tool(t, "cmake"), "--install", tree)
	install.Env = append(os.Environ(), "DESTDIR="+destination)
	if output, err := host.Try(limit, install); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	installed := files(t, filepath.Join(destination, "usr"))
	t.Run("system's directories", func(t *testing.T) {
		made := t.TempDir()
		host.Run(t, limit, host.Tool(t, "make"), "-C", host.Root(t), "install", "PREFIX=/usr", "DESTDIR="+made)
		for _, usr := range []string{made, destination} {
			pkgConfig := exec.Command(host.Tool(t, "pkg-config"), "--cflags", "--libs", "jitdebug")
			found, err := filepath.Glob(filepath.Join(usr, "usr/lib/pkgconfig"))
			if err != nil || found == nil {
				found, _ = filepath.Glob(filepath.Join(usr, "usr/lib/*/pkgconfig"))
			}
			pkgConfig.Env = append(os.Environ(), "PKG_CONFIG_PATH="+strings.Join(found, ":"))
			output, err := host.Try(limit, pkgConfig)
			if err != nil || strings.TrimSpace(output) != "-ljitdebug" {
				t.Errorf("%v\n%s", err, output)
			}
		}
	})
	host.Run(t, limit, host.Tool(t, "cpack"), "--config", filepath.Join(tree, "CPackConfig.cmake"), "-B", tree)

	t.Run("tar.gz", func(t *testing.T) {
		directory := t.TempDir()
		host.Run(t, limit, host.Tool(t, "tar"), "-xzf", filepath.Join(tree, "libjitdebug-1.0.0-Linux.tar.gz"),
			"-C", directory, "--strip-components=1", "--no-same-owner")
		found := files(t, directory)
		for name := range found {
			if strings.HasSuffix(name, "/jitdebug.pc") { // of a tree that can be moved
				says(t, host.Run(t, limit, host.Tool(t, "pkg-config"), "--cflags", filepath.Join(directory, name)), "-I"+directory)
				found[name] = installed[name]
			}
		}
		same(t, found, installed)
	})
	t.Run("deb", func(t *testing.T) {
		architecture := strings.TrimSpace(host.Run(t, limit, host.Tool(t, "dpkg"), "--print-architecture"))
		var debs []string
		for name, fields := range map[string][]string{
			"libjitdebug1":    {"Section: libs\n", "Depends: libc6 (>= "},
			"libjitdebug-dev": {"Section: libdevel\n", "Depends: libjitdebug1 (= 1.0.0)\n"},
			"jitdebug":        {"Section: utils\n"},
		} {
			deb := filepath.Join(tree, name+"_1.0.0_"+architecture+".deb")
			debs = append(debs, deb)
			unpacked := t.TempDir()
			host.Run(t, limit, host.Tool(t, "dpkg-deb"), "--extract", deb, unpacked)
			kibibytes := 0
			for _, file := range files(t, unpacked) {
				if file.mode.IsRegular() {
					kibibytes += (len(file.contents) + 1023) / 1024
				}
			}
			says(t, host.Run(t, limit, host.Tool(t, "dpkg-deb"), "--field", deb), append(fields, "Package: "+name+"\n",
				"Version: 1.0.0\n", "Architecture: "+architecture+"\n", fmt.Sprintf("Installed-Size: %d\n", kibibytes))...)
			says(t, host.Run(t, limit, host.Tool(t, "dpkg-deb"), "--contents", deb), "root/root", "./usr/share/doc/"+name+"/copyright\n")
			if name == "libjitdebug1" {
				says(t, host.Run(t, limit, host.Tool(t, "dpkg-deb"), "--info", deb, "shlibs"), "libjitdebug 1 libjitdebug1 (>= 1.0.0)")
			}
		}

		// The loader's cache is not the test's to change.
		tools, ran := t.TempDir(), filepath.Join(t.TempDir(), "ran")
		script := "#!/bin/sh\necho ran >> " + ran + "\n"
		if err := os.WriteFile(filepath.Join(tools, "ldconfig"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		for _, directory := range []string{"updates", "info", "triggers"} {
			if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", directory), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		dpkg := func(arguments ...string) {
			t.Helper()
			arguments = append([]string{"--root=" + root, "--force-script-chrootless", "--force-depends", "--log=/dev/null"}, arguments...)
			command := exec.Command(host.Tool(t, "dpkg"), arguments...)
			if os.Getuid() != 0 {
				command = exec.Command(host.Tool(t, "unshare"), append([]string{"--map-root-user", "dpkg"}, arguments...)...)
			}
			command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
			if output, err := host.Try(limit, command); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
		}

		dpkg(append([]string{"--install"}, debs...)...)
		found := files(t, filepath.Join(root, "usr"))
		for _, name := range []string{"libjitdebug1", "libjitdebug-dev", "jitdebug"} {
			copyright := "share/doc/" + name + "/copyright"
			same(t, map[string]file{copyright: found[copyright]}, map[string]file{copyright: installed["share/doc/libjitdebug/LICENSE"]})
			delete(found, copyright)
		}
		delete(installed, "share/doc/libjitdebug/LICENSE")
		same(t, found, installed)
		if _, err := os.Stat(ran); err != nil {
			t.Error("ldconfig was not run")
		}
		// CMake searches /lib before /usr/lib, whether or not they are one.
		if err := os.Symlink("usr/lib", filepath.Join(root, "lib")); err != nil {
			t.Fatal(err)
		}
		multiarch := "-DCMAKE_LIBRARY_ARCHITECTURE=" + strings.TrimSpace(host.Run(t, limit, host.Tool(t, "gcc"), "-print-multiarch"))
		shows(t, byCMake(t, consumer(t, "find_package"), "-DCMAKE_PREFIX_PATH="+root, multiarch))

		dpkg("--remove", "libjitdebug-dev", "libjitdebug1", "jitdebug")
		if _, err := os.Stat(filepath.Join(root, "usr")); !os.IsNotExist(err) {
			t.Error("something is left when the packages have gone")
		}
	})
}
