// Event files, read by TensorBoard itself. Where Python does not have it, it is installed into an environment beside
// the test program; only where that cannot be done are these cases skipped.
#include <xtape/train/loop/tensorboard.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(tensorboard)

namespace {

bool runs_well(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

// A Python that can import tensorboard; empty: there can be none.
const std::string& python() {
    static const std::string found = [] {
        const std::string import = " -c 'import tensorboard.backend.event_processing.event_accumulator'";
        if (runs_well("python3" + import)) return std::string("python3");
        const fs::path program = boost::unit_test::framework::master_test_suite().argv[0];
        const std::string folder = (fs::absolute(program).parent_path() / "tensorboard").string();
        const std::string own = folder + "/bin/python";
        if (runs_well(own + import)) return own;
        if (runs_well("python3 -m venv " + folder + " && " + own + " -m pip install tensorboard") &&
            runs_well(own + import))
            return own;
        return std::string();
    }();
    return found;
}

boost::test_tools::assertion_result has_tensorboard(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(!python().empty());
    result.message() << "the Python package tensorboard cannot be installed";
    return result;
}

// Whether the script's assertions hold of the folder, which is loaded as `events`.
bool holds(const fs::path& folder, const std::string& script) {
    const fs::path source = folder.string() + ".py";
    std::ofstream(source) << "import io, struct, sys\n"
                             "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
                             "events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'histograms': 0, "
                             "'images': 0}).Reload()\n"
                             "def series(tag): return [(s.step, s.value) for s in events.Scalars(tag)]\n"
                          << script;
    return std::system((python() + " " + source.string() + " " + folder.string()).c_str()) == 0;
}

}    // namespace

BOOST_AUTO_TEST_CASE(scalars_histograms_and_images_are_read, *boost::unit_test::precondition(has_tensorboard)) {
    Folder folder;
    {
        EventFile file(folder / "events");
        file.scalar("a/b", 1, 0.5);
        file.scalar("a/b", 300, -2);
        file.scalar("not a number", 1, std::nan(""));
        file.scalar("large", std::int64_t{1} << 40, 1e300);    // of more than seven bits a byte; infinite as a float
        file.histogram("numbers", 3, Array<double>{1.0, 2.0, 2.0, 4.0, std::nan("")}, 3);
        file.histogram("constant", 3, Array<float>(Shape{5}, 7.0F));
        file.histogram("nothing", 3, Array<float>(Shape{0}, 0.0F));
        file.image("picture", 9, {.width = 2, .height = 1, .channels = 3, .pixels = {255, 0, 0, 0, 0, 255}});
        BOOST_CHECK_THROW(file.histogram("a", 1, Array<float>{1.0F}, 0), std::invalid_argument);
    }
    BOOST_TEST(holds(folder / "events", R"(
assert series('a/b') == [(1, 0.5), (300, -2.0)], series('a/b')
assert series('not a number')[0][1] != series('not a number')[0][1]
assert series('large') == [(2**40, float('inf'))]
h = events.Histograms('numbers')[0]
assert h.step == 3
v = h.histogram_value
assert (v.min, v.max, v.num, v.sum, v.sum_squares) == (1, 4, 4, 9, 25), v
assert list(v.bucket_limit) == [2, 3, 4] and list(v.bucket) == [1, 2, 1], v
v = events.Histograms('constant')[0].histogram_value
assert list(v.bucket_limit) == [7] and list(v.bucket) == [5], v
assert 'nothing' not in events.Tags()['histograms']
i = events.Images('picture')[0]
assert (i.step, i.width, i.height) == (9, 2, 1)
assert i.encoded_image_string[:8] == b'\x89PNG\r\n\x1a\n'
)"));
}

BOOST_AUTO_TEST_CASE(a_run_is_read_as_it_went, *boost::unit_test::precondition(has_tensorboard)) {
    Folder folder;
    seed(3);
    Run run(folder / "run.h5");
    run.trainer.add<TensorBoard>(
        {.folder = folder / "events",
         .every_steps = 2,
         .histograms_every = 2,
         .after_epoch = [](EventFile& file, Training& training) { file.scalar("mine", training.steps(), 1); }});
    run.fit();
    const auto& history = run.trainer.history();
    std::ostringstream wanted;
    wanted.precision(9);
    wanted << "wanted = [";
    for (double loss : history.values("validation.loss")) wanted << loss << ",";
    wanted << "]\nsteps = " << run.trainer.steps() << "\nepochs = " << history.epochs() << "\n";
    BOOST_TEST(holds(folder / "events", wanted.str() + R"(
got = series('validation/loss')
assert len(got) == epochs and got[-1][0] == steps
assert all(abs(v - w) < 1e-6 * abs(w) for (_, v), w in zip(got, wanted))
assert len(series('mine')) == epochs
assert [s for s, _ in series('step/loss')] == list(range(2, steps + 1, 2))
assert len(events.Histograms('model/fc1/weight')) == epochs // 2
assert events.Histograms('model/fc1/weight')[0].histogram_value.num == 32
)"));
}

BOOST_AUTO_TEST_CASE(a_resumed_run_takes_the_place_of_what_was_beyond_its_checkpoint,
                     *boost::unit_test::precondition(has_tensorboard)) {
    Folder folder;
    for (std::int64_t stop : {13, 0}) {
        seed(3);
        Run run(folder / "run.h5", stop);
        run.trainer.add<TensorBoard>({.folder = folder / "events", .every_steps = 1});
        if (stop == 0) BOOST_TEST(run.trainer.resume(folder / "run.h5"));
        run.fit();
        if (stop == 0) continue;
        // What a killed run has written beyond its last checkpoint.
        EventFile(folder / "events", 14).scalar("step/loss", 14, 99);
    }
    BOOST_TEST(holds(folder / "events", R"(
got = series('step/loss')
assert [s for s, _ in got] == list(range(1, len(got) + 1)), got
assert all(v != 99 for _, v in got)
)"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_refused) {
    Folder folder;
    BOOST_CHECK_THROW(TensorBoard({}), std::invalid_argument);
    BOOST_CHECK_THROW(TensorBoard({.folder = "a", .every_steps = -1}), std::invalid_argument);
    std::ofstream(folder / "file") << "x";
    BOOST_CHECK_THROW(EventFile(folder / "file"), io::Error);
}

BOOST_AUTO_TEST_SUITE_END()
