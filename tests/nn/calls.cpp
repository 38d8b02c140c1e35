// The call of a module: any signature, and what a watch sees of it.
#include <xtape/core/error.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/embedding.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace xtape;

namespace {

using V = Variable<double>;

struct MixOptions {
    double weight = 0.5;
    bool swapped = false;
};

struct Mix : nn::Module<double, V(const V&, const V&, MixOptions)> {
    using Module::Module;
    V forward(const V& a, const V& b, MixOptions options) override {
        return options.swapped ? options.weight * b : options.weight * a;
    }
};

struct Memory {
    V hidden, cell;
};
struct Recurrent : nn::Module<double, std::pair<V, Memory>(const V&, const std::optional<Memory>&)> {
    using Module::Module;
    std::pair<V, Memory> forward(const V& x, const std::optional<Memory>& before) override {
        return {x * 2.0, {before ? before->hidden : x, x * 3.0}};
    }
};

struct ScaleOptions {
    double by = 2;
};
struct Scale : nn::Module<double, V(const V&, ScaleOptions)> {
    using Module::Module;
    V forward(const V& x, ScaleOptions options) override { return x * options.by; }
};

struct Several : nn::Module<double, std::tuple<V, int, std::vector<V>, std::optional<V>, Indices>(V)> {
    std::tuple<V, int, std::vector<V>, std::optional<V>, Indices> forward(V x) override {
        return {x, 3, {x * 2.0, x * 3.0}, x * 4.0, Indices{1, 2}};
    }
};

V number(double x) { return V(Array<double>{x}); }
double first(const V& v) { return v.value().storage()[0]; }

}    // namespace

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(a_module_is_called_with_what_its_forward_takes) {
    Mix mix;
    BOOST_TEST(first(mix(number(2), number(4), {.weight = 0.25, .swapped = true})) == 1);
    BOOST_TEST(first(mix(number(2), number(4))) == 1);    // options may be left out
    static_assert(!std::is_invocable_v<Mix&, V>);
    static_assert(!std::is_invocable_v<Mix&, V, V, V>);
    static_assert(!std::is_invocable_v<nn::Embedding<double>&, V>);
}

BOOST_AUTO_TEST_CASE(a_module_may_give_several_outputs) {
    Recurrent recurrent;
    auto [y, memory] = recurrent(number(1));
    BOOST_TEST(first(y) == 2);
    BOOST_TEST(first(recurrent(y, memory).second.hidden) == 1);
}

BOOST_AUTO_TEST_CASE(a_module_of_one_variable_and_options_is_a_part_of_a_sequence) {
    nn::Sequential<double> sequence;
    sequence.add<Scale>();
    sequence.add<Scale>();
    BOOST_TEST(first(sequence(number(1))) == 4);
    sequence.add<Mix>();
    BOOST_CHECK_EXCEPTION(sequence(number(1)), Error, [](const Error& error) {
        return std::string(error.what()) == "[Mix 2] got one variable; wanted what its own forward takes";
    });
}

BOOST_AUTO_TEST_CASE(a_watch_sees_all_outputs_of_all_calls) {
    struct : nn::Module<double> {
        Mix mix{this, "mix"};
        Recurrent recurrent{this, "recurrent"};
        nn::Embedding<double> embedding{this, "embedding", 3, 1};
        Variable<double> forward(const Variable<double>& x) override {
            embedding(Indices{1});
            return recurrent(mix(x, x, {.weight = 1})).first;
        }
    } model;
    std::vector<std::string> seen;
    nn::OutputWatch<double> watch([&](nn::Module<double>& module, const V&, std::size_t number) {
        seen.push_back(module.path() + std::to_string(number));
    });
    model(number(1));
    BOOST_TEST(seen == (std::vector<std::string>{"embedding0", "mix0", "recurrent0", "recurrent1", "recurrent2", "0"}));
}

BOOST_AUTO_TEST_CASE(a_watch_finds_variables_in_tuples_lists_and_optionals) {
    Several several;
    std::vector<double> seen;
    nn::OutputWatch<double> watch([&](nn::Module<double>&, const V& y) { seen.push_back(first(y)); });
    several(number(1));
    BOOST_TEST(seen == (std::vector<double>{1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(an_inner_watch_does_not_blind_an_outer_one) {
    nn::Linear<double> layer(1, 1);
    int outer = 0, inner = 0;
    nn::OutputWatch<double> first_watch([&](nn::Module<double>&, const V&) { ++outer; });
    {
        nn::OutputWatch<double> second([&](nn::Module<double>&, const V&) { ++inner; });
        layer(number(1));
    }
    layer(number(1));
    BOOST_TEST(outer == 2);
    BOOST_TEST(inner == 1);
}

BOOST_AUTO_TEST_CASE(watches_may_end_in_any_order) {
    nn::Linear<double> layer(1, 1);
    int outer = 0, inner = 0;
    auto first_watch = std::make_unique<nn::OutputWatch<double>>([&](nn::Module<double>&, const V&) { ++outer; });
    nn::OutputWatch<double> second([&](nn::Module<double>&, const V&) { ++inner; });
    first_watch.reset();
    layer(number(1));
    BOOST_TEST(outer == 0);
    BOOST_TEST(inner == 1);
}

BOOST_AUTO_TEST_CASE(calls_made_by_a_watch_are_not_watched) {
    nn::Linear<double> layer(1, 1);
    int seen = 0;
    nn::OutputWatch<double> watch([&](nn::Module<double>& module, const V&) {
        ++seen;
        module(number(2));
        if (seen == 2) throw std::runtime_error("enough");
    });
    layer(number(1));
    BOOST_TEST(seen == 1);
    BOOST_CHECK_THROW(layer(number(1)), std::runtime_error);
    layer(number(1));    // and a watch that has thrown still sees
    BOOST_TEST(seen == 3);
}

BOOST_AUTO_TEST_CASE(a_summary_shows_all_outputs) {
    struct : nn::Module<double> {
        Recurrent recurrent{this, "recurrent"};
        Variable<double> forward(const Variable<double>& x) override { return recurrent(x).first; }
    } model;
    BOOST_TEST(model.summary({2, 3}).find("(2, 3), (2, 3), (2, 3)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
