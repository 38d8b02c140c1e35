// The layer over BLAS against naive loops, in every order of the operands, with each kind of kernel behind it.
#include <xtape/core/array.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/blas.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

using namespace xtape;
using detail::Matrix;
using Numbers = std::tuple<float, double>;

namespace {

enum class Order { rows, columns, spaced, reversed, repeated_row, repeated_column };
constexpr Order orders[] = {Order::rows,     Order::columns,      Order::spaced,
                            Order::reversed, Order::repeated_row, Order::repeated_column};

// A matrix in some order of its own memory.
template <class T>
struct Stored {
    std::vector<T> elements;
    Matrix<T> matrix;

    Stored(std::size_t rows, std::size_t columns, Order order, std::mt19937& random) {
        elements.resize(2 * (rows + 3) * (columns + 3));
        std::uniform_real_distribution<T> uniform(-1, 1);
        for (T& x : elements) x = uniform(random);
        auto r = static_cast<std::ptrdiff_t>(rows), c = static_cast<std::ptrdiff_t>(columns);
        const T* p = elements.data();
        switch (order) {
            case Order::rows: matrix = {p, rows, columns, c + 3, 1}; break;
            case Order::columns: matrix = {p, rows, columns, 1, r}; break;
            case Order::spaced: matrix = {p, rows, columns, 2 * c, 2}; break;
            case Order::reversed: matrix = {p + r * c - 1, rows, columns, -c, -1}; break;
            case Order::repeated_row: matrix = {p, rows, columns, 0, 1}; break;
            case Order::repeated_column: matrix = {p, rows, columns, 1, 0}; break;
        }
    }
};

template <class T>
T element(const Matrix<T>& x, std::size_t i, std::size_t j) {
    return x.data[static_cast<std::ptrdiff_t>(i) * x.row_step + static_cast<std::ptrdiff_t>(j) * x.column_step];
}

// The largest |c - (a b + before)| in units of what rounding explains.
template <class T>
double error(const Matrix<T>& a, const Matrix<T>& b, const std::vector<T>& c, double before) {
    double worst = 0;
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t j = 0; j < b.columns; ++j) {
            double sum = before, size = std::abs(before);
            for (std::size_t k = 0; k < a.columns; ++k) {
                double product = static_cast<double>(element(a, i, k)) * static_cast<double>(element(b, k, j));
                sum += product;
                size += std::abs(product);
            }
            double allowed =
                static_cast<double>(std::numeric_limits<T>::epsilon()) * (static_cast<double>(a.columns) + 2) * size;
            double difference = std::abs(static_cast<double>(c[i * b.columns + j]) - sum);
            if (!(difference <= allowed))
                worst = std::max(worst, std::isnan(difference) ? 1e300 : difference / allowed);
        }
    return worst;
}

template <class T>
void check_product(std::size_t m, std::size_t k, std::size_t n, Order left, Order right, bool accumulate,
                   std::mt19937& random) {
    const Stored<T> a(m, k, left, random), b(k, n, right, random);
    std::vector<T> c(m * n, accumulate ? T(0.5) : std::numeric_limits<T>::quiet_NaN());
    detail::multiply(a.matrix, b.matrix, c.data(), accumulate);
    double worst = error(a.matrix, b.matrix, c, accumulate ? 0.5 : 0.0);
    BOOST_TEST(worst == 0.0, m << " x " << k << " x " << n << ", orders " << static_cast<int>(left) << " and "
                               << static_cast<int>(right) << ": " << worst << " times the rounding error");
}

template <class T>
std::vector<T> numbers(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<T> uniform(-1, 1);
    std::vector<T> result(count);
    for (T& x : result) x = uniform(random);
    return result;
}

