#include <xtape/core/node.hpp>
#include <xtape/core/variable.hpp>

#include <mutex>

namespace xtape {
namespace detail {
namespace {

std::atomic<std::uint64_t> last_id{0};
std::atomic<std::int64_t> nodes_alive{0};

std::mutex materializing;

}  // namespace

std::uint64_t next_node_id() noexcept { return last_id.load(std::memory_order_relaxed) + 1; }

template <class T>
Node<T>::Node(Array<T>&& v) : id(last_id.fetch_add(1, std::memory_order_relaxed) + 1), value(std::move(v)) {
    nodes_alive.fetch_add(1, std::memory_order_relaxed);
}

template <class T>
Node<T>::Node(View<T>&& v)
    : id(last_id.fetch_add(1, std::memory_order_relaxed) + 1),
      ready(false),
      value(make_array<T>(Storage<T>(), v.shape)),
      lazy(std::make_unique<View<T>>(std::move(v))) {
    nodes_alive.fetch_add(1, std::memory_order_relaxed);
}

template <class T>
Node<T>::~Node() {
    nodes_alive.fetch_sub(1, std::memory_order_relaxed);
}

template <class T>
void Node<T>::materialize_value() {
    std::lock_guard lock(materializing);
    if (ready.load(std::memory_order_relaxed)) return;
    value.storage() = std::move(materialize(*lazy).storage());  // the shape stands: others may be reading it
    ready.store(true, std::memory_order_release);
}

template <class T>
void Node<T>::last_reader_left() noexcept {
    // The derivative of the operation that made this value may still read it.
    if (record == nullptr || !record->reads_output) {
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

}  // namespace detail

std::size_t live_nodes() {
    auto count = detail::nodes_alive.load(std::memory_order_relaxed);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace xtape
