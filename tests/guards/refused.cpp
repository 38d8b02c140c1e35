#include <cstdio>

// The guard ends the program before this constructor, let alone main.
struct Early {
    Early() { std::puts("a constructor ran"); }
} early;

int main() { std::puts("main ran"); }
