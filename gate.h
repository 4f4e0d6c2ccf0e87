/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What passes between the gate and the Go side of its functions. Addresses and
 * handles are integers here: a caller's can be anything, and what Go is told is
 * a pointer its runtime believes. */
#ifndef JITDEBUG_GATE_H
#define JITDEBUG_GATE_H

#include "include/jitdebug.h"

enum { GATE_TEXT_SIZE = 512, GATE_ROOM_SIZE = 1024 };

/* The functions that have a Go side, each with a structure of its name; the
 * last has none. */
enum gate_function {
  GATE_REGISTER,
  GATE_REGISTER_BATCH,
  GATE_REGISTER_FUNCTIONS,
  GATE_REGISTER_OBJECT,
  GATE_UNREGISTER,
  GATE_REGISTRATION_IMAGE,
  GATE_ADOPT
};

/* Addresses of C memory. */
struct gate_memory {
  uintptr_t entries, copies;
};

/* What every registering function has. */
struct gate_registering {
  uint32_t flags;
  uintptr_t output;          /* where the caller wants the handle */
  uintptr_t handle;          /* the result */
  struct gate_memory memory; /* what is 0 is had as it is needed; the gate frees
                              * it if the call fails */
};

struct gate_register {
  struct gate_registering registering;
  uintptr_t image;
  size_t size;
};

struct gate_register_batch {
  struct gate_registering registering;
  uintptr_t images;
  size_t count;
};

struct gate_register_functions {
  struct gate_registering registering;
  uintptr_t functions;
  size_t count;
  uintptr_t work; /* C memory that the gate frees after the call */
  _Alignas(16) char room[GATE_ROOM_SIZE]; /* in place of it, if that suffices */
};

struct gate_register_object {
  struct gate_registering registering;
  uintptr_t object;
  size_t size;
  uintptr_t sections;
  size_t count;
};

struct gate_unregister {
  uintptr_t registration;
  struct gate_memory memory; /* the result: the gate frees it */
};

struct gate_registration_image {
  uintptr_t registration;
  size_t index;
  uintptr_t image_output, size_output; /* where the caller wants the results */
  uintptr_t image;
  size_t size;
};

void gate_set_unregister_outside(uintptr_t address);

#endif
