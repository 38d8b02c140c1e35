// Node<T>: one recorded value, and Record<T>: how it was made. Users meet them only through Variable<T>.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/count.hpp>
#include <xtape/core/detail/memory.hpp>
#include <xtape/core/view.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xtape {

template <class T>
class Variable;

namespace detail {

template <class T>
class Node;

// One input of a recorded operation: keeps the node, and its value only if the derivative reads it.
template <class T>
struct Input {
    Node<T>* node;
    std::uint32_t version;    // of the value when it was recorded
    bool read;

    Input(Node<T>* node, bool read) noexcept;
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    Input(Input&& other) noexcept
        : node(std::exchange(other.node, nullptr)), version(other.version), read(other.read) {}
    Input& operator=(Input&&) = delete;
    ~Input();
};

// A recorded operation: its inputs, its saved values and its derivative.
template <class T>
class Record {
public:
    virtual ~Record() = default;
    virtual std::span<Input<T>> inputs() noexcept = 0;
    // For each input with wanted[i], gradients[i] = the pullback of `g`, of the output's or the input's shape. `g`
    // holds the gradients of all outputs, undefined where none came; `first` is the node of the first output.
    virtual void pull(std::span<const Variable<T>> g, Node<T>& first, std::span<const bool> wanted,
                      std::span<Variable<T>> gradients) = 0;
    // Adds the pullback of the only input to `total`, where that costs less than making it; false: it does not.
    virtual bool pull_into(const Variable<T>&, Array<T>&) { return false; }
    // Whether the derivative reads the value of that output.
    virtual bool reads_output(std::size_t number) const noexcept = 0;

    static void* operator new(std::size_t size) { return allocate_block(size); }
    static void operator delete(void* block, std::size_t size) noexcept { free_block(block, size); }
};

template <class T>
struct Hook {
    std::size_t id;
    std::function<Variable<T>(const Variable<T>&)> call;
};

// What few nodes have.
template <class T>
struct NodeExtras {
    std::string name;
    std::vector<Hook<T>> hooks;
    std::size_t next_hook = 1;
    Array<T> grad;
    bool has_grad = false;
    std::vector<std::unique_ptr<Node<T>>> siblings;    // of the first output: those of the others
};

// Two counts: `owners` (graph edges, and one for all readers together) keep the node, `readers` (handles, and inputs
// whose value a derivative reads) keep its value. The outputs of one recorded operation live and die together: the
// first has the record, owns the nodes of the others and counts their owners.
template <class T>
class Node {
public:
    Count owners{1};
    Count readers{1};
    std::uint64_t id;
    std::uint64_t sweep = 0;    // the sweep that visited this node last, and its place there
    std::size_t place = 0;
    std::uint32_t version = 0;
    std::uint32_t number = 0;    // among the outputs of its operation
    bool requires_grad = false;
    bool spent = false;
    std::atomic<bool> ready{true};      // false: the value is `lazy` until somebody asks for it
    const char* operation = nullptr;    // none: a leaf
    Array<T> value;                     // its shape is right even when its elements are not there
    std::unique_ptr<View<T>> lazy;
    std::unique_ptr<Record<T>> record;
    std::unique_ptr<NodeExtras<T>> extras;
    Node* first = nullptr;    // of an output that is not the first: the first

    explicit Node(Array<T>&& v);
    explicit Node(View<T>&& v);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    const Array<T>& array() {
        if (!ready.load(std::memory_order_acquire)) materialize_value();
        return value;
    }
    // Throws GradError when the elements are gone: a derivative reads what it did not declare.
    void require_value() const;
    NodeExtras<T>& extra() {
        if (extras == nullptr) extras = std::make_unique<NodeExtras<T>>();
        return *extras;
    }

    // The node that has the record.
    Node& recorded() noexcept { return first == nullptr ? *this : *first; }
    const Node& recorded() const noexcept { return first == nullptr ? *this : *first; }
    // Whether a recorded operation made it.
    bool computed() const noexcept { return spent || recorded().record != nullptr; }
    // The nodes of all outputs of its operation.
    std::size_t outputs() const noexcept {
        return recorded().extras == nullptr ? 1 : 1 + recorded().extras->siblings.size();
    }
    Node& output(std::size_t k) noexcept { return k == 0 ? recorded() : *recorded().extras->siblings[k - 1]; }

    void own() noexcept { recorded().owners.increment(); }
    void disown() noexcept {
        if (recorded().owners.decrement() == 1) recorded().destroy();
    }
    void read() noexcept {
        if (readers.increment() == 0) own();
    }
    void unread() noexcept {
        if (readers.decrement() == 1) last_reader_left();
    }

    static void* operator new(std::size_t size) { return allocate_block(size); }
    static void operator delete(void* block, std::size_t size) noexcept { free_block(block, size); }

private:
    void materialize_value();
    void last_reader_left() noexcept;
    void destroy() noexcept;    // without recursion, however long the chain of inputs is
};

template <class T>
Input<T>::Input(Node<T>* n, bool r) noexcept : node(n), version(n->version), read(r) {
    if (read)
        node->read();
    else
        node->own();
}

template <class T>
Input<T>::~Input() {
    if (node == nullptr) return;
    if (read)
        node->unread();
    else
        node->disown();
}

// The next id of this thread, which takes ids in batches; and one above all ids given so far on any thread, for a node
// whose inputs come from another thread: ids grow along every graph.
std::uint64_t next_node_id() noexcept;
std::uint64_t fresh_node_id() noexcept;

extern template class Node<float>;
extern template class Node<double>;

}    // namespace detail

// The number of recorded values (nodes) that are alive now, over all threads.
std::size_t live_nodes();

}    // namespace xtape
