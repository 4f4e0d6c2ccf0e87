/* What a busy host and the program that stops it both have mapped. */
#ifndef STOPS_H
#define STOPS_H

#include "list.h"

enum { STOPS_FD = 42, THREADS = 4, KEPT = 8, BATCH = 3 };

struct shared {
  const struct descriptor *volatile descriptor;
  volatile int finish;
};

#endif
