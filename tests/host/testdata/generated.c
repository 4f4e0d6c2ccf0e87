/* What a JIT might have generated: Images compiles it. */
static int square(int number) { return number * number; }

int generated(int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) sum += square(i);
  return sum;
}
