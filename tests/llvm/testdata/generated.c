// Compiled by ORC; NAME is the function's name.
struct link {
  void (*function)(struct link *);
  struct link *next;
};

static int calls;

void NAME(struct link *link) {
  struct link *next = link->next;
  calls++;
  link->function(next);
}
