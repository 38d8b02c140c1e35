// Products of batches against naive loops: every size of small matrices, every order of the operands, broadcast axes.
#include <xtape/core/array.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/batched_products.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

using namespace xtape;
using detail::Matrix;
using Numbers = std::tuple<float, double>;

namespace {

enum class Order { rows, columns, spaced, reversed };
constexpr Order orders[] = {Order::rows, Order::columns, Order::spaced, Order::reversed};

// A batch of matrices in a block of memory that holds no element more, so that a sanitizer sees each one read too many.
template <class T>
struct Stored {
    std::vector<T> elements;
    Matrix<T> first;
    Strides steps;

    Stored(const Shape& batch, std::size_t rows, std::size_t columns, Order order, bool repeat, std::mt19937& random)
        : steps(batch.size(), 0) {
        const auto r = static_cast<std::ptrdiff_t>(rows), c = static_cast<std::ptrdiff_t>(columns);
        const std::ptrdiff_t space = order == Order::spaced ? 2 : 1;
        auto size = static_cast<std::size_t>(r * c * space);
        for (std::size_t d = batch.size(); d-- > 0;) {
            const bool once = repeat && d % 2 == 0;
            if (once) continue;
            steps[d] = static_cast<std::ptrdiff_t>(size);
            size *= batch[d];
        }
        elements.resize(size);
        std::uniform_real_distribution<T> uniform(-1, 1);
        for (T& x : elements) x = uniform(random);
        first = {elements.data(), rows, columns, c * space, space};
        if (order == Order::columns) first = {elements.data(), rows, columns, 1, r};
        if (order == Order::reversed) first = {elements.data() + r * c - 1, rows, columns, -c, -1};
    }
    T at(std::ptrdiff_t offset, std::size_t i, std::size_t j) const {
        return first.data[offset + static_cast<std::ptrdiff_t>(i) * first.row_step +
                          static_cast<std::ptrdiff_t>(j) * first.column_step];
    }
};

// What is wrong with c = a b, in units of what rounding explains: 1 at most.
template <class T>
double error(const Shape& batch, const Stored<T>& a, const Stored<T>& b, const std::vector<T>& c) {
    const std::size_t m = a.first.rows, depth = a.first.columns, n = b.first.columns;
    double worst = 0;
    for (std::size_t p = 0; p < element_count(batch); ++p) {
        std::ptrdiff_t a_offset = 0, b_offset = 0;
        std::size_t rest = p;
        for (std::size_t d = batch.size(); d-- > 0; rest /= batch[d]) {
            a_offset += static_cast<std::ptrdiff_t>(rest % batch[d]) * a.steps[d];
            b_offset += static_cast<std::ptrdiff_t>(rest % batch[d]) * b.steps[d];
        }
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                double sum = 0, size = std::numeric_limits<double>::min();
                for (std::size_t k = 0; k < depth; ++k) {
                    double product =
                        static_cast<double>(a.at(a_offset, i, k)) * static_cast<double>(b.at(b_offset, k, j));
                    sum += product;
                    size += std::abs(product);
                }
                double allowed =
                    static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(depth + 2) * size;
                double off = std::abs(static_cast<double>(c[(p * m + i) * n + j]) - sum) / allowed;
                worst = std::max(worst, std::isnan(off) ? 1e300 : off);
            }
    }
    return worst;
}

template <class T>
std::vector<T> product(const Shape& batch, const Stored<T>& a, const Stored<T>& b) {
    const std::size_t size = element_count(batch) * a.first.rows * b.first.columns;
    std::vector<T> c(size, std::numeric_limits<T>::quiet_NaN());
    detail::multiply_batch(a.first, a.steps, b.first, b.steps, batch, c.data());
    return c;
}

struct Threads {
    int before = get_num_threads();
    ~Threads() { set_num_threads(before); }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(batched_products)

BOOST_AUTO_TEST_CASE_TEMPLATE(small_matrices_of_every_size_agree_with_loops, T, Numbers) {
    std::mt19937 random(1);
    for (std::size_t m = 1; m <= 17; ++m)
        for (std::size_t k = 1; k <= 17; ++k)
            for (std::size_t n = 1; n <= 17; ++n) {
                const Order left = orders[(m + k) % 4], right = orders[(k + n * 3) % 4];
                const Stored<T> a({3}, m, k, left, false, random), b({3}, k, n, right, false, random);
                const double worst = error({3}, a, b, product({3}, a, b));
                BOOST_TEST(worst <= 1, m << " x " << k << " x " << n << ": " << worst);
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(small_matrices_in_every_order_agree_with_loops, T, Numbers) {
    std::mt19937 random(2);
    for (std::size_t n : {1, 2, 3, 4, 6, 8, 11, 16})
        for (Order left : orders)
            for (Order right : orders)
                for (bool repeat_left : {false, true})
                    for (bool repeat_right : {false, true}) {
                        const Shape batch{2, 3, 2};
                        const Stored<T> a(batch, n, n, left, repeat_left, random);
                        const Stored<T> b(batch, n, n, right, repeat_right, random);
                        const double worst = error(batch, a, b, product(batch, a, b));
                        BOOST_TEST(worst <= 1, n << ", orders " << int(left) << " and " << int(right) << ": " << worst);
                    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(larger_matrices_in_batches_agree_with_loops, T, Numbers) {
    std::mt19937 random(3);
    for (Order left : orders)
        for (Order right : orders) {
            const Stored<T> a({2, 2}, 33, 40, left, true, random), b({2, 2}, 40, 50, right, false, random);
            BOOST_TEST(error({2, 2}, a, b, product({2, 2}, a, b)) <= 1);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(batches_over_no_elements_are_zero, T, Numbers) {
    std::mt19937 random(4);
    const Stored<T> a({2}, 3, 0, Order::rows, false, random), b({2}, 0, 2, Order::rows, false, random);
    BOOST_TEST(product({2}, a, b) == std::vector<T>(12, T(0)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(their_bits_do_not_depend_on_the_number_of_threads, T, Numbers) {
    const Threads restore;
    std::mt19937 random(5);
    for (std::size_t n : {1, 3, 5, 8, 16, 40}) {
        const Shape batch{50, 99, 3};
        const Stored<T> a(batch, n, 3, Order::rows, false, random), b(batch, 3, n, Order::columns, true, random);
        set_num_threads(1);
        const auto one = product(batch, a, b);
        set_num_threads(3);
        const auto three = product(batch, a, b);
        BOOST_TEST(std::memcmp(one.data(), three.data(), one.size() * sizeof(T)) == 0, "n " << n);
    }
}

// A few large products are cut themselves, where a product for each thread would leave threads idle.
BOOST_AUTO_TEST_CASE_TEMPLATE(fewer_products_than_threads_have_the_same_bits, T, Numbers) {
    const Threads restore;
    std::mt19937 random(6);
    const Stored<T> a({2}, 210, 220, Order::rows, false, random), b({2}, 220, 230, Order::columns, false, random);
    set_num_threads(1);
    const auto one = product({2}, a, b);
    set_num_threads(4);
    const auto four = product({2}, a, b);
    BOOST_TEST(std::memcmp(one.data(), four.data(), one.size() * sizeof(T)) == 0);
    BOOST_TEST(error({2}, a, b, four) <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
