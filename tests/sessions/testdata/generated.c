/* Generated code, for each compiler, DWARF version and kind of image. */
#ifndef GENERATED
#define GENERATED sum_of_squares
#endif

static int square(int number) {
  int result = number * number;
  return result;
}

int GENERATED(int limit) {
  int total = 0;
  for (int number = 1; number <= limit; number++) total += square(number);
  return total;
}
