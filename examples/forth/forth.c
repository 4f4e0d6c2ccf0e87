/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A JIT for a small Forth: every word becomes machine code, and a debugger is
 * at home in it. It stops at a word or a line of the Forth program, steps
 * through its lines, and prints backtraces through Forth and C alike.
 *
 *   cc forth.c -ljitdebug && gdb --args ./a.out squares.forth
 *   (gdb) break square
 *   (gdb) run
 *
 * What it takes is in show(): for each word its name, where its code is, where
 * lines begin in it, and how it keeps its frame. x86-64 Linux.
 */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * A word is a function of the stack's top that returns the new one, whether it
 * is compiled or one of C's. The stack grows down.
 */
typedef int64_t cell;
typedef cell *code(cell *top);

enum {
  NAME = 64,
  WORDS = 256,
  LINES = 4096,
  DEPTH = 64,
  MEMORY = 1 << 20,
  STACK = 1 << 16
};

static struct word {
  char name[NAME];
  code *run;
  size_t size; /* of the code; 0 for a word of C's */
  jitdebug_line *lines;
  size_t line_count;
} words[WORDS];

static size_t word_count;
static jitdebug_line lines[LINES]; /* of all words, one after the other */
static size_t line_count;
static uint8_t *memory, *here; /* the code, and where the next byte goes */

/* The source: what is left of it, and where that is. */
static const char *path, *source;
static uint32_t line = 1, column = 1;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(
    const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%u:%u: ", path, line, column);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(1);
}

/* ---- Words of C's ---- */

static cell *print(cell *top) {
  printf("%lld\n", (long long)*top);
  return top + 1;
}

/* ---- Machine code ---- */

static void emit(const void *bytes, size_t size) {
  if (size > (size_t)(memory + MEMORY - here)) fail("too much code");
  here = (uint8_t *)memcpy(here, bytes, size) + size;
}

