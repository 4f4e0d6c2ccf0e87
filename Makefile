# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A thin front door: every target says what it runs.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell cat VERSION)
LIBRARY := lib/libjitdebug.so.1
SOURCES := $(shell find . -path ./tests -prune -o -path ./build -prune -o -path ./cmd -prune -o \
             \( -name '*.go' -o -name '*.[chs]' \) -print) go.mod go.sum lib/jitdebug.map lib/go.edits scripts/build
TOOL    := build/tool/jitdebug

.PHONY: all lib tool demo test test-extended bench install lint fmt clean setup

all: lib tool

lib: $(LIBRARY) lib/libjitdebug.so

$(LIBRARY): $(SOURCES)
	scripts/build $@

lib/libjitdebug.so: $(LIBRARY)
	ln -sf $(notdir $<) $@

tool: $(TOOL)

$(TOOL): $(shell find cmd internal -name '*.go') go.mod go.sum VERSION scripts/build-tool
	scripts/build-tool $@

# The library that panics on purpose, for tests/guest.
build/fault/libjitdebug.so.1: $(SOURCES)
	scripts/build $@ -tags jitdebug_fault
	ln -sf libjitdebug.so.1 $(@D)/libjitdebug.so

setup:
	@scripts/setup $(SETUP)

demo: SETUP = demo
demo: setup lib
	@examples/demo/run

test: setup lib build/fault/libjitdebug.so.1
	scripts/test

# What takes longer: needs root, and fetches other Debian releases.
test-extended: SETUP = extended
test-extended: setup lib build/fault/libjitdebug.so.1
	scripts/test-extended

bench: setup lib
	bench/run

# cmake --install leaves the same files: see CMakeLists.txt, also for the .pc file.
# By the environment, paths may have any characters.
install: export INSTALLED = $(DESTDIR)$(PREFIX)
ifeq ($(PREFIX:/=),/usr)
DIRECTORIES = -e 's|@LIBDIR@|/usr/lib|' -e 's|@INCLUDEDIR@|/usr/include|'
else
DIRECTORIES = -e 's|@LIBDIR@|$${pcfiledir}/..|' -e 's|@INCLUDEDIR@|$${libdir}/../include|'
endif
FILL = sed -e 's|@VERSION@|$(VERSION)|' -e 's|@INCLUDE@|../include|' $(DIRECTORIES)
install: lib tool
	install -d "$$INSTALLED/include" "$$INSTALLED/share/doc/libjitdebug" \
	  "$$INSTALLED/share/libjitdebug" "$$INSTALLED/lib/pkgconfig" "$$INSTALLED/lib/cmake/jitdebug" \
	  "$$INSTALLED/bin" "$$INSTALLED/share/man/man1" "$$INSTALLED/share/bash-completion/completions" \
	  "$$INSTALLED/share/zsh/site-functions" "$$INSTALLED/share/fish/vendor_completions.d"
	install -m 755 $(LIBRARY) "$$INSTALLED/lib/libjitdebug.so.$(VERSION)"
	ln -sf libjitdebug.so.$(VERSION) "$$INSTALLED/lib/libjitdebug.so.1"
	ln -sf libjitdebug.so.1 "$$INSTALLED/lib/libjitdebug.so"
	install -m 755 lib/libjitdebug-local.so.1 "$$INSTALLED/lib/"
	install -m 644 include/* "$$INSTALLED/include/"
	umask 022; for file in pkgconfig/jitdebug.pc cmake/jitdebug/jitdebugConfig.cmake \
	  cmake/jitdebug/jitdebugConfigVersion.cmake; do \
	  $(FILL) lib/$${file##*/}.in > "$$INSTALLED/lib/$$file" || exit; done
	install -m 644 LICENSE "$$INSTALLED/share/doc/libjitdebug/"
	install -m 644 lib/jitdebug.supp "$$INSTALLED/share/libjitdebug/"
	install -m 755 $(TOOL) "$$INSTALLED/bin/"
	install -m 644 build/tool/manual/man1/* "$$INSTALLED/share/man/man1/"
	install -m 644 build/tool/manual/jitdebug.bash "$$INSTALLED/share/bash-completion/completions/jitdebug"
	install -m 644 build/tool/manual/_jitdebug "$$INSTALLED/share/zsh/site-functions/"
	install -m 644 build/tool/manual/jitdebug.fish "$$INSTALLED/share/fish/vendor_completions.d/"

lint: setup
	scripts/lint

fmt:
	gofmt -w $$(git ls-files '*.go')
	clang-format-19 -i $$(git ls-files '*.c' '*.h' '*.cpp' '*.hpp')
	scripts/python fmt

clean:
	rm -rf build lib/libjitdebug*.so*
