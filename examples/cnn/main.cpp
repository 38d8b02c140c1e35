// A convolutional network that reads digits, trained by one cycle of the learning rate on images that are moved and
// turned a little each time.
//
//     build/release/examples/cnn [FOLDER [EPOCHS [REPORT.html]]]    FOLDER has MNIST's files; without it, or for "-",
//                                                                  the program draws digits itself
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace xtape;

namespace {

// Two stages of two 3 x 3 convolutions each, halved between them.
struct Reader : nn::Module<float> {
    nn::Conv2d<float> conv1{this, "conv1", 1, 16, 3, {.padding = 1}}, conv2{this, "conv2", 16, 32, 3, {.padding = 1}},
        conv3{this, "conv3", 32, 64, 3, {.padding = 1}}, conv4{this, "conv4", 64, 64, 3, {.padding = 1}};
    nn::BatchNorm<float> norm1{this, "norm1", 16}, norm2{this, "norm2", 32}, norm3{this, "norm3", 64},
        norm4{this, "norm4", 64};
    nn::MaxPool2d<float> halve{this, "halve", 2};
    nn::Dropout<float> dropout{this, "dropout", 0.3};
    nn::Linear<float> head{this, "head", 64, 10};

    Variable<float> forward(const Variable<float>& x) override {
        Variable<float> y = relu(norm1(conv1(reshape(x, {x.shape()[0], 1, 28, 28}))));
        y = relu(norm2(conv2(halve(y))));    // 14 x 14
        y = relu(norm3(conv3(halve(y))));    // 7 x 7
        y = relu(norm4(conv4(y)));
        return head(dropout(mean(y, {2, 3})));
    }
};

train::Split<float> load(std::string_view folder) {
    if (folder != "-") return train::read_mnist<float>(folder);
    return train::split(train::digits<float>({.count = 6000, .seed = 1}), {.test = 0.2, .stratified = true, .seed = 1});
}

void train_and_test(const train::Split<float>& data, std::size_t epochs, const std::string& report) {
    train::DataLoader<float> batches(data.train, {.batch_size = 64, .shuffle = true, .drop_last = true},
                                     train::augment<float>({.image = {28, 28}, .shift = 2, .rotation = 10}));
    train::DataLoader<float> testing(data.test, {.batch_size = 500});
    Reader net;
    optim::AdamW<float> optimizer(net.parameters(), {.lr = 1e-2, .weight_decay = 1e-2});
    train::Trainer<float> trainer(net, optimizer, train::classification<float>(), {.epochs = epochs});
    trainer.add<train::Watch>();
    if (!report.empty()) trainer.add<train::Report>({.path = report, .first_layer = "conv1.weight", .image = {28, 28}});
    train::fit_one_cycle(trainer, batches, testing);    // the test set is seen on the way, but nothing is chosen by it
    for (const auto& [name, value] : trainer.evaluate(testing)) std::printf("test %s: %.4f\n", name.c_str(), value);
}

}    // namespace

int main(int argc, char** argv) {
    try {
        const std::string folder = argc > 1 ? argv[1] : "-", report = argc > 3 ? argv[3] : "";
        const long epochs = argc > 2 ? std::atol(argv[2]) : 10;
        if (epochs < 1) throw std::invalid_argument("got '" + std::string(argv[2]) + "' epochs; wanted 1 or more");
        seed(1);
        const train::Split<float> data = load(folder);
        std::printf("%zu digits to learn from, %zu to test with\n", data.train.size(), data.test.size());
        train_and_test(data, static_cast<std::size_t>(epochs), report);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "cnn: %s\n", error.what());
        return 1;
    }
}
