// Saving takes a few megabytes beside the arrays, however large they are; loading takes the new arrays and as little.
#include <xtape/core/detail/memory.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;

namespace {

constexpr long allowed_kilobytes = 8 * 1024;
constexpr std::size_t elements = std::size_t{1} << 24;    // 64 MiB

long peak_kilobytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// A sanitizer's own memory would be counted, too.
boost::test_tools::assertion_result counts_only_ours(boost::unit_test::test_unit_id) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return true;
#endif
}

}    // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_memory, *boost::unit_test::precondition(counts_only_ours))

BOOST_AUTO_TEST_CASE(peaks_of_saving_and_loading) {
    files::Folder folder;
    auto path = folder.path() / "run.h5";
    State state;
    state.add("large", files::counting<float>({elements}, 1.0F));

    long before = peak_kilobytes();
    io::save(path, {{"model", state}}, {.durable = false});
    BOOST_TEST(peak_kilobytes() - before <= allowed_kilobytes);
    BOOST_TEST(peak_kilobytes() > static_cast<long>(elements * 4 / 1024));

    before = peak_kilobytes();
    State loaded;
    io::load(path, {{"model", loaded}});
    BOOST_TEST(peak_kilobytes() - before <= static_cast<long>(elements * 4 / 1024) + allowed_kilobytes);
    BOOST_TEST(files::same(state, loaded));
}

BOOST_AUTO_TEST_SUITE_END()
