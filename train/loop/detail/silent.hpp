// A callback that writes for people, in a process that does not lead its team.
#pragma once

#include <xtape/train/loop/callback.hpp>

#include <memory>
#include <utility>

namespace xtape::train::detail {

// Has the callback's name, and does nothing: the leader's writes the file, and its state is the one that is saved.
class Silent : public Callback {
public:
    explicit Silent(std::unique_ptr<Callback> callback) : callback_(std::move(callback)) {}
    std::string name() const override { return callback_->name(); }
    std::filesystem::path log() const override { return callback_->log(); }

private:
    std::unique_ptr<Callback> callback_;    // whoever added it may refer to it
};

}    // namespace xtape::train::detail
