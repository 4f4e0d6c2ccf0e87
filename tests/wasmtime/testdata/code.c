/* Compiled to wasm, with NAME as its function. */
static int square(int number) {
  int result = number * number;
  return result;
}

__attribute__((export_name(EXPORT))) int NAME(int limit) {
  int total = 0;
  for (int i = 1; i <= limit; i++) {
    total += square(i);
  }
  return total;
}
