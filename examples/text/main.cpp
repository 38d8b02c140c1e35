// A model of characters: a GRU reads a poem letter by letter, learns which letter comes next, and then writes.
//
//     build/release/examples/text [steps]
#include <xtape/xtape.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace xtape;

namespace {

// Lewis Carroll, "Jabberwocky", 1871.
constexpr std::string_view text =
    "'Twas brillig, and the slithy toves\n  Did gyre and gimble in the wabe:\nAll mimsy were the borogoves,\n"
    "  And the mome raths outgrabe.\n\n\"Beware the Jabberwock, my son!\n  The jaws that bite, the claws that catch!\n"
    "Beware the Jubjub bird, and shun\n  The frumious Bandersnatch!\"\n\nHe took his vorpal sword in hand;\n"
    "  Long time the manxome foe he sought-\nSo rested he by the Tumtum tree\n  And stood awhile in thought.\n\n"
    "And, as in uffish thought he stood,\n  The Jabberwock, with eyes of flame,\nCame whiffling through the tulgey "
    "wood,\n  And burbled as it came!\n\nOne, two! One, two! And through and through\n  The vorpal blade went "
    "snicker-snack!\nHe left it dead, and with its head\n  He went galumphing back.\n\n\"And hast thou slain the "
    "Jabberwock?\n  Come to my arms, my beamish boy!\nO frabjous day! Callooh! Callay!\"\n  He chortled in his joy.\n";

// The letters that the text has, and their numbers.
struct Alphabet {
    std::string letters;
    Alphabet() : letters(text) {
        std::sort(letters.begin(), letters.end());
        letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
    }
    std::int64_t number(char letter) const { return static_cast<std::int64_t>(letters.find(letter)); }
};

struct Writer : nn::Module<float> {
    nn::Embedding<float> embedding;
    nn::GRU<float> gru{this, "gru", 32, 128};
    nn::Linear<float> head;

    explicit Writer(std::size_t letters)
        : embedding(this, "embedding", letters, 32), head(this, "head", 128, letters) {}

    // (batch, time) -> scores of the next letter (batch, time, letters), and the state to go on from.
    std::pair<Variable<float>, Variable<float>> read(const Indices& letters, const Variable<float>& hidden = {}) {
        auto [outputs, last] = gru(embedding(letters), {.hidden = hidden});
        return {head(outputs), last};
    }
};

// The next letter, drawn with the probabilities softmax(scores / temperature).
std::int64_t draw(const Array<float>& scores, double temperature) {
    const Array<float> p = softmax(Variable<float>(Array<float>(scores / float(temperature)))).value();
    double rest = default_generator().general().uniform<double>({1})(0);
    std::size_t k = 0;
    while (k + 1 < p.size() && (rest -= p.storage()[k]) > 0) ++k;
    return static_cast<std::int64_t>(k);
}

std::string write(Writer& model, const Alphabet& alphabet, std::string begin, std::size_t count) {
    NoGrad guard;
    nn::EvalGuard evaluation(model);
    Variable<float> hidden;
    std::string written = begin;
    for (char letter = begin[0]; written.size() < count;) {
        auto [scores, state] = model.read(Indices(Shape{1, 1}, alphabet.number(letter)), hidden);
        hidden = state;
        letter = alphabet.letters[static_cast<std::size_t>(draw(flatten(scores).value(), 0.5))];
        written += letter;
    }
    return written;
}

}    // namespace

int main(int argc, char** argv) {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 400;
    constexpr std::size_t batch = 16, time = 48;
    seed(1);
    const Alphabet alphabet;
    Writer model(alphabet.letters.size());
    optim::AdamW<float> optimizer(model.parameters(), {.lr = 4e-3});
    Indices letters = Indices(Shape{batch, time}, 0), next = Indices(Shape{batch * time}, 0);
    float loss = 0;
    for (int step = 1; step <= steps; ++step) {
        for (std::size_t b = 0; b < batch; ++b) {    // pieces of the text from random places
            const auto most = static_cast<std::int64_t>(text.size() - time);
            const auto begin = static_cast<std::size_t>(default_generator().shuffling().integer(most));
            for (std::size_t t = 0; t < time; ++t) {
                letters(b, t) = alphabet.number(text[begin + t]);
                next(b * time + t) = alphabet.number(text[begin + t + 1]);
            }
        }
        optimizer.zero_grad();
        const Variable<float> scores = model.read(letters).first;
        const Variable<float> l = nn::cross_entropy(reshape(scores, {batch * time, alphabet.letters.size()}), next);
        backward(l);
        nn::clip_grad_norm(model.parameters(), 1.0);
        optimizer.step();
        loss = l.item();
        if (step % 100 == 0) std::printf("step %d: %.3f nats a letter\n", step, double(loss));
    }
    std::printf("\n%s\n", write(model, alphabet, "'", 400).c_str());
    return std::isfinite(loss) && (steps < 400 || loss < 0.6F) ? 0 : 1;
}
