/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the JIT of host.c "generates": at a fixed address, and in no program. */

static int square(int number) {
  int result = number * number;
  return result;
}

int sum_of_squares(int limit) {
  int total = 0;
  for (int number = 1; number <= limit; number++) total += square(number);
  return total;
}
