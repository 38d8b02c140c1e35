// Short axes are worked on many rows at a time, in blocks that run across the ends of rows: every length against loops.
#include <xtape/xtape.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace xtape;

namespace {

constexpr std::size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 10, 17, 33, 37, 64, 130};
constexpr std::size_t counts[] = {1, 2, 29, 600};

Variable<double> numbers(const Shape& shape, std::uint64_t key) {
    return Variable<double>(Stream(key).normal<double>(shape), requires_grad);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(short_axes)

BOOST_AUTO_TEST_CASE(broadcast_and_transposed_operands_meet_element_by_element) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k) {
                auto x = numbers({n, k}, 1), row = numbers({k}, 2), column = numbers({n, 1}, 3),
                     turned = numbers({k, n}, 4);
                const Array<double> y = ((x + row) * column + transpose(turned)).value();
                const Array<double>&a = x.value(), &b = row.value(), &c = column.value(), &d = turned.value();
                std::size_t wrong = 0;
                for (std::size_t i = 0; i < n; ++i)
                    for (std::size_t j = 0; j < k; ++j)
                        wrong += std::abs(y(i, j) - ((a(i, j) + b(j)) * c(i, 0) + d(j, i))) > 1e-12;
                BOOST_TEST(wrong == 0u);
            }
}

BOOST_AUTO_TEST_CASE(views_are_copied_in_order) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x 3 x " << k) {
                auto x = numbers({n, 3, k}, 1);
                const Array<double> cycled = permute(x, {1, 2, 0}).value(), back = flip(x, {1, 2}).value();
                const Array<double>& a = x.value();
                std::size_t wrong = 0;
                for (std::size_t i = 0; i < n; ++i)
                    for (std::size_t m = 0; m < 3; ++m)
                        for (std::size_t j = 0; j < k; ++j)
                            wrong += cycled(m, j, i) != a(i, m, j) || back(i, 2 - m, k - 1 - j) != a(i, m, j);
                BOOST_TEST(wrong == 0u);
            }
}

BOOST_AUTO_TEST_CASE(reductions_combine_what_belongs_together) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k << " x 3") {
                auto x = numbers({n, k, 3}, 1);
                const Array<double> rows = sum(reshape(x, {n, k * 3}), 1).value(), middle = sum(x, 1).value();
                const Array<double> first = sum(x, 0).value(), largest = amax(x, 1).value(),
                                    spread = var(x, 1, {.ddof = 0}).value();
                const Array<double>& a = x.value();
                double error = 0;
                auto check = [&](double got, double wanted) { error = std::max(error, std::abs(got - wanted)); };
                for (std::size_t i = 0; i < n; ++i) {
                    double total = 0;
                    for (std::size_t m = 0; m < 3; ++m) {
                        double line = 0, squares = 0, most = a(i, 0, m);
                        for (std::size_t j = 0; j < k; ++j) {
                            line += a(i, j, m);
                            most = std::max(most, a(i, j, m));
                        }
                        double mean = line / static_cast<double>(k);
                        for (std::size_t j = 0; j < k; ++j) squares += (a(i, j, m) - mean) * (a(i, j, m) - mean);
                        check(middle(i, m), line);
                        check(largest(i, m), most);
                        check(spread(i, m), squares / static_cast<double>(k));
                        total += line;
                    }
                    check(rows(i), total);
                }
                for (std::size_t j = 0; j < k; ++j)
                    for (std::size_t m = 0; m < 3; ++m) {
                        double column = 0;
                        for (std::size_t i = 0; i < n; ++i) column += a(i, j, m);
                        check(first(j, m), column);
                    }
                BOOST_TEST(error < 1e-11);
            }
}

BOOST_AUTO_TEST_CASE(a_row_of_a_short_softmax_does_not_see_the_others) {
    for (std::size_t k : lengths) BOOST_TEST_CONTEXT(k) {
            auto x = numbers({600, k}, 1), g = numbers({600, k}, 2);
            auto whole = softmax(x), logarithm = log_softmax(x),
                 normal =
                     layer_norm(x, Variable<double>(xt::ones<double>({k})), Variable<double>(xt::zeros<double>({k})));
            auto slope = grad(whole, {x}, {}, {g})[0];
            double error = 0;
            for (std::size_t i = 0; i < 600; i += 23) {
                double sum = 0, mixed = 0, mean = 0, squares = 0;
                const Array<double>&a = x.value(), &b = g.value();
                for (std::size_t j = 0; j < k; ++j) sum += std::exp(a(i, j)), mean += a(i, j) / static_cast<double>(k);
                for (std::size_t j = 0; j < k; ++j)
                    mixed += b(i, j) * std::exp(a(i, j)) / sum, squares += std::pow(a(i, j) - mean, 2);
                for (std::size_t j = 0; j < k; ++j) {
                    double p = std::exp(a(i, j)) / sum;
                    error = std::max({error, std::abs(whole.value()(i, j) - p),
                                      std::abs(logarithm.value()(i, j) - std::log(p)),
                                      std::abs(slope.value()(i, j) - p * (b(i, j) - mixed)),
                                      std::abs(normal.value()(i, j) -
                                               (a(i, j) - mean) / std::sqrt(squares / static_cast<double>(k) + 1e-5))});
                }
            }
            BOOST_TEST(error < 1e-12);
        }
}

BOOST_AUTO_TEST_CASE(gradients_of_slices_stand_where_they_were_cut) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k) {
                auto x = numbers({n, k}, 1);
                auto part = slice(x, {Range{}, Range{.step = -2}});
                auto g = numbers(part.shape(), 2);
                const Array<double> slope = grad(part, {x}, {}, {g})[0].value();
                std::size_t wrong = 0;
                for (std::size_t i = 0; i < n; ++i)
                    for (std::size_t j = 0; j < k; ++j)
                        wrong += slope(i, k - 1 - j) != (j % 2 == 0 ? g.value()(i, j / 2) : 0.0);
                BOOST_TEST(wrong == 0u);
            }
}

BOOST_AUTO_TEST_SUITE_END()
