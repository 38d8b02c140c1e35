#include <xtape/io/resume.hpp>

#include <unistd.h>

#include <cstring>
#include <sstream>
#include <system_error>
#include <type_traits>

namespace xtape::io::detail {
namespace {

// Where two values of one layout differ first, in words.
std::string first_difference(const State::Value& a, const State::Value& b) {
    return std::visit(
        [&](const auto& whole) {
            using V = std::decay_t<decltype(whole)>;
            const V& resumed = std::get<V>(b);
            std::ostringstream text;
            text.precision(17);
            if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>) {
                text << ": " << whole << " without a stop, " << resumed << " resumed";
            } else {
                const auto* left = whole.storage().data();
                const auto* right = resumed.storage().data();
                std::size_t i = 0;
                while (i + 1 < whole.size() && std::memcmp(left + i, right + i, sizeof *left) == 0) ++i;
                text << " at element " << i << ": " << left[i] << " without a stop, " << right[i] << " resumed";
            }
            return text.str();
        },
        a);
}

}    // namespace

TemporaryCheckpoint::TemporaryCheckpoint() {
    std::error_code error;
    auto folder = std::filesystem::temp_directory_path(error);
    std::string pattern = ((error ? std::filesystem::path(".") : folder) / "xtape-resume-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
        throw Error("[io::verify_resume] '" + pattern + "': cannot be made: " + std::strerror(errno));
    path_ = std::filesystem::path(pattern) / "checkpoint.h5";
}

TemporaryCheckpoint::~TemporaryCheckpoint() {
    std::error_code ignored;
    std::filesystem::remove_all(path_.parent_path(), ignored);
}

State state_of(const std::vector<Entry>& entries) {
    State all;
    for (const Entry& entry : entries) all.add(entry.name(), entry.state());
    return all;
}

void require_same(const State& whole, const State& resumed, const std::string& when) {
    StateMismatch mismatch = compare_layout(whole, resumed);
    if (!mismatch.empty())
        throw Error("[io::verify_resume] " + when + ", the resumed run's state differs\n" + mismatch.message());
    for (const auto& [name, value] : whole)
        if (!identical(value, resumed.at(name)))
            throw Error("[io::verify_resume] " + when + ", '" + name + "' differs" +
                        first_difference(value, resumed.at(name)) +
                        "; something that a step depends on is not part of the state");
}

}    // namespace xtape::io::detail
