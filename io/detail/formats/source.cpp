#include <xtape/io/detail/formats/source.hpp>

#include <type_traits>
#include <utility>

namespace xtape::io::formats {
namespace {

class StateSource : public detail::Source {
public:
    explicit StateSource(State state) : state_(std::move(state)) {}

    std::vector<std::string> names() override {
        std::vector<std::string> names;
        for (const auto& entry : state_) names.push_back(entry.name);
        return names;
    }
    State::Value layout(std::size_t index, const State::Value*) override {
        return std::visit(
            []<class V>(const V& v) -> State::Value {
                if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>)
                    return v;
                else
                    return make_array(Storage<typename V::value_type>(), v.shape());
            },
            value(index));
    }
    void read(const std::vector<Request>& requests, const Take& take) override {
        for (std::size_t i = 0; i < requests.size(); ++i)
            std::visit(
                [&]<class V>(const V& v) {
                    if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>)
                        take(i, v);
                    else
                        take(i, share(v));
                },
                value(requests[i].index));
    }

private:
    const State::Value& value(std::size_t index) const {
        return (state_.begin() + static_cast<std::ptrdiff_t>(index))->value;
    }

    State state_;
};

}    // namespace

std::unique_ptr<detail::Source> source_of(State state) { return std::make_unique<StateSource>(std::move(state)); }

}    // namespace xtape::io::formats
