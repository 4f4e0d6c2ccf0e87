/* Generated code, linked at an address of its own: -DNAME=... */
int NAME(int n) {
  int doubled = 2 * n;
  return doubled + 1;
}
