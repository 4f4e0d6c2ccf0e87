// C++ with what C has not: templates in COMDAT groups, namespaces, inheritance.
namespace geometry {

struct shape {
  virtual ~shape() {}
  virtual int area() const = 0;
};

template <typename T> struct square : shape {
  T side;
  explicit square(T s) : side(s) {}
  int area() const override { return static_cast<int>(side * side); }
};

template <typename T> T largest(T a, T b) { return a < b ? b : a; }

inline int calls() {
  static int n = 0;
  return ++n;
}

} // namespace geometry

void operator delete(void *) noexcept {}
void operator delete(void *, decltype(sizeof 0)) noexcept {}

int jit_main(int n) {
  using namespace geometry;
  square<int> small(n);
  square<double> wide(n * 1.5);
  const shape &s = small;
  auto add = [&](int x) { return x + s.area(); };
  try {
    return add(largest(wide.area(), calls())) + static_cast<int>(largest(1.0, 2.0));
  } catch (int e) {
    return e;
  }
}
