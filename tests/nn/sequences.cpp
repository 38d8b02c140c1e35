// Layers for sequences: PyTorch's weights give PyTorch's outputs, gradients, states that go on, lengths and refusals.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/io/safetensors.hpp>
#include <xtape/nn/attention.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/recurrent.hpp>
#include <xtape/nn/recurrent_cell.hpp>
#include <xtape/nn/transformer.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/slice.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>
#include <string>

#include "close.hpp"
#include "places.hpp"

using namespace xtape;
using D = double;

namespace {

// A file that scripts/make_torch_sequences.py wrote.
class TorchFile {
public:
    explicit TorchFile(const std::string& name)
        : tensors_(io::read_safetensors(std::string(source_dir) + "/tests/nn/torch/" + name + ".safetensors")) {}
    Array<float> array(const std::string& name) const { return std::get<Array<float>>(tensors_.at(name)); }
    Variable<float> variable(const std::string& name) const { return Variable<float>(array(name)); }
    Indices indices(const std::string& name) const { return std::get<Indices>(tensors_.at(name)); }
    void load(nn::Module<float>& model) const {
        State parameters;
        for (const auto& [name, parameter] : model.named_parameters()) parameters.add(name, array("model." + name));
        model.load_state(parameters);
    }

private:
    State tensors_;
};

// Both modes, to second order, with the same random numbers in every call; call() uses the leaves it gets and the
// layer.
template <class Call>
void check_gradients(nn::Module<D>& layer, const Variables<D>& x, const Call& call) {
    for (bool training : {true, false}) {
        BOOST_TEST_CONTEXT(layer.describe() << (training ? " in training" : " in evaluation")) {
            layer.train(training);
            Variables<D> inputs = x;
            for (const auto& [name, parameter] : layer.named_parameters())
                inputs.push_back(Variable<D>(parameter.value(), requires_grad));
            const auto count = static_cast<std::ptrdiff_t>(x.size());
            BOOST_TEST(gradcheck(
                [&](const Variables<D>& in) {
                    seed(3);
                    const Variables<D> own(in.begin(), in.begin() + count);
                    return nn::functional_call(layer, Variables<D>(in.begin() + count, in.end()),
                                               std::function<Variable<D>()>([&] { return call(own); }));
                },
                inputs, {.order = 2, .most_elements = 8, .directions = 3}));
        }
    }
}

Variable<D> leaf(const Shape& shape, double phase = 0) { return Variable<D>(numbers(shape, phase), requires_grad); }

}    // namespace

BOOST_AUTO_TEST_SUITE(sequences)

BOOST_AUTO_TEST_CASE(an_lstm_of_pytorch_gives_its_outputs) {
    const TorchFile file("lstm");
    nn::LSTM<float> lstm(4, 6, {.layers = 2, .bidirectional = true, .projection = 3});
    file.load(lstm);
    auto [outputs, state] = lstm(file.variable("x"), {.lengths = file.indices("lengths")});
    check_close(outputs.value(), file.array("outputs"), 1e-5);
    check_close(state.hidden.value(), file.array("hidden"), 1e-5);
    check_close(state.cell.value(), file.array("cell"), 1e-5);
}

BOOST_AUTO_TEST_CASE(a_gru_of_pytorch_gives_its_outputs) {
    const TorchFile file("gru");
    nn::GRU<float> gru(4, 6, {.layers = 2, .bidirectional = true});
    file.load(gru);
    auto [outputs, hidden] = gru(file.variable("x"));
    check_close(outputs.value(), file.array("outputs"), 1e-5);
    check_close(hidden.value(), file.array("hidden"), 1e-5);
}

BOOST_AUTO_TEST_CASE(transformer_encoders_of_pytorch_give_their_outputs) {
    for (bool norm_first : {false, true}) {
        const TorchFile file(norm_first ? "encoder_pre_norm" : "encoder_post_norm");
        const auto f = norm_first ? nn::TransformerActivation::gelu : nn::TransformerActivation::relu;
        nn::TransformerEncoder<float> encoder(
            8, 2, {.layers = 2, .norm = true, .layer = {.feedforward = 12, .activation = f, .norm_first = norm_first}});
        file.load(encoder);
        encoder.eval();
        const Mask padding = xt::not_equal(file.indices("padding"), 0);
        const Array<float> y = encoder(file.variable("x"), {.key_padding_mask = padding}).value();
        check_close(y, file.array("outputs"), 1e-5);
    }
}

