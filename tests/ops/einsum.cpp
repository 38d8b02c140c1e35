// einsum is made of other operations, so the registry does not try it: here it meets a loop over all labels.
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/einsum.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xtape;

namespace {

Array<double> counting(const Shape& shape, double start) {
    Array<double> array = empty_array<double>(shape);
    for (std::size_t i = 0; i < array.size(); ++i)
        array.storage()[i] = std::sin(start + 1.7 * static_cast<double>(i)) + 0.25;
    return array;
}

// Explicit equations without ellipses, summed over every assignment of numbers to labels.
Array<double> loop(const std::string& equation, const std::vector<Array<double>>& x) {
    std::vector<std::string> labels{""};
    std::size_t arrow = equation.find("->");
    for (char c : equation.substr(0, arrow))
        if (c == ',')
            labels.emplace_back();
        else
            labels.back() += c;
    const std::string output = equation.substr(arrow + 2);
    std::map<char, std::size_t> lengths, numbers;
    for (std::size_t k = 0; k < x.size(); ++k)
        for (std::size_t d = 0; d < labels[k].size(); ++d) {
            auto& length = lengths[labels[k][d]];
            length = std::max(length, x[k].shape()[d]);
        }
    auto offset = [&](const std::string& names, const Shape& shape) {
        std::size_t at = 0;
        for (std::size_t d = 0; d < names.size(); ++d) at = at * shape[d] + (shape[d] == 1 ? 0 : numbers[names[d]]);
        return at;
    };
    Shape shape;
    for (char c : output) shape.push_back(lengths[c]);
    Array<double> y(shape, 0.0);
    std::size_t total = 1;
    for (auto [label, length] : lengths) total *= length;
    for (std::size_t i = 0; i < total; ++i) {
        std::size_t rest = i;
        for (auto [label, length] : lengths) {
            numbers[label] = rest % length;
            rest /= length;
        }
        double product = 1;
        for (std::size_t k = 0; k < x.size(); ++k) product *= x[k].storage()[offset(labels[k], x[k].shape())];
        y.storage()[offset(output, shape)] += product;
    }
    return y;
}

struct Case {
    std::string equation;
    std::vector<Shape> shapes;
    std::string explicit_equation = "";    // the same for the loop, where `equation` leaves something out
};

Variables<double> inputs(const std::vector<Shape>& shapes) {
    Variables<double> x;
    for (std::size_t k = 0; k < shapes.size(); ++k)
        x.push_back(Variable<double>(counting(shapes[k], static_cast<double>(k)), requires_grad));
    return x;
}

const std::vector<Case>& cases() {
    static const std::vector<Case> list{
        {"ij,jk->ik", {{2, 3}, {3, 2}}},
        {"ij,kj->ik", {{2, 3}, {4, 3}}},
        {"ji,jk->ki", {{3, 2}, {3, 2}}},
        {"bij,bjk->bik", {{2, 1, 3}, {2, 3, 2}}},
        {"bij,bjk->ik", {{2, 1, 3}, {2, 3, 2}}},
        {"ibj,jkb->kbi", {{2, 2, 3}, {3, 2, 2}}},
        {"ij,ij->", {{2, 3}, {2, 3}}},
        {"ij,ij->i", {{2, 3}, {2, 3}}},
        {"ij,ij->ji", {{2, 3}, {2, 3}}},
        {"i,j->ij", {{2}, {3}}},
        {"i,j->ji", {{2}, {3}}},
        {"i,i->", {{3}, {3}}},
        {"i,i->i", {{3}, {3}}},
        {"ij,j->i", {{2, 3}, {3}}},
        {"i,ijk->k", {{2}, {2, 2, 2}}},
        {"ijk,lm->mi", {{2, 2, 2}, {2, 3}}},
        {"ij->ji", {{2, 3}}},
        {"ij->", {{2, 3}}},
        {"ij->j", {{2, 3}}},
        {"ii->i", {{3, 3}}},
        {"ii->", {{3, 3}}},
        {"iji->j", {{2, 3, 2}}},
        {"iii->i", {{2, 2, 2}}},
        {"iij,jk->ik", {{2, 2, 3}, {3, 2}}},
        {"ij,jk,kl->il", {{2, 2}, {2, 3}, {3, 2}}},
        {"i,i,i->i", {{2}, {2}, {2}}},
        {"ij,jk->ik", {{2, 1}, {3, 2}}},
        {",ij->ij", {{}, {2, 2}}},
        {" i j , j k -> i k", {{2, 3}, {3, 2}}, "ij,jk->ik"},
        {"ij,jk", {{2, 3}, {3, 2}}, "ij,jk->ik"},
        {"ba", {{2, 3}}, "ba->ab"},
        {"ii", {{3, 3}}, "ii->"},
        {"...ij->...ji", {{2, 3, 2}}, "bij->bji"},
        {"...ij,...jk->...ik", {{2, 1, 3}, {3, 2}}, "bij,jk->bik"},
        {"...ij,...jk", {{2, 1, 3}, {2, 3, 2}}, "bij,bjk->bik"},
        {"i...,i...->...", {{2, 3}, {2, 3}}, "ib,ib->b"},
        {"i...->...", {{2, 3, 2}}, "iab->ab"},
    };
    return list;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(einsum)

BOOST_AUTO_TEST_CASE(values_equal_a_loop_over_all_labels) {
    for (const auto& c : cases()) BOOST_TEST_CONTEXT(c.equation) {
            auto x = inputs(c.shapes);
            std::vector<Array<double>> values;
            for (const auto& operand : x) values.push_back(operand.value());
            auto wanted = loop(c.explicit_equation.empty() ? c.equation : c.explicit_equation, values);
            auto y = xtape::einsum(c.equation, x);
            BOOST_TEST_REQUIRE(to_string(y.shape()) == to_string(wanted.shape()));
            for (std::size_t i = 0; i < wanted.size(); ++i)
                BOOST_TEST(std::abs(y.value().storage()[i] - wanted.storage()[i]) < 1e-12);
        }
}

BOOST_AUTO_TEST_CASE(derivatives_equal_central_differences) {
    for (const auto& c : cases()) BOOST_TEST_CONTEXT(c.equation) {
            auto f = [&c](const Variables<double>& x) { return xtape::einsum(c.equation, x); };
            BOOST_TEST(gradcheck(f, inputs(c.shapes), {.order = 2}));
        }
}

BOOST_AUTO_TEST_CASE(empty_operands_sum_to_zero) {
    Variables<double> x{Variable<double>(Array<double>(Shape{2, 0})), Variable<double>(Array<double>(Shape{0, 3}))};
    auto y = xtape::einsum("ij,jk->ik", x);
    BOOST_TEST(to_string(y.shape()) == "(2, 3)");
    for (double element : y.value().storage()) BOOST_TEST(element == 0.0);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
    auto matrix = inputs({{2, 3}});
    auto two = inputs({{2, 3}, {2, 3}});
    BOOST_CHECK_THROW(xtape::einsum("ij,jk->ik", two), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("ijk->i", matrix), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("i->i", matrix), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("ii->i", matrix), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("ij,ij->", matrix), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("ij->", two), ShapeError);
    BOOST_CHECK_THROW(xtape::einsum("ij->ik", matrix), std::invalid_argument);
    BOOST_CHECK_THROW(xtape::einsum("ij->ii", matrix), std::invalid_argument);
    BOOST_CHECK_THROW(xtape::einsum("i1->i", matrix), std::invalid_argument);
    BOOST_CHECK_THROW(xtape::einsum("......->", matrix), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
