// What the debuggers are to stop in. NAME is the object's own.
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

static volatile long latest;

namespace JOIN(NAME, _space) {

struct too_large {
  int value;
};

__attribute__((noinline)) void check(long value, long limit) {
  if (value > limit) throw too_large{static_cast<int>(value)};
}

template <class T, int Limit>
struct sum {
  volatile int terms = 0;
  volatile T total = 0;
  __attribute__((noinline)) T add(T value) {
    T square = value * value;
    __asm__ volatile("" : "+r"(square) : : "memory");
    latest = square; /* stop here */
    terms = terms + 1;
    check(value, Limit);
    total = total + square;
    __asm__ volatile("" : : "r"(value), "r"(this));
    return square;
  }
};

}  // namespace JOIN(NAME,_space)

int JOIN(NAME, _calls);

extern "C" int NAME(int limit) {
  JOIN(NAME, _space)::sum<long, 4> sum;
  try {
    for (int i = 1; i <= limit + 3; i++) {
      JOIN(NAME, _calls)++;
      latest = sum.add(i);
    }
  } catch (JOIN(NAME, _space)::too_large) {
    latest = 0; /* caught here */
  }
  return static_cast<int>(sum.total);
}