BOOST_AUTO_TEST_CASE(a_decoder_layer_and_attention_of_pytorch_give_their_outputs) {
    const TorchFile file("decoder_layer");
    nn::TransformerDecoderLayer<float> layer(8, 2, {.feedforward = 12});
    file.load(layer);
    layer.eval();
    check_close(layer(file.variable("x"), file.variable("memory")).value(), file.array("outputs"), 1e-5);
    const TorchFile other("attention");
    nn::MultiheadAttention<float> attention(8, 2, {.kdim = 5, .vdim = 3});
    other.load(attention);
    check_close(attention(other.variable("q"), other.variable("k"), other.variable("v")).value(),
                other.array("outputs"), 1e-5);
}

BOOST_AUTO_TEST_CASE(recurrent_layers_have_right_gradients) {
    nn::LSTM<D> lstm(2, 3, {.layers = 2, .bidirectional = true, .dropout = 0.4, .projection = 2});
    check_gradients(lstm, {leaf({2, 3, 2}), leaf({4, 2, 2}, 1), leaf({4, 2, 3}, 2)}, [&](const Variables<D>& in) {
        auto [y, state] = lstm(in[0], {.state = {in[1], in[2]}, .lengths = Indices{3, 2}});
        return concat({flatten(y), flatten(state.hidden), flatten(state.cell)});
    });
    nn::GRU<D> gru(2, 3, {.layers = 2, .dropout = 0.4, .bias = false, .batch_first = false});
    check_gradients(gru, {leaf({3, 2, 2})}, [&](const Variables<D>& in) { return gru(in[0]).outputs; });
    nn::RNN<D> rnn(2, 3, {.bidirectional = true});
    check_gradients(rnn, {leaf({2, 3, 2})}, [&](const Variables<D>& in) { return rnn(in[0]).hidden; });
}

BOOST_AUTO_TEST_CASE(attention_and_transformer_layers_have_right_gradients) {
    nn::MultiheadAttention<D> attention(4, 2, {.dropout = 0.3});
    check_gradients(attention, {leaf({2, 3, 4})},
                    [&](const Variables<D>& in) { return attention(in[0], in[0], in[0], {.causal = true}); });
    nn::TransformerEncoderLayer<D> encoder(4, 2, {.feedforward = 3, .activation = nn::TransformerActivation::gelu});
    check_gradients(encoder, {leaf({2, 3, 4})}, [&](const Variables<D>& in) { return encoder(in[0]); });
    nn::TransformerDecoder<D> decoder(
        4, 2,
        {.layers = 1,
         .norm = true,
         .layer = {.feedforward = 3, .activation = nn::TransformerActivation::gelu, .norm_first = true}});
    check_gradients(decoder, {leaf({2, 3, 4}), leaf({2, 2, 4}, 1)},
                    [&](const Variables<D>& in) { return decoder(in[0], in[1]); });
}

BOOST_AUTO_TEST_CASE(cells_take_the_steps_of_their_layers) {
    seed(1);
    nn::LSTM<D> lstm(2, 3);
    nn::GRU<D> gru(2, 3);
    nn::RNN<D> rnn(2, 3, {.nonlinearity = RecurrentNonlinearity::relu});
    seed(1);
    nn::LSTMCell<D> lstm_cell(2, 3);
    nn::GRUCell<D> gru_cell(2, 3);
    nn::RNNCell<D> rnn_cell(2, 3, {.nonlinearity = RecurrentNonlinearity::relu});
    const Variable<D> x = leaf({4, 3, 2});
    auto state = lstm_cell(pick(x, 0, 1));
    auto gated = gru_cell(pick(x, 0, 1)), simple = rnn_cell(pick(x, 0, 1));
    for (int t = 1; t < 3; ++t) {
        state = lstm_cell(pick(x, t, 1), state);
        gated = gru_cell(pick(x, t, 1), gated);
        simple = rnn_cell(pick(x, t, 1), simple);
    }
    check_close(state.hidden.value(), pick(lstm(x).outputs, 2, 1).value(), 1e-14);
    check_close(state.cell.value(), pick(lstm(x).state.cell, 0).value(), 1e-14);
    check_close(gated.value(), pick(gru(x).hidden, 0).value(), 1e-14);
    check_close(simple.value(), pick(rnn(x).hidden, 0).value(), 1e-14);
    check_gradients(gru_cell, {leaf({2, 2}), leaf({2, 3}, 1)},
                    [&](const Variables<D>& in) { return gru_cell(in[0], in[1]); });
}

