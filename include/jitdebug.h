/*
 * libjitdebug: makes code generated at run time visible to gdb and lldb.
 *
 * A runtime hands over an ELF image of the code it generated; the library puts
 * it on the process's one list for the GDB JIT interface and tells the
 * debugger. All runtimes in a process share that list, whichever language they
 * are in.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Conventions
 *
 *   Status    Functions return JITDEBUG_OK (0) or a negative status. Test the
 *             code; show people jitdebug_last_error().
 *   Outputs   are written on success only.
 *   Threads   Every function may be called from any thread at any time, from a
 *             stack of 64 KiB and more, and from a fiber (a switched stack).
 *             None may be called from a signal handler.
 *   Handles   are opaque and never dereferenced: a stale, foreign or invented
 *             one is answered with a status. A handle that is unregistered is
 *             recognised as stale for at least the next 65,536 unregistrations.
 *   Start     Loading the library starts nothing. The first call that registers
 *             something does: three threads, and memory for Go, in which the
 *             library is written. Where the process cannot have them the call
 *             answers JITDEBUG_E_MEMORY or JITDEBUG_E_UNSUPPORTED, and the next
 *             one tries again. No thread is started later.
 *   fork      A child of fork() goes on with the parent's list and handles, and
 *             so does its child. If the parent had called the library, the
 *             child's first call loads the library's file once more, which
 *             takes milliseconds, three threads, and a descriptor (closed by
 *             exec) that a debugger may read; if not, the child starts as its
 *             parent would have. Where that is impossible, functions that
 *             return a status answer JITDEBUG_E_FORKED, at once, and the next
 *             call tries again; in a child that clone() or _Fork() made, for
 *             good. What another thread was registering or
 *             unregistering at the moment of the fork is not registered in the
 *             child. After exec all is new.
 *   The host  Nothing is printed; signal dispositions, signal masks, alternate
 *             stacks, errno, the environment and the locale stay as they are.
 *   ABI       The SONAME is libjitdebug.so.1 for good. Values and functions are
 *             added, never changed.
 *
 * The GDB JIT interface is specified in the gdb manual, "JIT Compilation
 * Interface"; the image is ELF (System V gABI), its debug information DWARF.
 */
#ifndef JITDEBUG_H
#define JITDEBUG_H

#include <stddef.h>
#include <stdint.h>

/* The version that this header belongs to; see jitdebug_version(). */
#define JITDEBUG_VERSION_MAJOR 1
#define JITDEBUG_VERSION_MINOR 0
#define JITDEBUG_VERSION_PATCH 0

#if defined(__GNUC__)
#define JITDEBUG_API __attribute__((visibility("default")))
#else
#define JITDEBUG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One or more images that were registered together. Since 1.0. */
typedef struct jitdebug_registration jitdebug_registration;

/* An ELF image in memory: its first byte and its size in bytes. Since 1.0. */
typedef struct jitdebug_image {
  const void *data;
  size_t size;
} jitdebug_image;

/*
 * Flags of the registering functions, combined with |. 0 copies the image, so
 * that the caller's buffer is free again when the call returns. Since 1.0.
 */
enum {
  /* No copy: the caller keeps the buffer alive, readable and unchanged until
   * the registration is unregistered. Its sections that were not loaded should
   * not have SHF_ALLOC: with the flag at address 0 they take gdb time that
   * grows with the square of the number of images. From copies the library
   * removes it. */
  JITDEBUG_BORROW = 1,
  /* Never wait for another thread that is changing the list: return
   * JITDEBUG_E_BUSY instead. A wait is short, unless a debugger is reading. */
  JITDEBUG_NOWAIT = 2,
  /* Do not look inside the image: it is in a format for which the user has
   * loaded a reader into the debugger (gdb: jit-reader-load). */
  JITDEBUG_OPAQUE = 4
};