#define EMIT(...) \
  emit((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The words that are a few instructions; the stack's top is in %rdi. */
static const struct primitive {
  const char *name, *bytes;
  size_t size;
} primitives[] = {
#define PRIMITIVE(name, bytes) {name, bytes, sizeof bytes - 1}
    /* mov (%rdi), %rax; sub $8, %rdi; mov %rax, (%rdi) */
    PRIMITIVE("dup", "\x48\x8b\x07\x48\x83\xef\x08\x48\x89\x07"),
    /* add $8, %rdi */
    PRIMITIVE("drop", "\x48\x83\xc7\x08"),
    /* mov (%rdi), %rax; xchg %rax, 8(%rdi); mov %rax, (%rdi) */
    PRIMITIVE("swap", "\x48\x8b\x07\x48\x87\x47\x08\x48\x89\x07"),
    /* mov 8(%rdi), %rax; sub $8, %rdi; mov %rax, (%rdi) */
    PRIMITIVE("over", "\x48\x8b\x47\x08\x48\x83\xef\x08\x48\x89\x07"),
/* mov (%rdi), %rax; add $8, %rdi; then an operation on (%rdi) */
#define BINARY(name, bytes) \
  PRIMITIVE(name, "\x48\x8b\x07\x48\x83\xc7\x08" bytes)
    BINARY("+", "\x48\x01\x07"),                 /* add %rax, (%rdi) */
    BINARY("-", "\x48\x29\x07"),                 /* sub %rax, (%rdi) */
    BINARY("*", "\x48\x0f\xaf\x07\x48\x89\x07"), /* imul (%rdi), %rax; mov... */
/* cmp %rax, (%rdi); setCC %al; movzbl %al, %eax; mov %rax, (%rdi) */
#define COMPARISON(name, set) \
  BINARY(name, "\x48\x39\x07\x0f" set "\xc0\x0f\xb6\xc0\x48\x89\x07")
    COMPARISON("=", "\x94"),
    COMPARISON("<", "\x9c"),
    COMPARISON(">", "\x9f"),
};

static void emit_number(cell number) {
  EMIT(0x48, 0x83, 0xef, 8, 0x48, 0xb8); /* sub $8, %rdi; mov $number, %rax */
  emit(&number, sizeof number);
  EMIT(0x48, 0x89, 0x07); /* mov %rax, (%rdi) */
}

static void emit_call(code *called) {
  EMIT(0x48, 0xb8); /* mov $called, %rax */
  emit(&called, sizeof called);
  EMIT(0xff, 0xd0, 0x48, 0x89, 0xc7); /* call *%rax; mov %rax, %rdi */
}

static void emit_return(void) {
  EMIT(0x48, 0x89, 0xf8, 0x5d, 0xc3); /* mov %rdi, %rax; pop %rbp; ret */
}

/* Jumps to a place that is not known yet: patch() says where. */
static uint8_t *emit_jump(void) {
  EMIT(0xe9, 0, 0, 0, 0); /* jmp */
  return here;
}

static uint8_t *emit_jump_if_zero(void) {
  /* mov (%rdi), %rax; add $8, %rdi; test %rax, %rax; jz */
  EMIT(0x48, 0x8b, 0x07, 0x48, 0x83, 0xc7, 0x08, 0x48, 0x85, 0xc0, 0x0f, 0x84,
       0, 0, 0, 0);
  return here;
}

static void patch(uint8_t *jump, const uint8_t *target) {
  int32_t distance = (int32_t)(target - jump);
  memcpy(jump - sizeof distance, &distance, sizeof distance);
}

/* ---- The compiler ---- */

static char token[NAME];

static void skip_to(char end) {
  while (*source && *source != end) {
    column = *source == '\n' ? 1 : column + 1;
    line += *source++ == '\n';
  }
}

/* Reads the next word, past comments; false at the end. */
static int next_token(void) {
  static size_t length; /* of the word before */
  column += (uint32_t)length;
  for (;;) {
    for (; *source && strchr(" \t\n", *source); source++) {
      column = *source == '\n' ? 1 : column + 1;
      line += *source == '\n';
    }
    length = strcspn(source, " \t\n");
    if (length >= NAME) fail("a word of %zu characters", length);
    memcpy(token, source, length);
    token[length] = 0;
    if (!strcmp(token, "\\"))
      skip_to('\n');
    else if (!strcmp(token, "("))
      skip_to(')'), source += *source == ')', column++;
    else
      break;
  }
  source += length;
  return length != 0;
}

static int is(const char *name) { return !strcmp(token, name); }

/* Not the last word, which is being defined. */
static const struct word *find(void) {
  for (size_t i = word_count - 1; i-- > 0;)
    if (is(words[i].name)) return &words[i];
  return NULL;
}

static struct word *add(const char *name, code *run) {
  if (word_count == WORDS) fail("more than %d words", WORDS);
  struct word *word = &words[word_count++];
  *word = (struct word){.run = run, .lines = lines + line_count};
  strcpy(word->name, name);
  return word;
}

/* Notes that the code for the token is from here on. */
static void mark(struct word *word) {
  if (line_count == LINES) fail("more than %d words in the program", LINES);
  lines[line_count++] =
      (jitdebug_line){.offset = (uint64_t)(here - (uint8_t *)word->run),
                      .line = line,
                      .column = column};
  word->line_count++;
}

static struct word *begin_word(const char *name) {
  while ((uintptr_t)here % 16) EMIT(0xcc); /* int3 */
  struct word *word = add(name, (code *)here);
  mark(word);
  EMIT(0x55, 0x48, 0x89, 0xe5); /* push %rbp; mov %rsp, %rbp */
  return word;
}

static void end_word(struct word *word) {
  mark(word);
  emit_return();
  word->size = (size_t)(here - (uint8_t *)word->run);
}

/* The open ifs and loops of a word. */
enum kind { IF, BEGIN };
static struct {
  enum kind kind;
  uint8_t *place; /* of an if: behind its jump */
} open[DEPTH];
static size_t depth;

static void push(enum kind kind, uint8_t *place) {
  if (depth == DEPTH) fail("nested too deeply");
  open[depth].kind = kind;
  open[depth++].place = place;
}

static uint8_t *pop(enum kind kind) {
  if (!depth || open[depth - 1].kind != kind)
    fail("%s without %s", token, kind == IF ? "if" : "begin");
  return open[--depth].place;
}

static void compile_token(struct word *word) {
  const struct word *known;
  char *end;
  cell number = strtoll(token, &end, 0);
  mark(word);
  if ((known = find())) {
    emit_call(known->run);
    return;
  }
  for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
    if (is(primitives[i].name)) {
      emit(primitives[i].bytes, primitives[i].size);
      return;
    }
  if (is("if")) {
    push(IF, emit_jump_if_zero());
  } else if (is("else")) {
    uint8_t *past = emit_jump();
    patch(pop(IF), here);
    push(IF, past);
  } else if (is("then")) {
    patch(pop(IF), here);
  } else if (is("begin")) {
    push(BEGIN, here);
  } else if (is("until")) {
    const uint8_t *start = pop(BEGIN);
    patch(emit_jump_if_zero(), start);
  } else if (is("exit")) {
    emit_return();
  } else if (is("recurse")) {
    emit_call(word->run);
  } else if (!*end) {
    emit_number(number);
  } else {
    fail("%s is not a word", token);
  }
}

static void compile_definition(void) {
  if (!next_token()) fail(": without a name");
  struct word *word = begin_word(token);
  while (next_token() && !is(";")) compile_token(word);
  if (!is(";")) fail("%s does not end in ;", word->name);
  if (depth) fail("%s leaves something open", word->name);
  end_word(word);
}

/* Compiles the program: definitions first, then what is to be done. */
static code *compile(void) {
  int more;
  while ((more = next_token()) && is(":")) compile_definition();
  struct word *program = begin_word("(program)");
  for (; more; more = next_token()) compile_token(program);
  if (depth) fail("the program leaves something open");
  end_word(program);
  return program->run;
}

/* ---- For debuggers ---- */

/* Shows the compiled words, all in one call. Their code is in place by now: the
 * library looks at it for where a word sets up its frame and gives it up. */
static jitdebug_registration *show(void) {
  jitdebug_function functions[WORDS] = {0};
  jitdebug_registration *registration = NULL;
  size_t count = 0;
  for (const struct word *word = words; word < words + word_count; word++)
    if (word->size)
      functions[count++] = (jitdebug_function){
          .struct_size = sizeof(jitdebug_function),
          .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
          .name = word->name,
          .address = (const void *)word->run,
          .size = word->size,
          .file = path,
          .lines = word->lines,
          .line_count = word->line_count,
      };
  /* Not worth ending for: the program runs without. */
  if (jitdebug_register_functions(functions, count, 0, &registration))
    fprintf(stderr, "no debugging: %s\n", jitdebug_last_error());
  return registration;
}

static char *read_file(const char *name) {
  FILE *file = fopen(name, "rb");
  size_t size = 0;
  char *text = malloc(MEMORY);
  if (!file || !text) {
    perror(name);
    exit(1);
  }
  size = fread(text, 1, MEMORY - 1, file);
  text[size] = 0;
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  static cell stack[STACK];
  if (argc != 2) {
    fprintf(stderr, "usage: %s PROGRAM\n", argv[0]);
    return 2;
  }
  path = realpath(argv[1], NULL); /* a debugger may run elsewhere */
  char *text = read_file(argv[1]);
  source = text;
  memory = here = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  add(".", print);
  code *program = compile();
  if (mprotect(memory, MEMORY, PROT_READ | PROT_EXEC)) {
    perror("mprotect");
    return 1;
  }
  jitdebug_registration *registration = show();
  program(stack + STACK);

  /* Before the code goes, its names do. */
  jitdebug_unregister(registration);
  munmap(memory, MEMORY);
  free(text);
}
