# A thin front door: every target says what it runs.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell cat VERSION)
LIBRARY := lib/libjitdebug.so.1
SOURCES := $(shell find . -path ./tests -prune -o -path ./build -prune -o \
             \( -name '*.go' -o -name '*.[chs]' \) -print) go.mod go.sum lib/jitdebug.map scripts/build

.PHONY: lib demo test bench install lint fmt clean setup

lib: $(LIBRARY) lib/libjitdebug.so

$(LIBRARY): $(SOURCES)
	scripts/build $@

lib/libjitdebug.so: $(LIBRARY)
	ln -sf $(notdir $<) $@

# The library that panics on purpose, for tests/guest.
build/fault/libjitdebug.so.1: $(SOURCES)
	scripts/build $@ -tags jitdebug_fault
	ln -sf libjitdebug.so.1 $(@D)/libjitdebug.so

setup:
	@scripts/setup

demo: setup lib
	@examples/demo/run

test: setup lib build/fault/libjitdebug.so.1
	scripts/test

bench: setup lib
	bench/run

install: lib
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 755 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/libjitdebug.so.$(VERSION)
	ln -sf libjitdebug.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libjitdebug.so.1
	ln -sf libjitdebug.so.1 $(DESTDIR)$(PREFIX)/lib/libjitdebug.so
	install -m 644 include/jitdebug.h $(DESTDIR)$(PREFIX)/include/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' lib/jitdebug.pc.in \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/jitdebug.pc

lint: setup
	scripts/lint

fmt:
	gofmt -w .
	clang-format-19 -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build lib/libjitdebug.so*