/* What a function returns. Since 1.0. */
enum {
  JITDEBUG_OK = 0,
  /* NULL where a value is needed, a size or a count of 0, an index past the
   * end, an unknown flag. */
  JITDEBUG_E_ARGUMENT = -1,
  /* Not a handle that this library gave out. */
  JITDEBUG_E_HANDLE = -2,
  /* A handle that is unregistered already. */
  JITDEBUG_E_STALE = -3,
  /* No debugger could read this image; the error's text says why. */
  JITDEBUG_E_IMAGE = -4,
  /* Out of memory, or of the threads that the first call starts; nothing
   * changed, and a later call can succeed. */
  JITDEBUG_E_MEMORY = -5,
  /* JITDEBUG_NOWAIT was given, and another thread was changing the list. */
  JITDEBUG_E_BUSY = -6,
  /* This process was forked, and the library cannot start in it (see fork);
   * the error's text says why, and a later call tries again. */
  JITDEBUG_E_FORKED = -7,
  /* JITDEBUG_BORROW, and an image at this address is registered already: lldb
   * tells images apart by their address. */
  JITDEBUG_E_DUPLICATE = -8,
  /* Known, but not on this platform or in this build; or the process forbids
   * what the library needs, as a sandbox can: the error's text says what. */
  JITDEBUG_E_UNSUPPORTED = -9,
  /* A defect of this library, caught at its boundary; the process lives on. */
  JITDEBUG_E_INTERNAL = -10
};

/*
 * Registers one ELF image: when this returns JITDEBUG_OK, an attached debugger
 * knows its symbols, and one that attaches later will.
 *
 *   image         the first byte of a relocatable (ET_REL), executable or
 *                 shared (ET_EXEC, ET_DYN) ELF file for this machine, its
 *                 addresses those at which the code was loaded: sh_addr in
 *                 ET_REL (symbols stay relative to their section), sh_addr and
 *                 st_value otherwise. Copied unless JITDEBUG_BORROW.
 *   size          its size in bytes.
 *   flags         0, or JITDEBUG_BORROW, _NOWAIT, _OPAQUE combined.
 *   registration  receives the handle; the caller owns it and gives it back
 *                 with jitdebug_unregister().
 *
 * Returns JITDEBUG_OK; E_ARGUMENT: image or registration is NULL, size is 0, or
 * a flag is unknown; E_IMAGE: no debugger could read the image, or its memory
 * cannot be read; E_DUPLICATE; E_BUSY: JITDEBUG_NOWAIT; E_MEMORY; E_FORKED;
 * E_INTERNAL. On failure nothing is registered. Since 1.0.
 */
JITDEBUG_API int32_t jitdebug_register(const void *image, size_t size,
                                       uint32_t flags,
                                       jitdebug_registration **registration);

/*
 * Registers several images under one handle, all or none. One call for many
 * images costs a fraction of as many calls.
 *
 *   images        an array of count images, each as for jitdebug_register();
 *                 the array itself is free again on return, whatever the flags.
 *   count         the number of images, at least 1.
 *   flags         as for jitdebug_register(), for each of them.
 *   registration  receives the handle.
 *
 * Returns what jitdebug_register() returns; the text says which image, counted
 * from 0. E_ARGUMENT also where images is NULL or count is 0, E_DUPLICATE also
 * where a borrowed address is twice in the array. Since 1.0.
 */
JITDEBUG_API int32_t
jitdebug_register_batch(const jitdebug_image *images, size_t count,
                        uint32_t flags, jitdebug_registration **registration);

/* Where a section of an object file was loaded. Since 1.0. */
typedef struct jitdebug_section {
  uint32_t struct_size; /* sizeof(jitdebug_section) */
  uint32_t index;       /* of the section header; 0: find it by name */
  const char *name;     /* NULL: by index alone; with both, they must agree */
  const void *address;  /* of its first byte in this process */
} jitdebug_section;

