/* What the debuggers are to stop in. NAME is the object's own. */
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

struct sum {
  volatile int terms;
  volatile long total;
};

int JOIN(NAME, _calls);
static int zero;
static volatile int latest;

__attribute__((noinline)) int JOIN(NAME, _square)(int value, struct sum *sum) {
  int square = value * value + zero;
  JOIN(NAME, _calls)++;
  __asm__ volatile("" : "+r"(square) : : "memory");
  latest = square; /* stop here */
  sum->terms++;
  sum->total += square;
  __asm__ volatile("" : : "r"(value), "r"(sum));
  return square;
}

int NAME(int limit) {
  struct sum sum = {0, 0};
  for (int i = 1; i <= limit; i++) JOIN(NAME, _square)(i, &sum);
  return (int)sum.total;
}
