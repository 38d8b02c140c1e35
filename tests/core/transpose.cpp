// Blocks of memory turned over: every size and step, and nothing written beside them.
#include <xtape/core/detail/strided.hpp>
#include <xtape/core/detail/transpose.hpp>

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <vector>

using namespace xtape::detail;

namespace {

// How many elements of the transposed block are wrong, or were written though they lie outside of it.
template <class T>
std::size_t mistakes(std::size_t rows, std::size_t columns, std::ptrdiff_t from_step, std::size_t to_step) {
    const std::size_t reach = static_cast<std::size_t>(std::abs(from_step)) * (rows - 1) + columns;
    std::vector<T> from(reach), to(columns * to_step, T(-1));
    std::iota(from.begin(), from.end(), T(0));
    const T* first = from_step < 0 ? from.data() + reach - columns : from.data();
    transpose_block(first, from_step, rows, columns, to.data(), to_step);
    std::size_t wrong = 0;
    for (std::size_t c = 0; c < columns; ++c)
        for (std::size_t r = 0; r < to_step; ++r) {
            const auto at = static_cast<std::ptrdiff_t>(r) * from_step + static_cast<std::ptrdiff_t>(c);
            wrong += to[c * to_step + r] != (r < rows ? first[at] : T(-1));
        }
    return wrong;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(transpose)

BOOST_AUTO_TEST_CASE(every_block_is_turned_over_and_nothing_else_is_touched) {
    for (std::size_t rows : {1, 2, 3, 5, 8, 9, 16, 17, 33, 100})
        for (std::size_t columns : {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 31, 40})
            for (std::size_t gap : {0, 3}) BOOST_TEST_CONTEXT(rows << " x " << columns << ", gap " << gap) {
                    const auto step = static_cast<std::ptrdiff_t>(columns + gap);
                    BOOST_TEST(mistakes<float>(rows, columns, step, rows + gap) == 0u);
                    BOOST_TEST(mistakes<double>(rows, columns, step, rows + gap) == 0u);
                    BOOST_TEST(mistakes<float>(rows, columns, -step, rows + gap) == 0u);
                    BOOST_TEST(mistakes<double>(rows, columns, 0, rows) == 0u);
                }
}

BOOST_AUTO_TEST_CASE(long_copies_are_whole_at_any_offset) {
    for (std::size_t count : {511, 512, 513, 1000, 5000})
        for (std::size_t offset : {0, 1, 3, 16}) {
            std::vector<float> from(count + 32), to(count + 32, -1.0F);
            std::iota(from.begin(), from.end(), 0.0F);
            copy_elements(from.data() + 1, count, to.data() + offset);
            std::size_t wrong = 0;
            for (std::size_t i = 0; i < to.size(); ++i)
                wrong += to[i] != (i >= offset && i < offset + count ? from[i - offset + 1] : -1.0F);
            BOOST_TEST(wrong == 0u);
        }
}

BOOST_AUTO_TEST_SUITE_END()
