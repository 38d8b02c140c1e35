// Training stopped after any step and resumed goes on to the same bits: every optimizer, with all that is random.
#include <xtape/xtape.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace xtape;

namespace {

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 6, 12};
    nn::BatchNorm<float> norm{this, "norm", 12};
    nn::Dropout<float> dropout{this, "dropout", 0.4};
    nn::DropConnect<float> fc2{this, "fc2", 12, 8, 0.3};
    nn::LayerNorm<float> layer_norm{this, "layer_norm", Shape{8}};
    nn::Linear<float> fc3{this, "fc3", 8, 3};
    Variable<float> forward(const Variable<float>& x) override {
        return fc3(layer_norm(tanh(fc2(dropout(relu(norm(fc1(x))))))));
    }
};

// A model, its optimizer, a schedule, a plateau, an average and all random streams, in shuffled batches.
template <class Optimizer>
struct Training {
    Net net;
    Optimizer optimizer{net.parameters(), {.lr = 0.01}};
    optim::EMA<float> average{net.parameters(), {.decay = 0.9}};
    State counter;

    Training() {
        optimizer.set_schedule(optim::one_cycle({.steps = 40}));
        optimizer.set_plateau({.factor = 0.5, .patience = 1});
        counter.add("step", std::int64_t{0});
    }

    std::vector<io::Entry> entries() {
        return {{"model", net},
                {"optimizer", optimizer},
                {"average", average},
                {"random", default_generator()},
                {"counter", counter}};
    }

    void step() {
        std::int64_t number = counter.get<std::int64_t>("step");
        const Indices order = default_generator().shuffling().permutation(32);
        Array<float> rows = empty_array<float>({16, 6});
        Indices labels = empty_array<std::int64_t>({16});
        for (std::size_t i = 0; i < 16; ++i) {
            labels(i) = order(i) % 3;
            for (std::size_t k = 0; k < 6; ++k) rows(i, k) = float((order(i) * 7 + std::int64_t(k) * 3) % 11) / 11.0F;
        }
        Variable<float> x(rows);
        double loss_value = 0;
        optimizer.observe(0.1 * double(number % 3));
        optimizer.step([&] {
            optimizer.zero_grad();
            auto loss = nn::cross_entropy(net(x), labels) + 1e-3 * nn::l2_penalty(net.named_parameters());
            backward(loss);
            loss_value = double(loss.item());
            return loss;
        });
        average.update();
        counter = State();
        counter.add("step", number + 1);
    }
};

template <class Optimizer>
void check_resume() {
    for (int before : {0, 1, 4}) {
        std::uint64_t runs = 0;
        io::verify_resume(
            [&] {
                seed(runs++ == 0 ? 5 : 77);    // the second set-up begins elsewhere: everything comes from the file
                return Training<Optimizer>();
            },
            [](auto& training) { training.step(); }, {.steps_before = before, .steps_after = 5});
    }
}

}    // namespace

BOOST_AUTO_TEST_SUITE(resume_training)

BOOST_AUTO_TEST_CASE(stochastic_gradient_descent) { check_resume<optim::SGD<float>>(); }
BOOST_AUTO_TEST_CASE(adagrad) { check_resume<optim::Adagrad<float>>(); }
BOOST_AUTO_TEST_CASE(adadelta) { check_resume<optim::Adadelta<float>>(); }
BOOST_AUTO_TEST_CASE(rmsprop) { check_resume<optim::RMSprop<float>>(); }
BOOST_AUTO_TEST_CASE(adam) { check_resume<optim::Adam<float>>(); }
BOOST_AUTO_TEST_CASE(adamw) { check_resume<optim::AdamW<float>>(); }
BOOST_AUTO_TEST_CASE(nadam) { check_resume<optim::NAdam<float>>(); }
BOOST_AUTO_TEST_CASE(radam) { check_resume<optim::RAdam<float>>(); }
BOOST_AUTO_TEST_CASE(adamax) { check_resume<optim::Adamax<float>>(); }
BOOST_AUTO_TEST_CASE(lion) { check_resume<optim::Lion<float>>(); }
BOOST_AUTO_TEST_CASE(lamb) { check_resume<optim::LAMB<float>>(); }
BOOST_AUTO_TEST_CASE(rprop) { check_resume<optim::Rprop<float>>(); }
BOOST_AUTO_TEST_CASE(lbfgs) { check_resume<optim::LBFGS<float>>(); }

BOOST_AUTO_TEST_SUITE_END()
