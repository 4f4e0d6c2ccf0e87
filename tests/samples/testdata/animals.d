// D: classes, interfaces, slices, associative arrays, delegates, templates.
module animals;

interface Named {
    int length();
}

class Animal : Named {
    int legs = 4;
    int[] toes;
    int length() { return legs; }
}

struct Pair(T) {
    T left, right;
    T sum() { return cast(T)(left + right); }
}

union Bits {
    float real_;
    uint number;
}

extern (C) int jit_main(int n) {
    Pair!int pair = {n, 2};
    Bits bits;
    bits.real_ = n;
    int delegate(int) more = (int x) => x + pair.sum();
    int[3] fixed = [1, 2, n];
    int[] slice = fixed[0 .. 2];
    return more(n) + cast(int) bits.number + slice[0];
}
