// Written by scripts/make_accuracy_tables.py.
// clang-format off
#pragma once

namespace accuracy_tables {

struct Row {
    double x;
    long double y;
};
struct RowOfTwo {
    double a, b;
    long double y;
};

}    // namespace accuracy_tables