BOOST_AUTO_TEST_CASE(truncated_propagation_goes_on_from_a_state_without_its_history) {
    nn::LSTM<D> lstm(2, 3);
    const Variable<D> early = leaf({1, 2, 2}), late = leaf({1, 2, 2}, 1);
    const auto state = lstm(early).state;
    const auto whole = lstm(late, {.state = state}), cut = lstm(late, {.state = state.detach()});
    check_close(cut.outputs.value(), whole.outputs.value(), 0);
    BOOST_TEST(grad(sum(whole.outputs), early).size() == 4);
    BOOST_CHECK_THROW(grad(sum(cut.outputs), early), GradError);
    const Variable<D> both = concat({early, late}, 1);
    check_close(slice(lstm(both).outputs, {Range{}, Range{2, 4}}).value(), whole.outputs.value(), 1e-14);
}

BOOST_AUTO_TEST_CASE(self_attention_takes_one_projection_for_all_three) {
    nn::MultiheadAttention<D> attention(4, 2);
    const Variable<D> x = leaf({2, 3, 4});
    const Variable<D> same(x.value());
    check_close(attention(x, x, x).value(), attention(x, same, Variable<D>(x.value())).value(), 1e-14);
}

BOOST_AUTO_TEST_CASE(a_mask_and_padding_hold_together) {
    nn::MultiheadAttention<D> attention(4, 2);
    const Variable<D> x = leaf({2, 3, 4});
    const Mask padding{{false, false, true}, {false, false, false}},
        triangle{{true, false, false}, {true, true, false}, {true, true, true}};
    const Array<D> both = attention(x, x, x, {.mask = triangle, .key_padding_mask = padding}).value();
    const Array<D> causal = attention(x, x, x, {.causal = true, .key_padding_mask = padding}).value();
    check_close(both, causal, 0);
    Array<D> other = x.value();
    for (std::size_t e = 0; e < 4; ++e) other(0, 2, e) = 9;    // padding, which only its own output depends on
    const Variable<D> z(other);
    const Array<D> moved = attention(z, z, z, {.mask = triangle, .key_padding_mask = padding}).value();
    for (std::size_t b = 0; b < 2; ++b)
        for (std::size_t t = 0; t < 3; ++t)
            for (std::size_t e = 0; e < 4; ++e)
                if (b == 1 || t < 2) BOOST_TEST(moved(b, t, e) == both(b, t, e));
}

BOOST_AUTO_TEST_CASE(a_bias_is_added_to_the_scores_of_every_head) {
    nn::MultiheadAttention<D> attention(4, 2);
    const Variable<D> x = leaf({2, 3, 4});
    const D hidden = -std::numeric_limits<D>::infinity();
    const Variable<D> triangle(Array<D>{{0.0, hidden, hidden}, {0.0, 0.0, hidden}, {0.0, 0.0, 0.0}});
    check_close(attention(x, x, x, {.bias = triangle}).value(), attention(x, x, x, {.causal = true}).value(), 0);
    check_gradients(attention, {x, leaf({2, 3, 3}, 1)}, [&](const Variables<D>& in) {
        return attention(in[0], in[0], in[0], {.bias = in[1], .causal = true});
    });
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
    BOOST_CHECK_THROW(nn::LSTM<D>(2, 3, {.projection = 3}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::LSTM<D>(0, 3), std::invalid_argument);
    BOOST_CHECK_THROW(nn::GRU<D>(2, 3, {.layers = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::GRU<D>(2, 3, {.dropout = 1.5}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::MultiheadAttention<D>(5, 2), std::invalid_argument);
    BOOST_CHECK_THROW(nn::MultiheadAttention<D>(4, 2, {.dropout = 1}), std::invalid_argument);
    nn::LSTM<D> lstm(2, 3);
    BOOST_CHECK_THROW(lstm(leaf({4, 2})), ShapeError);
    BOOST_CHECK_THROW(lstm(leaf({1, 4, 3})), ShapeError);
    BOOST_CHECK_THROW(lstm(leaf({1, 4, 2}), {.state = {leaf({1, 2, 3}), {}}}), ShapeError);
    BOOST_CHECK_THROW(lstm(leaf({1, 4, 2}), {.lengths = Indices{5}}), std::invalid_argument);
    nn::MultiheadAttention<D> attention(4, 2);
    BOOST_CHECK_THROW(attention(leaf({2, 3, 4}), leaf({2, 3, 5}), leaf({2, 3, 4})), ShapeError);
    BOOST_CHECK_THROW(attention(leaf({2, 3, 4}), leaf({2, 3, 4}), leaf({2, 2, 4})), ShapeError);
    const Mask padding(Shape{2, 2}, true);
    BOOST_CHECK_THROW(attention(leaf({2, 3, 4}), leaf({2, 3, 4}), leaf({2, 3, 4}), {.key_padding_mask = padding}),
                      ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
