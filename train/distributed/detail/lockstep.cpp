#include <xtape/core/error.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
#include <xtape/train/distributed/detail/gathering.hpp>
#include <xtape/train/distributed/detail/lockstep.hpp>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace xtape::train::detail {
namespace {

using Numbers = std::vector<double>;

[[noreturn]] void refuse() {
    throw Error(
        "[DataParallel] got shards that normalise over the batch at different places; wanted a model that does the "
        "same for each, or statistics of each shard");
}

// What the shards of this rank share: whose turn it is, and what has been gathered.
class Meeting {
public:
    Meeting(Transport& transport, std::size_t& block, std::size_t all, std::size_t first, std::size_t count,
            const std::function<void(std::size_t)>& turn_ends)
        : transport_(transport), block_(block), all_(all), first_(first), mine_(count), turn_ends_(turn_ends) {}

    void wait_for_turn(std::size_t i) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return turn_ == i || failure_; });
        if (failure_) throw Ended();
    }
    void finish(std::size_t i) {
        std::unique_lock lock(mutex_);
        if (arrived_ > 0) refuse();
        ++finished_;
        pass_on(i);
    }
    void fail(std::exception_ptr failure) {
        std::unique_lock lock(mutex_);
        if (!failure_) failure_ = std::move(failure);
        changed_.notify_all();
    }
    std::vector<Numbers> gather(std::size_t i, Numbers numbers) {
        {
            std::unique_lock lock(mutex_);
            if (closed_ || finished_ > 0) refuse();
            mine_[i] = std::move(numbers);
            if (++arrived_ == mine_.size()) {
                arrived_ = 0;
                gathered_ = exchange(true);
                if (gathered_.size() != all_) refuse();
            }
            pass_on(i);
        }
        wait_for_turn(i);
        return gathered_;
    }
    // Attends the exchanges of ranks that have some left, of which there are none where all have done the same.
    void attend() {
        while (!exchange(false).empty())
            if (!mine_.empty()) refuse();
        closed_ = true;
    }
    std::exception_ptr failure() const { return failure_; }

    // In a shard that is ended because of another.
    struct Ended {};

private:
    void pass_on(std::size_t i) {
        turn_ends_(i);
        turn_ = (i + 1) % mine_.size();
        changed_.notify_all();
    }
    // The numbers of all shards, in order.
    std::vector<Numbers> exchange(bool present) {
        State state;
        for (std::size_t i = 0; present && i < mine_.size(); ++i) {
            Array<double> array = empty_array<double>({mine_[i].size()});
            std::copy(mine_[i].begin(), mine_[i].end(), array.storage().data());
            state.add(std::to_string(first_ + i), std::move(array));
        }
        std::vector<Numbers> all;
        for (const State& rank : Gathering(transport_, state, block_).finish())
            for (const auto& [name, value] : rank) {
                const auto& numbers = std::get<Array<double>>(value).storage();
                all.emplace_back(numbers.begin(), numbers.end());
            }
        return all;
    }

    Transport& transport_;
    std::size_t& block_;
    std::size_t all_, first_, turn_ = 0, arrived_ = 0, finished_ = 0;
    std::vector<Numbers> mine_, gathered_;
    const std::function<void(std::size_t)>& turn_ends_;
    bool closed_ = false;
    std::exception_ptr failure_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

class Part final : public xtape::detail::BatchParts {
public:
    Part(std::shared_ptr<Meeting> meeting, std::size_t i) : meeting_(std::move(meeting)), i_(i) {}
    std::vector<Numbers> gather(Numbers mine) override { return meeting_->gather(i_, std::move(mine)); }
    bool leads() const override { return i_ == 0; }

private:
    std::shared_ptr<Meeting> meeting_;
    std::size_t i_;
};

}    // namespace

void run_in_lockstep(Transport& transport, std::size_t& block, std::size_t all_shards, std::size_t first_shard,
                     const std::vector<std::function<void()>>& shards,
                     const std::function<void(std::size_t)>& turn_ends) {
    const auto meeting = std::make_shared<Meeting>(transport, block, all_shards, first_shard, shards.size(), turn_ends);
    auto run = [&](std::size_t i) {
        const xtape::detail::BatchPartGuard guard(std::make_shared<Part>(meeting, i));
        meeting->wait_for_turn(i);
        shards[i]();
        meeting->finish(i);
    };
    if (shards.size() == 1) {
        run(0);
    } else {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < shards.size(); ++i)
            threads.emplace_back([&, i] {
                try {
                    run(i);
                } catch (const Meeting::Ended&) {
                } catch (...) {
                    meeting->fail(std::current_exception());
                }
            });
        for (std::thread& thread : threads) thread.join();
        if (meeting->failure()) std::rethrow_exception(meeting->failure());
    }
    meeting->attend();
}

}    // namespace xtape::train::detail
