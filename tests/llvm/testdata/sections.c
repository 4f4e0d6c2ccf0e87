// Compiled with -ffunction-sections -fno-unique-section-names: two sections of
// one name, and one without content.
struct link {
  void (*function)(struct link *);
  struct link *next;
};

static int zero;

__attribute__((noinline)) static void inner(struct link *link) {
  zero += 40;
  link->function(link->next);
}

void outer(struct link *link) {
  zero += 2;
  inner(link);
}
