// What the Trainer costs beside a loop written by hand, and how fast tables are read.
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "runner.hpp"

using namespace xtape;

namespace {

// What is printed while it lives goes nowhere: a progress bar draws, and nobody sees it.
class Unseen {
public:
    Unseen() : stdout_((std::fflush(stdout), ::dup(1))) {
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, 1);
        ::close(nowhere);
    }
    ~Unseen() {
        std::fflush(stdout);
        ::dup2(stdout_, 1);
        ::close(stdout_);
    }

private:
    int stdout_;
};

struct Case {
    std::string name;
    std::vector<std::size_t> sizes;
    std::size_t batch, steps;
};

void build(nn::Sequential<float>& net, const std::vector<std::size_t>& sizes) {
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        net.add<nn::Linear<float>>(sizes[i - 1], sizes[i]);
        if (i + 1 < sizes.size()) net.add<nn::ReLU<float>>();
    }
}

// An epoch of the same steps: on one batch that is there already; on batches that the loop gathers itself, in an order
// that it draws; and by the Trainer with loader, metrics, history and a progress bar. What is printed is a step's time
// in each, and the Trainer's ratio to the first; the last has train::Watch besides.
void run_case(const Case& c) {
    if (!bench::wanted(c.name)) return;
    nn::Sequential<float> net;
    build(net, c.sizes);
    optim::SGD<float> optimizer(net.parameters(), {.lr = 1e-4, .momentum = 0.9});
    auto& random = default_generator().general();
    Array<float> inputs = random.normal<float>({c.batch * c.steps, c.sizes.front()});
    Indices labels = empty_array<std::int64_t>({c.batch * c.steps});
    for (auto& label : labels.storage()) label = random.integer(static_cast<std::int64_t>(c.sizes.back()));
    const train::Dataset<float> data(inputs, labels);
    train::DataLoader<float> batches(data, {.batch_size = c.batch, .shuffle = true});

    auto step = [&](const Variable<float>& x, const Indices& y) {
        optimizer.zero_grad();
        auto loss = nn::cross_entropy(net(x), y);
        backward(loss);
        optimizer.step();
        return loss.item();
    };
    auto bare = [&] {
        const train::Batch<float> batch = data.subset(std::vector<std::int64_t>(c.batch, 0)).all();
        float sum = 0;
        for (std::size_t i = 0; i < c.steps; ++i) sum += step(batch.inputs, batch.labels);
        return sum;
    };
    auto by_hand = [&] {
        const Indices order = random.permutation(c.batch * c.steps);
        float sum = 0;
        for (std::size_t i = 0; i < c.steps; ++i) {
            Array<float> x = empty_array<float>({c.batch, c.sizes.front()});
            Indices y = empty_array<std::int64_t>({c.batch});
            for (std::size_t k = 0; k < c.batch; ++k) {
                const auto row = static_cast<std::size_t>(order(i * c.batch + k));
                std::copy_n(inputs.storage().data() + row * c.sizes.front(), c.sizes.front(),
                            x.storage().data() + k * c.sizes.front());
                y(k) = labels(row);
            }
            sum += step(Variable<float>(std::move(x)), y);
        }
        return sum;
    };
    auto fit = [&](bool watched) {
        Unseen unseen;
        train::Trainer<float> trainer(net, optimizer, train::classification<float>(),
                                      {.epochs = 1, .progress = train::Progress::bar});
        if (watched) trainer.add<train::Watch>();
        trainer.fit(batches);
    };
    bench::compare(
        c.name, static_cast<double>(c.steps),
        {{"bare", bare}, {"by_hand", by_hand}, {"trainer", [&] { fit(false); }}, {"watched", [&] { fit(true); }}});
}

// A million rows of five columns: three numbers of a few digits, one of many, and one of four words.
void run_csv() {
    if (!bench::wanted("csv_1M_rows")) return;
    std::string text = "a,b,c,d,site\n";
    const char* sites[] = {"north", "south", "west", "east"};
    auto& random = default_generator().general();
    for (int row = 0; row < 1000000; ++row) {
        char line[96];
        const auto draw = static_cast<double>(random.integer(1000000));
        std::snprintf(line, sizeof line, "%d,%.2f,%.3f,%.12g,%s\n", row, draw / 100, -draw / 1000, draw / 7,
                      sites[row % 4]);
        text += line;
    }
    bench::run(
        "csv_1M_rows", [&] { io::parse_csv(text); }, 5);
}

}    // namespace

void bench::training() {
    run_case({"train_tiny_2-16-16-2x32", {2, 16, 16, 2}, 32, 1000});
    run_case({"train_784-512-512-10x128", {784, 512, 512, 10}, 128, 200});
    run_csv();
}
