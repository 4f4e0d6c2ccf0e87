/* An object for objects.c: with -ffunction-sections -fno-unique-section-names
 * it has several sections of the name .text. */
int counted = 1;
int counter(int by) { return counted += by; }
int doubled(int value) { return 2 * value; }
