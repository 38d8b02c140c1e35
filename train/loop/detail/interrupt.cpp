#include <xtape/train/loop/detail/interrupt.hpp>

namespace xtape::train::detail {
namespace {

volatile std::sig_atomic_t noted = 0;
struct sigaction former_int {
}, former_term{};

// Only what a signal handler may do: note it, and give the signals back.
void note(int signal) {
    noted = signal;
    ::sigaction(SIGINT, &former_int, nullptr);
    ::sigaction(SIGTERM, &former_term, nullptr);
}

}    // namespace

InterruptGuard::InterruptGuard() {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, nullptr, &int_);
    ::sigaction(SIGTERM, nullptr, &term_);
    former_int = int_;
    former_term = term_;
    // Who ignores a signal (nohup) goes on ignoring it.
    if (int_.sa_handler != SIG_IGN) ::sigaction(SIGINT, &action, nullptr);
    if (term_.sa_handler != SIG_IGN) ::sigaction(SIGTERM, &action, nullptr);
}

InterruptGuard::~InterruptGuard() { restore(); }

bool InterruptGuard::interrupted() const { return noted != 0; }

void InterruptGuard::restore() {
    if (restored_) return;
    restored_ = true;
    ::sigaction(SIGINT, &int_, nullptr);
    ::sigaction(SIGTERM, &term_, nullptr);
}

void InterruptGuard::repeat() {
    restore();
    if (const int signal = noted; signal != 0) {
        noted = 0;
        std::raise(signal);
    }
}

}    // namespace xtape::train::detail
