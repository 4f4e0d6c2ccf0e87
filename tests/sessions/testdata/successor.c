/* What is generated later into the memory of generated.c. */

static int cube(int number) {
  int result = number * number * number;
  return result;
}

int sum_of_cubes(int limit) {
  int total = 0;
  for (int number = 1; number <= limit; number++) total += cube(number);
  return total;
}
