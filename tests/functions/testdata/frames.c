/*
 * Functions with frames of all kinds, to be stepped through from the first
 * instruction to the last. What calls them is main, directly.
 */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

/* The code, as a JIT would have put it out; it is copied before it runs. */
__asm__(
    ".macro function name\n"
    ".pushsection .rodata\n"
    ".globl \\name, \\name\\()_end\n"
    "\\name:\n"
    ".endm\n"
    ".macro end name\n"
    "\\name\\()_end: .popsection\n"
    ".endm\n"

    "function frame_pointer\n"
    "push %rbp; mov %rsp, %rbp; sub $0x20, %rsp; mov %rdi, -8(%rbp)\n"
    "call *%rdi\n"
    "mov $0xc35d, %eax\n" /* has the bytes of pop %rbp; ret */
    "leave; ret\n"
    "end frame_pointer\n"

    /* Saves registers, has two exits and a constant between them. */
    "function two_exits\n"
    "endbr64; push %rbp; mov %rsp, %rbp; push %rbx; push %r12\n"
    "test %rdi, %rdi; jne 1f\n"
    "pop %r12; pop %rbx; pop %rbp; ret\n"
    ".quad 0x123456789abcdef0\n"
    "1: call *%rdi; xor %eax, %eax; lea -16(%rbp), %rsp; pop %r12; pop %rbx\n"
    "pop %rbp; vzeroupper; ret\n"
    "end two_exits\n"

    /* What a compiler schedules into the prologue, and a jump at the end. */
    "function tail_call\n"
    "mov %rdi, %rax; push %rbp; test %rsi, %rsi; mov %rsp, %rbp; nop\n"
    "pop %rbp; jmp *%rax\n"
    "end tail_call\n"

    "function leaf\n"
    "mov $1, %eax; add %eax, %eax; ret\n"
    "end leaf\n"

    "function big_frame\n"
    "sub $0x1008, %rsp; movb $1, (%rsp); call *%rdi; add $0x1008, %rsp; ret\n"
    "end big_frame\n"

    "function pushes\n"
    "push %rbx; push %rbp; push %r12; mov $1, %ebx; mov %ebx, %r12d\n"
    "mov %ebx, %ebp; call *%rdi; pop %r12; pop %rbp; pop %rbx; ret\n"
    "end pushes\n");

/* DWARF's call frame instructions, and its numbers of registers. */
enum { RBX = 3, RBP = 6, R12 = 12 };
#define ADVANCE(bytes) 0x40 | (bytes)
#define DEFINE_OFFSET(bytes) 0x0e, bytes
#define OFFSET(reg, words) 0x80 | (reg), words
#define RESTORE(reg) 0xc0 | (reg)

static const uint8_t big_frame_cfi[] = {
    ADVANCE(7),  DEFINE_OFFSET(0x90), 0x20, /* 0x1010 */
    ADVANCE(13), DEFINE_OFFSET(8),
};

static const uint8_t pushes_cfi[] = {
    ADVANCE(1),  DEFINE_OFFSET(16), OFFSET(RBX, 2), /* push %rbx */
    ADVANCE(1),  DEFINE_OFFSET(24), OFFSET(RBP, 3), /* push %rbp */
    ADVANCE(2),  DEFINE_OFFSET(32), OFFSET(R12, 4), /* push %r12 */
    ADVANCE(14), DEFINE_OFFSET(24), RESTORE(R12),   /* to pop %r12 */
    ADVANCE(1),  DEFINE_OFFSET(16), RESTORE(RBP),   /* pop %rbp */
    ADVANCE(1),  DEFINE_OFFSET(8),  RESTORE(RBX),   /* pop %rbx */
};

#define FUNCTIONS(X)                                     \
  X(frame_pointer, FRAME_POINTER, NULL, 0)               \
  X(two_exits, FRAME_POINTER, NULL, 0)                   \
  X(tail_call, FRAME_POINTER, NULL, 0)                   \
  X(leaf, CFI, NULL, 0)                                  \
  X(big_frame, CFI, big_frame_cfi, sizeof big_frame_cfi) \
  X(pushes, CFI, pushes_cfi, sizeof pushes_cfi)

#define X(name, ...) extern const char name[], name##_end[];
FUNCTIONS(X)
#undef X

typedef void generated(void (*called)(void));

__attribute__((noinline)) void look(void) { __asm__ volatile("" ::: "memory"); }

int main(void) {
  char *memory = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory for code");
  jitdebug_function functions[16] = {0};
  size_t count = 0;
#define X(symbol, how, instructions, length)    \
  functions[count] = (jitdebug_function){       \
      .struct_size = sizeof(jitdebug_function), \
      .unwind = JITDEBUG_UNWIND_##how,          \
      .name = #symbol,                          \
      .address = memory + 4096 * count,         \
      .size = (size_t)(symbol##_end - symbol),  \
      .cfi = instructions,                      \
      .cfi_size = length,                       \
  };                                            \
  memcpy(memory + 4096 * count++, symbol, (size_t)(symbol##_end - symbol));
  FUNCTIONS(X)
#undef X
  jitdebug_registration *registration;
  int32_t status =
      jitdebug_register_functions(functions, count, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  look();
  for (size_t i = 0; i < count; i++) {
    ((generated *)functions[i].address)(look);
    if (!strcmp(functions[i].name, "two_exits"))
      ((generated *)functions[i].address)(NULL);
  }
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
  printf("all stepped\n");
}
