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

BOOST_AUTO_TEST_CASE(running_values_follow_each_line) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k) {
                auto x = numbers({n, k}, 1), g = numbers({n, k}, 2);
                const Array<double> down = cumsum(x, 0).value(), along = cumsum(x, 1).value(),
                                    product = cumprod(x, 1).value();
                const Array<double> back = grad(cumsum(x, 1), {x}, {}, {g})[0].value();
                const Array<double> up = grad(cumsum(x, 0), {x}, {}, {g})[0].value();
                const Array<double>&a = x.value(), &b = g.value();
                double error = 0;
                auto check = [&](double got, double wanted) { error = std::max(error, std::abs(got - wanted)); };
                for (std::size_t i = 0; i < n; ++i) {
                    double sum = 0, running = 1, rest = 0;
                    for (std::size_t j = 0; j < k; ++j) {
                        check(along(i, j), sum += a(i, j));
                        check(product(i, j), running *= a(i, j));
                        check(back(i, k - 1 - j), rest += b(i, k - 1 - j));
                    }
                }
                for (std::size_t j = 0; j < k; ++j) {
                    double sum = 0, rest = 0;
                    for (std::size_t i = 0; i < n; ++i) {
                        check(down(i, j), sum += a(i, j));
                        check(up(n - 1 - i, j), rest += b(n - 1 - i, j));
                    }
                }
                BOOST_TEST(error < 1e-11);
            }
}

BOOST_AUTO_TEST_CASE(rows_that_are_rolled_or_cut_keep_their_places) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k) {
                auto x = numbers({n, k}, 1);
                const Array<double>& a = x.value();
                std::size_t wrong = 0;
                for (std::ptrdiff_t shift : {1, -1, 2}) {
                    const Array<double> rolled = roll(x, shift, 1).value();
                    const Array<double> lower = tril(x, shift).value(), upper = triu(x, shift).value();
                    auto from = [&](std::size_t j) {
                        auto length = static_cast<std::ptrdiff_t>(k), place = static_cast<std::ptrdiff_t>(j) - shift;
                        return static_cast<std::size_t>((place % length + length) % length);
                    };
                    for (std::size_t i = 0; i < n; ++i)
                        for (std::size_t j = 0; j < k; ++j) {
                            const std::ptrdiff_t above =
                                static_cast<std::ptrdiff_t>(j) - static_cast<std::ptrdiff_t>(i);
                            wrong += rolled(i, j) != a(i, from(j));
                            wrong += lower(i, j) != (above <= shift ? a(i, j) : 0.0);
                            wrong += upper(i, j) != (above >= shift ? a(i, j) : 0.0);
                        }
                }
                BOOST_TEST(wrong == 0u);
            }
}

BOOST_AUTO_TEST_CASE(a_softmax_down_columns_is_that_of_the_transposed_rows) {
    for (std::size_t n : counts)
        for (std::size_t k : lengths) BOOST_TEST_CONTEXT(n << " x " << k) {
                auto x = numbers({n, k}, 1), g = numbers({n, k}, 2);
                auto down = softmax(x, 0), log_down = log_softmax(x, 0);
                auto rows = transpose(softmax(transpose(x), 1)), log_rows = transpose(log_softmax(transpose(x), 1));
                auto difference = [](const Variable<double>& a, const Variable<double>& b) {
                    return xt::amax(xt::abs(a.value() - b.value()))();
                };
                BOOST_TEST(difference(down, rows) < 1e-14);
                BOOST_TEST(difference(log_down, log_rows) < 1e-13);
                BOOST_TEST(difference(grad(down, {x}, {}, {g})[0], grad(rows, {x}, {}, {g})[0]) < 1e-13);
                BOOST_TEST(difference(grad(log_down, {x}, {}, {g})[0], grad(log_rows, {x}, {}, {g})[0]) < 1e-13);
            }
}

BOOST_AUTO_TEST_CASE(a_row_of_a_short_cross_entropy_does_not_see_the_others) {
    for (std::size_t k : lengths) BOOST_TEST_CONTEXT(k) {
            auto x = numbers({600, k}, 1), g = numbers({600}, 2);
            Indices labels(Shape{600});
            for (std::size_t i = 0; i < 600; ++i) labels(i) = i % 7 == 0 ? -100 : static_cast<std::int64_t>(i % k);
            const double e = 0.125;
            auto losses = softmax_cross_entropy(x, labels, {.label_smoothing = e});
            const Array<double> slope = grad(losses, {x}, {}, {g})[0].value();
            double error = 0;
            for (std::size_t i = 0; i < 600; ++i) {
                const Array<double>& a = x.value();
                double sum = 0, loss = 0;
                for (std::size_t j = 0; j < k; ++j) sum += std::exp(a(i, j));
                for (std::size_t j = 0; j < k; ++j) {
                    const bool hit = labels(i) == static_cast<std::int64_t>(j), counts_ = labels(i) >= 0;
                    const double q = counts_ ? e / static_cast<double>(k) + (hit ? 1 - e : 0.0) : 0.0;
                    const double p = std::exp(a(i, j)) / sum;
                    loss -= q * std::log(p);
                    error = std::max(error, std::abs(slope(i, j) - (counts_ ? g.value()(i) * (p - q) : 0.0)));
                }
                error = std::max(error, std::abs(losses.value()(i) - loss));
            }
            BOOST_TEST(error < 1e-12);
        }
}

BOOST_AUTO_TEST_CASE(lines_side_by_side_have_the_same_bits_with_any_number_of_threads) {
    for (const Shape& shape : {Shape{60000, 3}, Shape{3, 60000}, Shape{300, 700}}) {
        auto x = numbers(shape, 1), g = numbers(shape, 2), row = numbers({shape[1]}, 3);
        auto results = [&] {
            std::vector<Array<double>> all;
            for (std::ptrdiff_t axis : {0, 1})
                for (const auto& y : {cumsum(x, axis), cumprod(x, axis), softmax(x, axis), log_softmax(x, axis)})
                    for (const auto& z : {y, grad(y, {x}, {}, {g})[0]}) all.push_back(z.value());
            auto y = layer_norm(x, row, row);
            for (const auto& z : grad(y, {x, row}, {}, {g})) all.push_back(z.value());
            all.push_back(var(x, 1).value());
            return all;
        };
        const int before = get_num_threads();
        set_num_threads(1);
        const auto one = results();
        set_num_threads(4);
        const auto four = results();
        set_num_threads(before);
        BOOST_TEST((one == four));
    }
}

BOOST_AUTO_TEST_SUITE_END()
