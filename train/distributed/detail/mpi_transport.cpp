#include <xtape/core/error.hpp>
#include <xtape/train/distributed/detail/transport.hpp>
#include <xtape/train/distributed/world.hpp>

#include <mpi.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>

namespace xtape::train {

bool World::has_mpi() { return true; }

namespace detail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t largest = std::numeric_limits<int>::max();    // count that MPI takes

void check(int code, const char* what) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = "an unknown error";
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw Error(std::string("[World] ") + what + ": " + text);
}

int count(std::size_t number, const char* what) {
    if (number > largest)
        throw Error(std::string("[World] ") + what + " got " + std::to_string(number) + " bytes; wanted at most " +
                    std::to_string(largest) + " in one message");
    return static_cast<int>(number);
}

class Request final : public Pending {
public:
    explicit Request(const char* what) : what_(what) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    bool test() override {
        int done = 0;
        check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), what_);
        return done != 0;
    }
    MPI_Request request = MPI_REQUEST_NULL;
    std::vector<int> counts, places;    // which MPI reads until the request is complete

    // Sizes of parts that follow each other, and where they begin.
    std::pair<const int*, const int*> parts(Transport::Sizes sizes) {
        const std::size_t before = counts.size();
        std::size_t place = 0;
        for (std::size_t size : sizes) {
            counts.push_back(count(size, what_));
            places.push_back(count(place, what_));
            place += size;
        }
        return {counts.data() + before, places.data() + before};
    }

private:
    const char* what_;
};

class Requests final : public Pending {
public:
    bool test() override {
        int done = 0;
        check(MPI_Testall(count(all.size(), "exchange"), all.data(), &done, MPI_STATUSES_IGNORE), "exchange");
        return done != 0;
    }
    std::vector<MPI_Request> all;
};

