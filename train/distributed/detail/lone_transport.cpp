#include <xtape/train/distributed/detail/transport.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace xtape::train::detail {
namespace {

class Done final : public Pending {
public:
    bool test() override { return true; }
};

// One rank: what it sends, it has.
class LoneTransport final : public Transport {
public:
    std::size_t rank() const override { return 0; }
    std::size_t size() const override { return 1; }
    std::unique_ptr<Pending> barrier() override { return done(); }
    std::unique_ptr<Pending> broadcast(std::span<std::byte>, std::size_t) override { return done(); }
    std::unique_ptr<Pending> all_gather(std::span<const std::byte> mine, std::span<std::byte> all, Sizes) override {
        std::copy(mine.begin(), mine.end(), all.begin());
        return done();
    }
    std::unique_ptr<Pending> exchange(std::span<const Send>, std::span<const Receive>, int) override { return done(); }
    std::unique_ptr<Pending> sum(std::span<float>) override { return done(); }
    std::unique_ptr<Pending> sum(std::span<double>) override { return done(); }
    void wait(Pending&, const char*) override {}
    [[noreturn]] void abort(const std::string& message) override {
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", message.c_str());
        std::exit(EXIT_FAILURE);
    }

private:
    static std::unique_ptr<Pending> done() { return std::make_unique<Done>(); }
};

}    // namespace

std::unique_ptr<Transport> make_lone_transport() { return std::make_unique<LoneTransport>(); }

}    // namespace xtape::train::detail
