#include <xtape/core/error.hpp>
#include <xtape/core/random.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace xtape {
namespace {

constexpr std::array<std::string_view, 4> fixed_names{"general", "initialisation", "dropout", "shuffling"};
constexpr const char* splitting = "splitting";

// FNV-1a (Fowler, Noll and Vo), with the first bit set: apart from the numbers of the fixed streams.
std::uint64_t number_of(std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
    return hash | std::uint64_t{1} << 63;
}

void check_name(std::string_view name) {
    constexpr std::string_view refused("./\0", 3);
    if (name.empty() || name.find_first_of(refused) != std::string_view::npos)
        throw std::invalid_argument("[generator] got the stream name '" + std::string(name) +
                                    "'; wanted one that is not empty, without '.', '/' and zero bytes");
}

thread_local Generator* of_scope = nullptr;

}    // namespace

Generator::Generator(const Generator& other) : streams_(other.streams_) {
    std::lock_guard lock(other.mutex_);
    named_ = other.named_;
}

Generator& Generator::operator=(const Generator& other) {
    if (this != &other) load_state(other.state());
    return *this;
}

void Generator::seed(std::uint64_t seed) {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i] = Stream(seed, i);
    for (auto& [name, stream] : named_) stream = Stream(seed, number_of(name));
}

Stream& Generator::stream(std::string_view name) {
    check_name(name);
    auto fixed = std::find(fixed_names.begin(), fixed_names.end(), name);
    if (fixed != fixed_names.end()) return streams_[static_cast<std::size_t>(fixed - fixed_names.begin())];
    std::lock_guard lock(mutex_);
    auto found = named_.find(name);
    if (found == named_.end()) found = named_.try_emplace(std::string(name), general().key(), number_of(name)).first;
    return found->second;
}

std::vector<Generator> Generator::split(std::size_t count) {
    std::vector<Generator> generators;
    generators.reserve(count);
    for (const Stream& child : stream(splitting).split(count)) generators.emplace_back(child.key());
    return generators;
}

State Generator::state() const {
    State state;
    for (std::size_t i = 0; i < streams_.size(); ++i) state.add(fixed_names[i], streams_[i].state());
    std::lock_guard lock(mutex_);
    for (const auto& [name, stream] : named_) state.add(name, stream.state());
    return state;
}

void Generator::load_state(const State& state) {
    auto loaded = streams_;
    for (std::size_t i = 0; i < loaded.size(); ++i) loaded[i].load_state(state.child(fixed_names[i]));
    std::map<std::string, Stream, std::less<>> named;
    for (const auto& [path, value] : state) {
        std::string name = path.substr(0, path.find('.'));
        if (std::find(fixed_names.begin(), fixed_names.end(), name) != fixed_names.end() || named.contains(name))
            continue;
        Stream stream;
        stream.load_state(state.child(name));
        named.emplace(name, stream);
    }
    std::lock_guard lock(mutex_);
    // Streams that users refer to stay where they are.
    for (auto& [name, stream] : named_) {
        auto found = named.find(name);
        stream = found == named.end() ? Stream(loaded[0].key(), number_of(name)) : found->second;
    }
    named_.merge(named);
    streams_ = loaded;
}

Generator& default_generator() {
    static Generator generator;
    return of_scope == nullptr ? generator : *of_scope;
}

GeneratorGuard::GeneratorGuard(Generator& generator) : before_(std::exchange(of_scope, &generator)) {}
GeneratorGuard::~GeneratorGuard() { of_scope = before_; }

void seed(std::uint64_t number) { default_generator().seed(number); }

}    // namespace xtape