class MpiTransport final : public Transport {
public:
    explicit MpiTransport(double seconds) : seconds_(seconds), exceptions_(std::uncaught_exceptions()) {
        int running = 0, ended = 0;
        check(MPI_Initialized(&running), "MPI_Initialized");
        check(MPI_Finalized(&ended), "MPI_Finalized");
        if (ended != 0)
            throw Error("[World] MPI has been ended, and cannot be started twice; wanted one World for all");
        if (running == 0) {
            int level = 0;
            check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level), "MPI_Init_thread");
            ours_ = true;
            if (level < MPI_THREAD_SERIALIZED)
                throw Error("[World] got an MPI that is not for programs with threads; wanted MPI_THREAD_SERIALIZED");
        }
        check(MPI_Comm_dup(MPI_COMM_WORLD, &world_), "MPI_Comm_dup");    // so that messages of others are not ours
        check(MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
        check(MPI_Comm_dup(world_, &messages_), "MPI_Comm_dup");
        int number = 0;
        check(MPI_Comm_rank(world_, &number), "MPI_Comm_rank");
        rank_ = static_cast<std::size_t>(number);
        check(MPI_Comm_size(world_, &number), "MPI_Comm_size");
        size_ = static_cast<std::size_t>(number);
        if (ranks_here() > ::sysconf(_SC_NPROCESSORS_ONLN)) looking_ = looking_alone;
    }
    // After an exception MPI is left running: the others may wait for this rank, and end when it does.
    ~MpiTransport() override {
        if (std::uncaught_exceptions() > exceptions_) return;
        MPI_Comm_free(&messages_);
        MPI_Comm_free(&world_);
        if (ours_) finalize();
    }

    std::size_t rank() const override { return rank_; }
    std::size_t size() const override { return size_; }

    std::unique_ptr<Pending> barrier() override {
        auto pending = std::make_unique<Request>("barrier");
        check(MPI_Ibarrier(world_, &pending->request), "barrier");
        return pending;
    }
    std::unique_ptr<Pending> broadcast(std::span<std::byte> data, std::size_t root) override {
        auto pending = std::make_unique<Request>("broadcast");
        check(MPI_Ibcast(data.data(), count(data.size(), "broadcast"), MPI_BYTE, static_cast<int>(root), world_,
                         &pending->request),
              "broadcast");
        return pending;
    }
    std::unique_ptr<Pending> all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                                        Sizes sizes) override {
        auto pending = std::make_unique<Request>("all_gather");
        const auto [counts, places] = pending->parts(sizes);
        check(MPI_Iallgatherv(mine.data(), count(mine.size(), "all_gather"), MPI_BYTE, all.data(), counts, places,
                              MPI_BYTE, world_, &pending->request),
              "all_gather");
        return pending;
    }
    std::unique_ptr<Pending> exchange(std::span<const Send> out, std::span<const Receive> in, int tag) override {
        auto pending = std::make_unique<Requests>();
        pending->all.reserve(out.size() + in.size());
        for (const Receive& message : in)
            check(MPI_Irecv(message.data.data(), count(message.data.size(), "exchange"), MPI_BYTE,
                            static_cast<int>(message.rank), tag, messages_, &pending->all.emplace_back()),
                  "exchange");
        for (const Send& message : out)
            check(MPI_Isend(message.data.data(), count(message.data.size(), "exchange"), MPI_BYTE,
                            static_cast<int>(message.rank), tag, messages_, &pending->all.emplace_back()),
                  "exchange");
        return pending;
    }
    std::unique_ptr<Pending> sum(std::span<float> data) override { return sum(data.data(), data.size(), MPI_FLOAT); }
    std::unique_ptr<Pending> sum(std::span<double> data) override { return sum(data.data(), data.size(), MPI_DOUBLE); }

    void wait(Pending& pending, const char* what) override {
        const auto begin = Clock::now();
        while (!pending.test()) {
            const double waited = std::chrono::duration<double>(Clock::now() - begin).count();
            if (seconds_ > 0 && waited > seconds_) give_up(what);
            if (waited > looking_)
                ::usleep(20);
            else if (waited > looking_alone)
                ::sched_yield();
        }
    }

    [[noreturn]] void abort(const std::string& message) override {
        // Where all ranks end for the same reason at about the same time, it is enough that one says so.
        ::usleep(100'000 * static_cast<unsigned>(std::min(rank_, std::size_t{10})));
        std::fflush(stdout);
        std::fprintf(stderr, "rank %zu of %zu: %s\n", rank_, size_, message.c_str());
        std::fflush(stderr);
        ::alarm(10);    // ends this process should MPI hang as well
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        std::_Exit(EXIT_FAILURE);
    }

private:
    // Waits for the ranks that still work before it says goodbye: mpirun hangs or crashes, now and then, when ranks die
    // while another waits in MPI_Finalize (Open MPI 4.1).
    static void finalize() {
        MPI_Request all_have_ended = MPI_REQUEST_NULL;
        MPI_Ibarrier(MPI_COMM_WORLD, &all_have_ended);
        for (int done = 0; done == 0; ::usleep(100)) MPI_Test(&all_have_ended, &done, MPI_STATUS_IGNORE);
        MPI_Finalize();
    }
    // On this machine.
    int ranks_here() const {
        MPI_Comm here = MPI_COMM_NULL;
        check(MPI_Comm_split_type(world_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here), "MPI_Comm_split_type");
        int ranks = 0;
        check(MPI_Comm_size(here, &ranks), "MPI_Comm_size");
        MPI_Comm_free(&here);
        return ranks;
    }
    std::unique_ptr<Pending> sum(void* data, std::size_t size, MPI_Datatype type) {
        auto pending = std::make_unique<Request>("sum");
        check(MPI_Iallreduce(MPI_IN_PLACE, data, count(size, "sum"), type, MPI_SUM, world_, &pending->request), "sum");
        return pending;
    }
    [[noreturn]] void give_up(const char* what) {
        char text[256];
        std::snprintf(text, sizeof text,
                      "[World] waited %g s for the other ranks (%s): one of them is dead or hangs, or the ranks do not "
                      "make the same calls; all are ended",
                      seconds_, what);
        abort(text);
    }

    double seconds_;
    // Seconds of waiting after which whoever else wants the processor gets it for a moment, and after which this rank
    // sleeps between two looks: early where ranks share a processor, who may be what is waited for.
    static constexpr double looking_alone = 50e-6;
    double looking_ = 2e-3;
    int exceptions_;
    bool ours_ = false;
    MPI_Comm world_ = MPI_COMM_NULL, messages_ = MPI_COMM_NULL;    // of all calls but exchange, and of those
    std::size_t rank_ = 0, size_ = 1;
};

// What the launchers of Open MPI, MPICH and Slurm set for each process. A program that was started by itself need not
// start MPI, which takes most of a second.
bool is_launched() {
    int running = 0;
    MPI_Initialized(&running);
    constexpr const char* names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"};
    return running != 0 || std::any_of(std::begin(names), std::end(names),
                                       [](const char* name) { return std::getenv(name) != nullptr; });
}

}    // namespace

std::unique_ptr<Transport> make_transport(double seconds) {
    if (!is_launched()) return make_lone_transport();
    return std::make_unique<MpiTransport>(seconds);
}

}    // namespace detail
}    // namespace xtape::train
