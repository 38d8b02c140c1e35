#include <xtape/core/detail/node.hpp>
#include <xtape/core/detail/tally.hpp>
#include <xtape/core/variable.hpp>

#include <mutex>

namespace xtape {
namespace detail {
namespace {

constexpr std::uint64_t batch = 1024;
std::atomic<std::uint64_t> ids_given{0};
thread_local constinit std::uint64_t next_id = 0, last_id = 0;

std::mutex materializing;

}    // namespace

std::uint64_t fresh_node_id() noexcept {
    next_id = ids_given.fetch_add(batch, std::memory_order_relaxed);
    last_id = next_id + batch;
    return ++next_id;
}

std::uint64_t next_node_id() noexcept { return next_id < last_id ? ++next_id : fresh_node_id(); }

template <class T>
Node<T>::Node(Array<T>&& v) : id(next_node_id()), value(std::move(v)) {
    tally(my_tally().nodes, 1);
}

template <class T>
Node<T>::Node(View<T>&& v)
    : id(next_node_id()),
      ready(v.in_order()),    // what needs no copy need not wait for somebody to ask
      value(make_array<T>(ready ? v.storage.share(v.offset, element_count(v.shape)) : Storage<T>(), v.shape)),
      lazy(ready ? nullptr : std::make_unique<View<T>>(std::move(v))) {
    tally(my_tally().nodes, 1);
}

template <class T>
Node<T>::~Node() {
    tally(my_tally().nodes, -1);
}

template <class T>
void Node<T>::materialize_value() {
    std::lock_guard lock(materializing);
    if (ready.load(std::memory_order_relaxed)) return;
    value.storage() = std::move(materialize(*lazy).storage());    // the shape stands: others may be reading it
    ready.store(true, std::memory_order_release);
}

template <class T>
void Node<T>::require_value() const {
    if (!value.storage().empty() || element_count(value.shape()) == 0) return;
    const char* name = differentiating != nullptr ? differentiating : operation != nullptr ? operation : "variable";
    throw GradError(
        std::string("[") + name +
        "] its derivative reads a value that the operation does not declare in `needs`; wanted it declared: "
        "only the shapes of the others are there");
}

template <class T>
void Node<T>::last_reader_left() noexcept {
    // The derivative of the operation that made this value may still read it.
    const Record<T>* made_by = recorded().record.get();
    if (made_by == nullptr || !made_by->reads_output(number)) {
        value.storage() = Storage<T>();
        lazy.reset();
        ready.store(true, std::memory_order_relaxed);
    }
    disown();
}

template <class T>
void Node<T>::destroy() noexcept {
    // Freeing a node drops its inputs, whose nodes may end in turn: they queue here instead of nesting.
    thread_local Node* pending = nullptr;
    thread_local bool running = false;
    place = reinterpret_cast<std::uintptr_t>(pending);
    pending = this;
    if (running) return;
    running = true;
    while (pending != nullptr) {
        Node* node = pending;
        pending = reinterpret_cast<Node*>(node->place);
        delete node;
    }
    running = false;
}

template class Node<float>;
template class Node<double>;

}    // namespace detail
}    // namespace xtape