struct Threads {
    int before = get_num_threads();
    ~Threads() { set_num_threads(before); }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(blas)

BOOST_AUTO_TEST_CASE(products_of_every_order_agree_with_loops) {
    std::mt19937 random(1);
    std::uniform_int_distribution<std::size_t> length(1, 70);
    for (int i = 0; i < 40; ++i)
        for (Order left : orders)
            for (Order right : orders) {
                std::size_t m = length(random), k = length(random), n = length(random);
                check_product<float>(m, k, n, left, right, i % 2 == 1, random);
                check_product<double>(m, k, n, left, right, i % 2 == 1, random);
            }
}

BOOST_AUTO_TEST_CASE(vectors_and_small_lengths_agree_with_loops) {
    std::mt19937 random(2);
    for (std::size_t m : {1, 2, 3, 17, 64})
        for (std::size_t k : {1, 2, 5, 33})
            for (std::size_t n : {1, 2, 3, 17, 64})
                for (Order left : orders)
                    for (Order right : orders)
                        for (bool accumulate : {false, true}) {
                            check_product<float>(m, k, n, left, right, accumulate, random);
                            check_product<double>(m, k, n, left, right, accumulate, random);
                        }
}

BOOST_AUTO_TEST_CASE(large_products_agree_with_loops) {
    std::mt19937 random(3);
    check_product<float>(300, 257, 290, Order::rows, Order::rows, false, random);
    check_product<float>(600, 100, 300, Order::columns, Order::rows, false, random);
    check_product<float>(90, 400, 700, Order::rows, Order::columns, true, random);
    check_product<double>(300, 257, 290, Order::columns, Order::columns, false, random);
    check_product<float>(13, 1700, 1030, Order::reversed, Order::spaced, true, random);
    check_product<float>(129, 519, 95, Order::spaced, Order::reversed, false, random);
    check_product<double>(129, 519, 95, Order::rows, Order::columns, true, random);
    check_product<float>(8, 700, 800, Order::rows, Order::columns, false, random);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_product_over_no_elements_is_zero, T, Numbers) {
    std::vector<T> c{T(7), T(7)};
    detail::multiply<T>({nullptr, 1, 0, 0, 1}, {nullptr, 0, 2, 2, 1}, c.data());
    BOOST_TEST(c == (std::vector<T>{0, 0}));
    c = {T(7), T(7)};
    detail::multiply<T>({nullptr, 1, 0, 0, 1}, {nullptr, 0, 2, 2, 1}, c.data(), true);
    BOOST_TEST(c == (std::vector<T>{7, 7}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nan_reaches_its_row_and_column, T, Numbers) {
    for (std::size_t n : {1, 2, 8, 16, 40, 200})
        for (std::size_t m : {1, 3, 16, 40, 600}) {
            std::size_t k = 9;
            auto a = numbers<T>(m * k, 4), b = numbers<T>(k * n, 5);
            std::fill_n(b.begin(), n, T(0));                         // 0 x NaN is NaN, not 0
            a[(m - 1) * k] = std::numeric_limits<T>::quiet_NaN();    // of the last row
            std::vector<T> c(m * n);
            detail::multiply(detail::row_major(a.data(), m, k), detail::row_major(b.data(), k, n), c.data());
            for (std::size_t i = 0; i < m * n; ++i)
                BOOST_TEST(std::isnan(c[i]) == (i / n == m - 1), "m " << m << ", n " << n << ", element " << i);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_bits_do_not_depend_on_the_number_of_threads, T, Numbers) {
    struct Size {
        std::size_t m, k, n;
    };
    const Threads restore;
    for (auto [m, k, n] :
         {Size{7, 9, 5}, Size{64, 64, 64}, Size{128, 784, 512}, Size{600, 333, 300}, Size{70, 500, 900},
          Size{1, 700, 900}, Size{900, 700, 1}, Size{1, 300000, 1}, Size{3000, 1, 200}})
        for (bool transposed : {false, true}) {
            auto a = numbers<T>(m * k, 6), b = numbers<T>(k * n, 7);
            auto left = transposed ? detail::row_major(a.data(), k, m).transposed() : detail::row_major(a.data(), m, k);
            auto right =
                transposed ? detail::row_major(b.data(), n, k).transposed() : detail::row_major(b.data(), k, n);
            std::vector<T> one(m * n), three(m * n);
            set_num_threads(1);
            detail::multiply(left, right, one.data());
            set_num_threads(3);
            detail::multiply(left, right, three.data());
            BOOST_TEST(std::memcmp(one.data(), three.data(), one.size() * sizeof(T)) == 0,
                       m << " x " << k << " x " << n << (transposed ? " transposed" : ""));
            BOOST_TEST(get_num_threads() == 3);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(factors_solve_what_they_were_made_of, T, Numbers) {
    for (std::size_t n : {1, 2, 3, 10, 33, 130}) {
        auto a = numbers<T>(n * n, 8), x = numbers<T>(n, 9);
        for (std::size_t i = 0; i < n; ++i) a[i * n + i] += T(n);
        std::vector<T> b(n), factors = a;    // column-major: b = a^T x read by rows
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) b[i] += a[j * n + i] * x[j];
        std::vector<int> pivots(n);
        BOOST_TEST(detail::lu_factor(n, factors.data(), pivots.data()) == 0);
        detail::lu_solve(n, 1, factors.data(), pivots.data(), false, b.data());
        for (std::size_t i = 0; i < n; ++i) BOOST_TEST(b[i] == x[i], boost::test_tools::tolerance(T(1e-3)));

        std::vector<T> square(n * n), lower;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                for (std::size_t k = 0; k < n; ++k) square[i * n + j] += a[i * n + k] * a[j * n + k];
        lower = square;
        BOOST_TEST(detail::cholesky_factor(n, lower.data()) == 0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j <= i; ++j) {
                T sum = 0;
                for (std::size_t k = 0; k <= j; ++k) sum += lower[i * n + k] * lower[j * n + k];
                BOOST_TEST(std::abs(sum - square[i * n + j]) <= T(1e-4) * T(n * n));
            }
        for (bool transposed : {false, true}) {
            std::vector<T> y(n);
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t k = 0; k < n; ++k)
                    if (transposed ? k >= i : k <= i) y[i] += (transposed ? lower[k * n + i] : lower[i * n + k]) * x[k];
            detail::solve_lower(n, 1, lower.data(), transposed, y.data());
            for (std::size_t i = 0; i < n; ++i) BOOST_TEST(std::abs(y[i] - x[i]) <= T(1e-3));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_singular_or_indefinite_matrix_is_reported) {
    std::vector<double> a{1, 2, 2, 4};
    std::vector<int> pivots(2);
    BOOST_TEST(detail::lu_factor(2, a.data(), pivots.data()) == 2);
    std::vector<double> b{1, 2, 2, 1};
    BOOST_TEST(detail::cholesky_factor(2, b.data()) == 2);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)    // which map terabytes
// The case below runs it in a process of its own, where BLAS has not been called before, and says so.
BOOST_AUTO_TEST_CASE(in_a_process_of_little_memory) {
    if (boost::unit_test::framework::master_test_suite().argc < 2) return;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit before{};
    getrlimit(RLIMIT_AS, &before);
    rlimit little = before;
    little.rlim_cur = (pages << 12) + (std::size_t{64} << 20);
    const std::vector<float> a(100, 1.0F);
    std::vector<float> c(100);
    auto product = [&] {
        detail::multiply(detail::row_major(a.data(), 10, 10), detail::row_major(a.data(), 10, 10), c.data());
    };
    setrlimit(RLIMIT_AS, &little);
    BOOST_CHECK_THROW(product(), Error);
    setrlimit(RLIMIT_AS, &before);
    product();
    BOOST_TEST(c[99] == 10.0F);
}

BOOST_AUTO_TEST_CASE(a_buffer_that_cannot_be_had_is_an_error) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);    // OpenBLAS itself would ask for it for ever
        execl("/proc/self/exe", "test", "--run_test=blas/in_a_process_of_little_memory", "--", "alone",
              static_cast<char*>(nullptr));
        _exit(1);
    }
    int status = -1;
    BOOST_TEST(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
