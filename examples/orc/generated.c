/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
static int calls;

static int square(int number) {
  int result = number * number;
  calls++;
  return result;
}

int entry(int limit) {
  int total = 0;
  for (int i = 1; i <= limit; i++) total += square(i);
  return total;
}
