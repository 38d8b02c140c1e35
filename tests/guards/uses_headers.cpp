#include <xtape/core/detail/build_flags.hpp>

int main() {}
