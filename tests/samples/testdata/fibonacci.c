/* Generated code as a JIT's C back end might emit it: types, locals, loops. */
typedef unsigned long counter;

enum colour { RED, GREEN = 5, BLUE };

struct node {
  struct node *next;
  enum colour colour;
  union {
    int i;
    double d;
  } value;
  int bits : 3;
  char name[12];
};

static int calls;
counter fibonacci(counter n);

static __attribute__((noinline)) int sum(const struct node *list) {
  int total = 0;
  for (; list; list = list->next) {
    int part = list->value.i + (int)list->colour;
    total += part;
  }
  return total;
}

static inline int twice(int x) {
  int y = x * 2;
  return y;
}

counter fibonacci(counter n) {
  calls++;
  if (n < 2) return n;
  counter before = fibonacci(n - 2);
  return before + fibonacci(n - 1);
}

int (*choose(int which))(const struct node *) {
  switch (which) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      return sum;
  }
  return (int (*)(const struct node *))0;
}

int jit_main(int argc, struct node *nodes) {
  struct node last = {nodes, BLUE, {.i = twice(argc)}, 1, "last"};
  counter f = fibonacci((counter)argc);
  {
    volatile int inner = sum(&last);
    return inner + (int)f + calls;
  }
}
