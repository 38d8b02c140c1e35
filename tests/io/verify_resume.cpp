// verify_resume lets whole set-ups pass and names what broken ones forget.
#include <xtape/io/resume.hpp>

#include <boost/test/unit_test.hpp>

#include "thing.hpp"

using namespace xtape;
using files::contains;

namespace {

// A "training" whose steps depend on a weight, a count and a velocity.
struct Run {
    Array<float> weight = files::counting<float>({2000}, 1e-3F);
    double velocity = 0.0;
    std::int64_t steps = 0;
    bool saves_velocity = true, loads_steps = true;

    State state() const {
        State state;
        state.add("weight", share(weight));
        if (saves_velocity) state.add("velocity", velocity);
        state.add("steps", steps);
        return state;
    }
    void load_state(const State& state) {
        weight = share(state.get<Array<float>>("weight"));
        if (saves_velocity) velocity = state.get<double>("velocity");
        if (loads_steps) steps = state.get<std::int64_t>("steps");
    }
    void step() {
        velocity = 0.9 * velocity + 1.0 / static_cast<double>(++steps);
        for (auto& element : weight) element -= static_cast<float>(velocity) * 0.01F * element;
    }
};

std::string failure_of(const Run& start) {
    return files::message_of([&] { io::verify_resume([&] { return start; }, [](Run& run) { run.step(); }); });
}

}    // namespace

BOOST_AUTO_TEST_SUITE(verify_resume)

BOOST_AUTO_TEST_CASE(a_whole_set_up_passes) {
    io::verify_resume([] { return Run(); }, [](Run& run) { run.step(); });
    io::verify_resume([] { return Run(); }, [](Run& run) { run.step(); }, {.steps_before = 0, .steps_after = 1});
}

BOOST_AUTO_TEST_CASE(a_set_up_of_many_things_passes) {
    struct Many {
        Run first, second;
        std::vector<io::Entry> entries() { return {{"first", first}, {"second", second}}; }
    };
    io::verify_resume([] { return Many(); }, [](Many& many) { many.first.step(); });
}

BOOST_AUTO_TEST_CASE(what_is_not_saved_is_found_by_its_effect) {
    Run forgetful;
    forgetful.saves_velocity = false;
    std::string message = failure_of(forgetful);
    BOOST_TEST(contains(message, "'run.weight' differs at element 1:"));
    BOOST_TEST(contains(message, "3 steps after loading"));
}

BOOST_AUTO_TEST_CASE(what_is_not_loaded_is_named) {
    Run forgetful;
    forgetful.loads_steps = false;
    std::string message = failure_of(forgetful);
    BOOST_TEST(contains(message, "right after loading, 'run.steps' differs: 3 without a stop, 0 resumed"));
}

BOOST_AUTO_TEST_CASE(no_file_is_left_behind) {
    auto folder = std::filesystem::temp_directory_path();
    auto count = [&] {
        std::size_t found = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            found += entry.path().filename().string().starts_with("xtape-resume-") ? 1U : 0U;
        return found;
    };
    std::size_t before = count();
    io::verify_resume([] { return Run(); }, [](Run& run) { run.step(); });
    BOOST_TEST(count() <= before);
}

BOOST_AUTO_TEST_SUITE_END()