/*
 * Registers an object file, as a compiler wrote it (gcc, clang, a Fortran
 * compiler, LLVM's emitObject or llvmlite's emit_object), whose sections the
 * caller has loaded and relocated. The library makes the image: it decompresses
 * the debug information, gives it the addresses, and leaves out what was not
 * loaded. The caller need not have loaded .eh_frame for debuggers to unwind.
 *
 *   object        the first byte of a relocatable (ET_REL) ELF file for this
 *                 machine. It is copied, and free again on return.
 *   size          its size in bytes.
 *   sections      an array of count places, in any order; free again on return,
 *                 names too. Each loaded section of the object's code and data
 *                 that a debugger shall know: what is left out counts as not
 *                 loaded. A name that several sections have (COMDAT functions,
 *                 -fno-unique-section-names) does not tell them apart: use the
 *                 index. Places of sections that no program loads, such as
 *                 .debug_info, and of empty ones, are allowed and of no use.
 *                 Variables that only a linker gives a place (COMMON: Fortran's
 *                 common blocks, gcc -fcommon) are in no section, and stay
 *                 unknown.
 *   count         the number of places, at least 1.
 *   flags         0 or JITDEBUG_NOWAIT.
 *   registration  receives the handle; jitdebug_registration_image() shows the
 *                 image that was made.
 *
 * Returns JITDEBUG_OK; E_ARGUMENT: a pointer is NULL, size or count is 0, a
 * flag is unknown or another than NOWAIT; or one of the sections, which the
 * text names by its number from 0: a struct_size that is smaller than that
 * of 1.0, other than the first one's, or larger with something in it that this
 * version does not know; neither name nor index, a section that the object does
 * not have or that several could be; no address; two in one place, or one in
 * two; or the object has code, and no section that is given has any bytes of
 * code or data. E_IMAGE: not an object file of this machine, or it is damaged,
 * or its memory cannot be read. E_UNSUPPORTED: something in it is not known to
 * this version, such as a kind of relocation, which the text names. E_BUSY:
 * JITDEBUG_NOWAIT; E_MEMORY; E_FORKED; E_INTERNAL. On failure nothing is
 * registered. Since 1.0.
 */
JITDEBUG_API int32_t jitdebug_register_object(
    const void *object, size_t size, const jitdebug_section *sections,
    size_t count, uint32_t flags, jitdebug_registration **registration);

/*
 * Where the code of a source line begins: at offset bytes from the function's
 * address. Line 0 is code that comes from no line (gdb shows the one before),
 * column 0 the whole line.
 * Since 1.0.
 */
typedef struct jitdebug_line {
  uint64_t offset;
  uint32_t line;
  uint32_t column;
} jitdebug_line;

/* How a debugger gets from a function's frame to its caller's. Since 1.0. */
enum {
  /* Nothing is said: the debugger looks at the code and guesses. */
  JITDEBUG_UNWIND_NONE = 0,
  /* The function keeps the frame pointer (x86-64: rbp, arm64: x29): it points
   * to the caller's, and the return address is next to that. The code is read
   * for its prologue and its epilogues, in which that does not hold yet or no
   * longer, so it has to be in place. Where it cannot be read, or its beginning
   * is no prologue that is known, the rule holds for all of it. Other registers
   * that it saves for its caller are not found: JITDEBUG_UNWIND_CFI. */
  JITDEBUG_UNWIND_FRAME_POINTER = 1,
  /* The caller's own call frame instructions, in cfi. */
  JITDEBUG_UNWIND_CFI = 2
};

/*
 * A function that was generated. Zero the structure, set struct_size, then what
 * there is to say. All of it is copied. Since 1.0.
 */
typedef struct jitdebug_function {
  uint32_t struct_size; /* sizeof(jitdebug_function) */
  uint32_t unwind;      /* JITDEBUG_UNWIND_ and how */
  /* What debuggers show, byte for byte, and take in breakpoints: not empty, at
   * most 65,535 bytes. Any text is a name, a C++ or Rust one that is mangled
   * stays so. Functions may have the same name. */
  const char *name;
  /* The first byte of the code and its size in bytes, below 4 GiB. */
  const void *address;
  size_t size;
  /* The path of the source file, or NULL; not empty, at most 4,095 bytes. As
   * with a compiler, a debugger looks for a relative one where it runs. */
  const char *file;
  /* Where lines begin, by offsets that do not descend, each below size; of
   * equal ones the last counts. What is in front of the first has no line. Line
   * numbers are at most 2,147,483,647. With lines, file may not be NULL. */
  const jitdebug_line *lines;
  size_t line_count;
  /* With JITDEBUG_UNWIND_CFI: DW_CFA instructions (DWARF, "Call Frame
   * Information"), cfi_size bytes; else NULL and 0. They go on from the state
   * at the entry (x86-64: the CFA is rsp+8, the return address at CFA-8;
   * arm64: the CFA is sp, the return address in x30). The code alignment
   * factor is 1, the data alignment factor -8. */
  const void *cfi;
  size_t cfi_size;
} jitdebug_function;

