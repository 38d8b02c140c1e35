#include <xtape/core/build_flags.hpp>

int main() {}
