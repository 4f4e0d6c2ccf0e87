# A thin front door: every target says what it runs.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell cat VERSION)
LIBRARY := lib/libjitdebug.so.1
SOURCES := $(shell find . -path ./tests -prune -o -path ./build -prune -o \
             \( -name '*.go' -o -name '*.[chs]' \) -print) go.mod go.sum lib/jitdebug.map

# The runtime as a guest; docs/rationale.md says why each.
GODEBUG_DEFAULT := asyncpreemptoff=1,gcshrinkstackoff=1,invalidptr=0,containermaxprocs=0,updatemaxprocs=0
LDFLAGS = -w -X=runtime.godebugDefault=$(GODEBUG_DEFAULT) \
  -extldflags '-Wl,-soname,$(notdir $(LIBRARY)) -Wl,--version-script=$(abspath lib/jitdebug.map)'
# Go's build cache does not look at headers of other directories.
HEADERS := $(shell cat gate.h include/*.h internal/*/*.h | cksum | cut -d' ' -f1)
BUILD = CGO_ENABLED=1 CGO_CFLAGS="-O2 -g -DHEADERS=$(HEADERS)" go build -trimpath -buildvcs=false -buildmode=c-shared -ldflags "$(LDFLAGS)"

.PHONY: lib demo test bench install lint fmt clean setup

lib: $(LIBRARY) lib/libjitdebug.so lib/libjitdebug-local.so.1

$(LIBRARY): $(SOURCES)
	$(BUILD) -o $@ .
	@rm -f lib/libjitdebug.so.h lib/libjitdebug.h

lib/libjitdebug.so: $(LIBRARY)
	ln -sf $(notdir $<) $@

# Its symbols are local and must stay: never strip it.
lib/libjitdebug-local.so.1: lib/local.c internal/gdbjit/descriptor.h
	$(CC) -shared -fPIC -O2 -Wall -Wextra -Wl,-soname,$(notdir $@) -o $@ $<

# The library that panics on purpose, for tests/guest.
build/fault/libjitdebug.so.1: $(SOURCES)
	$(BUILD) -tags jitdebug_fault -o $@ .
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
	install -m 755 lib/libjitdebug-local.so.1 $(DESTDIR)$(PREFIX)/lib/
	install -m 644 include/jitdebug.h $(DESTDIR)$(PREFIX)/include/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' lib/jitdebug.pc.in \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/jitdebug.pc

lint: setup
	scripts/lint

fmt:
	gofmt -w .
	clang-format-19 -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build lib/libjitdebug*.so*
