/* host NEW.so OLD.so: two runtimes, each in a plugin with its own Rust; code of
 * both is on the stack when look() is called. */
#include <dlfcn.h>

#include "code.h"

typedef void *show_function(const void *image, size_t size);
typedef void hide_function(void *registration);

struct runtime {
  show_function *show;
  hide_function *hide;
  void *registration;
  code *function;
};

static struct runtime new, old;

static void load(struct runtime *runtime, const char *path, uint64_t serial) {
  void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(plugin, "%s", dlerror());
  *(void **)&runtime->show = dlsym(plugin, "show");
  *(void **)&runtime->hide = dlsym(plugin, "hide");
  CHECK(runtime->show && runtime->hide, "%s", dlerror());
  runtime->function = code_make(serial);
  struct image image;
  image_make(&image, serial);
  runtime->registration = runtime->show(&image, sizeof image);
}

__attribute__((noinline)) void look(void) { __asm__(""); }

static void between(void) { old.function(look); }

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: host NEW.so OLD.so");
  load(&new, argv[1], 42);
  load(&old, argv[2], 1041);
  new.function(between);
  new.hide(new.registration);
  new.function(between);
  old.hide(old.registration);
  new.function(between);
  return 0;
}
