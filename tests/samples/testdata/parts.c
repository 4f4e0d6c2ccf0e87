/* C with what fibonacci.c has not: unions, bit-fields, arrays of two kinds,
   function pointers, variables in blocks, macros. */
#define LIMIT 4
#define SCALE(x) ((x) * LIMIT)

enum colour { RED, GREEN = 7, BLUE = -1 };

union value {
  long number;
  double real;
  const char *text;
  struct {
    unsigned kind : 3;
    signed rest : 29;
  } bits;
};

typedef union value value_t;

struct item {
  struct item *next;
  value_t values[LIMIT][2];
  enum colour colour;
  int (*call)(const struct item *, int);
  volatile _Bool used;
};

static struct item first = {.colour = GREEN};
__thread int depth;

static int weigh(const struct item *item, int n) {
  int table[n > 0 ? n : 1];
  for (int i = 0; i < n; i++) table[i] = SCALE(item->colour) + i;
  return n > 0 ? table[n - 1] : depth;
}

static inline __attribute__((always_inline)) long sum(const value_t *v) {
  long total = 0;
  for (int i = 0; i < LIMIT; i++)
    total += v[i].bits.kind + __builtin_popcountl(v[i].number);
  return total;
}

int jit_main(int n, ...) {
  struct item item = first;
  item.call = weigh;
  item.next = &first;
  {
    long inner = sum(item.values[0]);
    if (inner > n) goto out;
    item.values[1][0].number = inner;
  }
  return item.call(&item, n) + (int)item.values[1][0].number;
out:
  return SCALE(n);
}
