// Regression on a table: reads a CSV file, prepares its columns, trains a small network and says how well it predicts.
//
//     tabular [FILE.csv TARGET]    without arguments, a file of Friedman's function is made and used
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace xtape;

namespace {

struct Regressor : nn::Module<float> {
    nn::Linear<float> fc1, fc2, fc3;
    explicit Regressor(std::size_t inputs)
        : fc1(this, "fc1", inputs, 64), fc2(this, "fc2", 64, 64), fc3(this, "fc3", 64, 1) {}
    Variable<float> forward(const Variable<float>& x) override { return fc3(relu(fc2(relu(fc1(x))))); }
};

// Ten numbers, a text that matters, and the target.
void write_example(const std::filesystem::path& path) {
    const auto data = train::friedman<double>({.count = 3000, .noise = 0.5, .seed = 1});
    const Array<double> x = data.inputs(), y = data.targets();
    const char* sites[] = {"north", "south", "west"};
    std::ofstream file(path);
    for (int c = 0; c < 10; ++c) file << "x" << c << ',';
    file << "site,y\n";
    for (std::size_t i = 0; i < x.shape()[0]; ++i) {
        for (std::size_t c = 0; c < 10; ++c) file << x(i, c) << ',';
        file << sites[i % 3] << ',' << y(i, 0) + 3 * double(i % 3) << '\n';
    }
}

int run(const std::filesystem::path& path, const std::string& target) {
    const io::CsvTable table = io::read_csv(path);
    const auto data = train::from_table<float>(table, {.target = target});
    std::printf("%s", data.summary().c_str());
    const auto parts = train::split(data, {.validation = 0.2, .test = 0.2, .seed = 1});

    // Texts become columns of their own; everything is standardised; all of it fitted on what is trained with.
    std::vector<std::size_t> texts;
    std::size_t column = 0;
    for (const auto& each : table.columns()) {
        if (each.name == target) continue;
        if (each.is_text) texts.push_back(column);
        ++column;
    }
    train::Pipeline<float> prepare(parts.train);
    prepare.add<train::OneHot>("texts", {.columns = texts}).add<train::Standardize>("scale");

    const auto training = prepare(parts.train), validation = prepare(parts.validation), test = prepare(parts.test);
    train::DataLoader<float> batches(training, {.batch_size = 32, .shuffle = true});
    train::DataLoader<float> validating(validation, {.batch_size = 256}), testing(test, {.batch_size = 256});

    Regressor net(training.example_shape()[0]);
    optim::AdamW<float> optimizer(net.parameters(), {.lr = 3e-3, .weight_decay = 1e-2});
    train::Trainer<float> trainer(net, optimizer, train::regression<float>({train::root_mean_squared_error<float>()}),
                                  {.epochs = 60, .schedule = optim::cosine({.steps = 60}), .schedule_by_epoch = true});
    trainer.add<train::EarlyStopping>({.patience = 15, .restore_best = true});
    trainer.fit(batches, validating);

    for (const auto& [name, value] : trainer.evaluate(testing)) std::printf("test %s: %.4f\n", name.c_str(), value);
    return 0;
}

}    // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 1 && argc != 3) throw std::invalid_argument("wanted tabular [FILE.csv TARGET]");
        seed(1);
        if (argc == 3) return run(argv[1], argv[2]);
        const auto path = std::filesystem::temp_directory_path() / "xtape_friedman.csv";
        write_example(path);
        std::printf("made %s\n", path.c_str());
        return run(path, "y");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tabular: %s\n", error.what());
        return 1;
    }
}
