"""scripts/reference.py on headers made for it: what it lists, what it leaves out, what it refuses."""
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.modules["reference"] = reference = importlib.util.module_from_spec(
    specification := importlib.util.spec_from_file_location(
        "reference", Path(__file__).resolve().parent.parent / "scripts" / "reference.py"))
specification.loader.exec_module(reference)

HEADER = """// The subject.
#pragma once

#include <vector>

namespace xtape {

template <class T>
class Variable;

namespace detail {
struct Hidden {};
}    // namespace detail

// How to call f.
struct Options {
    double rate = 0.5;    // of something
private:
    int secret_ = 0;
};

// y = x^2; dy/dx = 2 x.
template <class T>
Variable<T> f(const Variable<T>& x, Options options = {});
template <class T>
Variable<T> f(const Variable<T>& x, std::initializer_list<int> list = {1, 2}) {
    return x;
}

extern template class Variable<float>;

}    // namespace xtape
"""


class Reference(unittest.TestCase):
    def page(self, header):
        with tempfile.TemporaryDirectory() as folder:
            reference.ROOT = Path(folder)
            (reference.ROOT / "ops" / "detail").mkdir(parents=True)
            (reference.ROOT / "ops" / "new").mkdir()
            (reference.ROOT / "ops" / "new" / "header.hpp").write_text(header)
            (reference.ROOT / "ops" / "detail" / "private.hpp").write_text("#pragma once\nvoid private_function();\n")
            complaints = []
            return reference.page("ops", "Operations", "What", complaints), complaints

    def test_lists_functions_with_signature_and_comment(self):
        text, complaints = self.page(HEADER)
        self.assertEqual(complaints, [])
        self.assertIn("`#include <xtape/ops/new/header.hpp>`", text)
        self.assertIn("### `f`\n\n```cpp\nVariable<T> f(const Variable<T>& x, Options options = {});\n"
                      "Variable<T> f(const Variable<T>& x, std::initializer_list<int> list = {1, 2});\n```\n\n"
                      "y = x^2; dy/dx = 2 x.\n", text)
        self.assertEqual(text.count("### "), 2)

    def test_lists_options_with_their_defaults(self):
        self.assertIn("    double rate = 0.5;    // of something\n", self.page(HEADER)[0])

    def test_leaves_out_what_is_private(self):
        text = self.page(HEADER)[0]
        for word in ("secret_", "Hidden", "private_function", "extern"):
            self.assertNotIn(word, text)

    def test_refuses_a_function_without_a_comment(self):
        complaints = self.page(HEADER.replace("// y = x^2; dy/dx = 2 x.\n", ""))[1]
        self.assertEqual(complaints, ["ops/new/header.hpp: f has no comment"])


if __name__ == "__main__":
    unittest.main()
