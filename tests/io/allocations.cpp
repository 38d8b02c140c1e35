// This program's own operator new comes before the C++ library's.
#include "allocations.hpp"

#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/io/safetensors.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "files.hpp"
#include "thing.hpp"

namespace {

constexpr int none = -1;
thread_local int left = none;

bool fails() {
    if (left == none) return false;
    return left-- == 0;
}

}    // namespace

namespace files {

FailingAllocation::FailingAllocation(int which) { left = which; }
FailingAllocation::~FailingAllocation() { left = none; }
bool FailingAllocation::happened() const { return left == none; }

}    // namespace files

// HDF5's own malloc is spared: HDF5 1.10 frees twice what it could not copy. What is done about that is tested below.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (!fails())
        if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
    throw std::bad_alloc();
}
// A sanitizer has one of its own, which would not go with our delete.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    if (!fails())
        if (void* block =
                std::aligned_alloc(std::size_t(alignment), (size + std::size_t(alignment) - 1) /
                                                               std::size_t(alignment) * std::size_t(alignment)))
            return block;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

using namespace xtape;
using files::Thing;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "file";
    Thing thing;
    State arrays;

    Fixture() {
        arrays.add("weight", files::counting<float>({40, 100}, 1.0F));
        arrays.add("count", files::counting<std::int64_t>({}, 1));
    }

    files::Bytes content() const {
        std::ifstream stream(path, std::ios::binary);
        return files::Bytes(std::istreambuf_iterator<char>(stream), {});
    }
    static auto entries_of(const std::filesystem::path& listed) {
        return std::distance(std::filesystem::directory_iterator(listed), {});
    }

    // Runs `action` until none of its allocations fails. `check` looks at what is left each time.
    void fail_each(const std::string& name, const std::function<void()>& action,
                   const std::function<void(bool thrown)>& check) {
        auto descriptors = entries_of("/proc/self/fd");
        int thrown = 0;
        for (int which = 0;; ++which) {
            bool happened = false, throws = false;
            {
                files::FailingAllocation failing(which);
                try {
                    action();
                } catch (const io::Error&) {
                    throws = true;
                } catch (const std::bad_alloc&) {
                    throws = true;
                }
                happened = failing.happened();
            }
            if (!happened) break;
            thrown += throws ? 1 : 0;
            check(throws);    // what can do without that memory has gone well
        }
        BOOST_TEST(thrown > 1, name << " threw " << thrown << " times");
        BOOST_TEST(entries_of("/proc/self/fd") == descriptors, name << " left files open");
    }
    void fail_each_in_writing(const std::string& name, const std::function<void()>& write) {
        folder.write("file", old);
        fail_each(name, write, [&](bool thrown) {
            BOOST_TEST((content() == old) == thrown, name << " threw and had changed the file");
            BOOST_TEST(entries_of(folder.path()) == 1, name << " left a temporary file");
            folder.write("file", old);
        });
        BOOST_TEST((content() != old), name << " has not written");
    }

    files::Bytes old;
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(allocations, Fixture)

BOOST_AUTO_TEST_CASE(one_that_fails_in_writing_changes_nothing) {
    io::save(path, {{"t", thing}});
    old = content();
    thing.count = 2;
    auto half = [](std::string_view) { return true; };
    fail_each_in_writing("save", [&] { io::save(path, {{"t", thing}}, {.metadata = {{"a", "b"}}}); });
    fail_each_in_writing("save, packed", [&] { io::save(path, {{"t", thing}}, {.compression = 1, .float16 = half}); });
    fail_each_in_writing("write", [&] { io::write(path, "/new/weight", thing.weight, {.trusted = true}); });
    fail_each_in_writing("write_attribute",
                         [&] { io::write_attribute(path, "/t", "new", std::string("text"), {.trusted = true}); });
    fail_each_in_writing("write_npy", [&] { io::write_npy(path, arrays.at("weight")); });
    fail_each_in_writing("write_npz", [&] { io::write_npz(path, arrays); });
    fail_each_in_writing("write_safetensors", [&] { io::write_safetensors(path, arrays, {{"a", "b"}}); });
}

BOOST_AUTO_TEST_CASE(one_that_fails_in_loading_leaves_every_thing_as_it_was) {
    io::save(path, {{"a", thing}, {"b", thing}});
    Thing first, second;
    first.count = second.count = 7;
    first.large(3, 3) = 70.0F;
    const State before = first.state();
    fail_each(
        "load",
        [&] {
            io::load(path, {{"a", first}, {"b", second}});
        },
        [&](bool thrown) {
            if (!thrown) return;
            BOOST_TEST(files::same(first.state(), before));
            BOOST_TEST(second.count == 7);
        });
    BOOST_TEST(first.count == 1);
}

BOOST_AUTO_TEST_CASE(one_that_fails_in_reading_is_an_error) {
    auto nothing = [](bool) {};
    io::save(path, {{"t", thing}}, {.compression = 1, .metadata = {{"a", "b"}}});
    fail_each(
        "read_state", [&] { io::read_state(path); }, nothing);
    fail_each(
        "read_metadata", [&] { io::read_metadata(path); }, nothing);
    fail_each(
        "read", [&] { io::read<float>(path, "/t/large"); }, nothing);
    fail_each(
        "list_tree", [&] { io::list_tree(path); }, nothing);
    io::write_npy(path, arrays.at("weight"));
    fail_each(
        "read_npy", [&] { io::read_npy(path); }, nothing);
    io::write_npz(path, arrays);
    fail_each(
        "read_npz", [&] { io::read_npz(path); }, nothing);
    io::write_safetensors(path, arrays);
    fail_each(
        "read_safetensors", [&] { io::read_safetensors(path); }, nothing);
}

BOOST_AUTO_TEST_SUITE_END()