/*
 * Registers functions of which there is no image: the library writes one, with
 * symbols and DWARF. When this returns JITDEBUG_OK, an attached debugger knows
 * their names, lines and frames, and one that attaches later will.
 *
 *   functions     an array of count functions, in any order, of which no two
 *                 overlap. Its elements are functions[0].struct_size bytes
 *                 apart, so that a caller may know a later version of the
 *                 structure: what this one does not know must be zero. Copied.
 *   count         the number of functions, at least 1.
 *   flags         0 or JITDEBUG_NOWAIT.
 *   registration  receives the handle.
 *
 * The functions of several calls share images: many small ones are slow in a
 * debugger. A call that finds one full, one in a hundred or so, writes it anew
 * and takes longer, by up to 256 functions. No name is missing meanwhile.
 *
 * Returns JITDEBUG_OK; E_ARGUMENT: functions or registration is NULL, count is
 * 0, a flag is unknown or for images alone, or a function is not as said above,
 * and the text says which, counted from 0, and what; E_BUSY: JITDEBUG_NOWAIT;
 * E_MEMORY; E_UNSUPPORTED: the process's list is kept by an older copy of the
 * library, which lacks this function; E_FORKED; E_INTERNAL. On failure nothing
 * is registered. Since 1.0.
 */
JITDEBUG_API int32_t jitdebug_register_functions(
    const jitdebug_function *functions, size_t count, uint32_t flags,
    jitdebug_registration **registration);

/*
 * Unregisters: when this returns, a debugger has forgotten the images, copies
 * are freed, borrowed buffers are the caller's again, and so is the code
 * memory, with no debugger's breakpoint left in it.
 *
 *   registration  the handle, of no use afterwards. NULL is fine, like free().
 *
 * Of several threads that give back the same handle one gets JITDEBUG_OK, the
 * others E_STALE. Waits while another thread changes the list.
 * Returns JITDEBUG_OK, E_HANDLE, E_STALE, E_FORKED or E_INTERNAL. Since 1.0.
 */
JITDEBUG_API int32_t jitdebug_unregister(jitdebug_registration *registration);

/*
 * Tells what a debugger is reading: the library's copy, or the caller's buffer
 * with JITDEBUG_BORROW. What the library has changed in a copy (see BORROW) it
 * puts back first. Of functions, it shows an image with those of the
 * registration alone, made by the first call, where a debugger may be reading
 * them together with others.
 *
 *   registration  a live handle.
 *   index         which image, from 0, in the order of the batch.
 *   image, size   receive the address and the size in bytes. The bytes are good
 *                 until the handle is unregistered, and must not be changed,
 *                 freed or registered again.
 *
 * Waits while another thread changes the list. Returns JITDEBUG_OK,
 * E_ARGUMENT: registration, image or size is NULL, or index is past the end;
 * E_HANDLE, E_STALE, E_FORKED or E_INTERNAL; E_MEMORY: of functions.
 * Since 1.0.
 */
JITDEBUG_API int32_t
jitdebug_registration_image(const jitdebug_registration *registration,
                            size_t index, const void **image, size_t *size);

/*
 * Names a status in a few words, such as "stale handle"; for a number that is
 * no status it says so. The text is static and never NULL. Works in a forked
 * child. Since 1.0.
 */
JITDEBUG_API const char *jitdebug_status_string(int32_t status);

/*
 * Says in a sentence why this thread's latest failing call failed, naming the
 * argument, field or image at fault and its value. "" if none failed; a call
 * that succeeds leaves it. The text is UTF-8, never NULL, the library's, and
 * good until this thread's next failing call or its end. Works in a forked
 * child. Since 1.0.
 */
JITDEBUG_API const char *jitdebug_last_error(void);

/*
 * Says in a sentence what debuggers cannot see in this process although it is
 * registered, and why: a program, or a library loaded earlier, that has a
 * __jit_debug_descriptor of its own keeps lldb, and some versions of gdb, from
 * this library's. "" if there is nothing of the kind, and before the first
 * registration. Static text, never NULL. Works in a forked child. Since 1.0.
 */
JITDEBUG_API const char *jitdebug_notice(void);

/*
 * The version of the loaded library: major << 16 | minor << 8 | patch. Works in
 * a forked child. Since 1.0.
 */
JITDEBUG_API uint32_t jitdebug_version(void);

#ifdef __cplusplus
}
#endif

#endif /* JITDEBUG_H */
