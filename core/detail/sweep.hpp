// The sweep over the tape, from outputs back to leaves: order, contributions and their sums.
#pragma once

#include <xtape/core/adjoint.hpp>
#include <xtape/core/anomaly.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/pointwise.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

namespace xtape::detail {

inline std::atomic<std::uint64_t> last_sweep{0};

template <class T>
void add_block(const void*, const T* const* in, T* out, std::size_t count) {
    compute_block<>([](const auto& a, const auto& b) { return a + b; }, in, out, count, std::make_index_sequence<2>{});
}

template <class T>
void add_to(Array<T>& total, const Variable<T>& g) {
    T* out = total.storage().data();
    const std::array<Operand<T>, 2> in{Operand<T>{out, &total.shape(), nullptr}, operand(g)};
    run_blocks<T>(&add_block<T>, nullptr, in, out, total.shape());
}

// Whether nobody else can see a sum of gradients, so that it may grow in place.
template <class T>
bool ours(const Variable<T>& total) {
    Node<T>& node = total.node();
    return !is_recording() && node.readers.get() == 1 && node.ready.load(std::memory_order_acquire) &&
           !node.value.storage().is_shared() && !node.computed();
}

// Adds a contribution; in place where that is possible.
template <class T>
void accumulate(Variable<T>& total, Variable<T>&& g) {
    if (!total.defined()) {
        total = std::move(g);
        return;
    }
    if (ours(total))
        add_to(total.node().value, g);
    else
        total = add(total, g);
}

// Names the operation whose derivative is being taken, for errors, and says whether its record is spent.
class Differentiating {
public:
    Differentiating(const char* operation, bool spends)
        : before_(std::exchange(differentiating, operation)), spending_before_(std::exchange(spending, spends)) {}
    ~Differentiating() {
        differentiating = before_;
        spending = spending_before_;
    }
    Differentiating(const Differentiating&) = delete;
    Differentiating& operator=(const Differentiating&) = delete;

private:
    const char* before_;
    bool spending_before_;
};

template <class T>
class Sweep {
public:
    Sweep(const Variables<T>& outputs, bool retain)
        : retain_(retain), number_(last_sweep.fetch_add(1, std::memory_order_relaxed) + 1) {
        collect(outputs);
    }

    // Keeps the sweep to nodes that lead to a target.
    void aim_at(const Variables<T>& targets) {
        for (auto& stop : stops_) stop.wanted = stop.swept = false;
        for (const auto& target : targets)
            if (std::size_t place = find(&target.node()); place != none) {
                stops_[place].wanted = true;
                stops_[place].target = true;
            }
        for (std::size_t i = order_.size(); i-- > 0;) {    // in increasing id: inputs come before what they lead to
            Stop& stop = stops_[order_[i].place];
            if (stop.node->first != nullptr) {
                stop.wanted = stop.wanted || stops_[find(stop.node->first)].swept;
            } else if (stop.node->record != nullptr) {
                for (const auto& input : stop.node->record->inputs())
                    if (!stop.swept && input.node->requires_grad) stop.swept = stops_[find(input.node)].wanted;
                stop.wanted = stop.wanted || stop.swept;
            }
        }
    }

    bool reaches(const Variable<T>& input) const { return find(&input.node()) != none; }

    void seed(const Variable<T>& output, const Variable<T>& g) {
        std::size_t place = find(&output.node());
        if (stops_[place].wanted) accumulate(stops_[place].gradient, Variable<T>(g));
    }

    void run() {
        check();
        for (const auto& [id, place] : order_) {
            Stop& stop = stops_[place];
            if (stop.wanted && stop.gradient.defined()) run_hooks(stop);
            // The first output comes last, when the gradients of the others are complete.
            if (stop.swept && stop.node->record != nullptr) pull(stop);
        }
    }

    Variable<T> gradient(const Node<T>* target) const {
        std::size_t place = find(target);
        return place == none ? Variable<T>() : stops_[place].gradient;
    }

    // Adds what has arrived at leaves to their grad().
    void deposit() {
        // Graphs on several threads may share leaves.
        static std::mutex depositing;
        for (auto& stop : stops_)
            if (!stop.node->computed() && stop.gradient.defined()) stop.gradient.value();
        std::lock_guard lock(depositing);
        for (auto& stop : stops_) {
            if (stop.node->computed() || !stop.gradient.defined()) continue;
            auto& extra = stop.node->extra();
            if (extra.has_grad)
                add_to(extra.grad, stop.gradient);
            else
                extra.grad = share(stop.gradient.value());
            extra.has_grad = true;
        }
    }

private:
    struct Stop {
        Node<T>* node;
        bool wanted = true;    // its gradient is
        bool swept = true;     // so is that of an input of its operation
        bool target = false;
        Variable<T> gradient;

        explicit Stop(Node<T>* n) noexcept : node(n) { node->own(); }
        Stop(Stop&& other) noexcept
            : node(std::exchange(other.node, nullptr)),
              wanted(other.wanted),
              swept(other.swept),
              target(other.target),
              gradient(std::move(other.gradient)) {}
        Stop& operator=(Stop&&) = delete;
        ~Stop() {
            if (node != nullptr) node->disown();
        }
    };
    struct Turn {
        std::uint64_t id;    // twice the node's: odd numbers lie between nodes
        std::size_t place;
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    // A computed node belongs to one graph and carries its place in the sweep; leaves may be shared between threads.
    std::size_t find(const Node<T>* node) const {
        if (node->computed())
            return node->sweep == number_ && node->place < stops_.size() && stops_[node->place].node == node
                       ? node->place
                       : none;
        if (last_leaf_ != none && stops_[last_leaf_].node == node) return last_leaf_;
        auto found = leaves_.find(node);
        if (found == leaves_.end()) return none;
        return last_leaf_ = found->second;
    }

    void visit(Node<T>* node) {
        if (find(node) != none) return;
        if (node->spent)
            throw GradError(std::string("[") + node->operation +
                            "] this graph was swept before and its saved values are gone; run the forward pass again, "
                            "or sweep the first time with {.retain_graph = true}");
        if (!node->computed()) {
            leaves_.emplace(node, stops_.size());
        } else {
            node->sweep = number_;
            node->place = stops_.size();
        }
        order_.push_back({2 * node->id, stops_.size()});
        stops_.emplace_back(node);
    }

    // A leaf's hooks are called right after the earliest of the operations that read it, which comes last in a sweep,
    // rather than at the end: what is complete can be worked on while the sweep goes on.
    void call_early(Node<T>* leaf, const Node<T>* reader) {
        if (leaf->computed() || leaf->extras == nullptr || leaf->extras->hooks.empty()) return;
        Turn& turn = order_[find(leaf)];
        if (turn.id == 2 * leaf->id || turn.id > 2 * reader->id) turn.id = 2 * reader->id - 1;
    }

    void collect(const Variables<T>& outputs) {
        for (const auto& output : outputs) visit(&output.node());
        for (std::size_t next = 0; next < stops_.size(); ++next) {
            Node<T>* node = stops_[next].node;
            if (node->first != nullptr) visit(node->first);
            if (node->record == nullptr) continue;
            for (const auto& input : node->record->inputs())
                if (input.node->requires_grad) {
                    visit(input.node);
                    call_early(input.node, node);
                }
        }
        auto later = [](const Turn& a, const Turn& b) { return a.id > b.id || (a.id == b.id && a.place < b.place); };
        if (!std::is_sorted(order_.begin(), order_.end(), later)) std::sort(order_.begin(), order_.end(), later);
    }

    // Before anything happens: every value that will be read is still the one that was recorded.
    void check() const {
        for (const auto& stop : stops_) {
            if (!stop.swept || stop.node->record == nullptr) continue;
            for (const auto& input : stop.node->record->inputs())
                if (input.read && input.node->version != input.version)
                    throw GradError(std::string("[") + stop.node->operation + "] its input of shape " +
                                    to_string(input.node->value.shape()) + " was changed in place (version " +
                                    std::to_string(input.node->version) + ", recorded at version " +
                                    std::to_string(input.version) +
                                    "), but the derivative needs the old value; sweep before changing it, or compute "
                                    "with a detach()ed copy");
        }
    }

    void run_hooks(Stop& stop) {
        if (stop.node->extras == nullptr) return;
        auto hooks = stop.node->extras->hooks;    // a hook may add or remove hooks
        for (const auto& hook : hooks) {
            Variable<T> replaced = hook.call(stop.gradient);
            if (replaced.shape() != stop.node->value.shape())
                throw ShapeError("[hook] returned a gradient of shape " + to_string(replaced.shape()) + "; wanted " +
                                 to_string(stop.node->value.shape()));
            stop.gradient = std::move(replaced);
        }
    }

    void pull(Stop& stop) {
        const std::span<const Variable<T>> gradients = output_gradients(stop);
        if (std::none_of(gradients.begin(), gradients.end(), [](const auto& g) { return g.defined(); })) return;
        auto inputs = stop.node->record->inputs();
        needed_.resize(inputs.size());
        pulled_.resize(inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i)
            needed_[i] = inputs[i].node->requires_grad && stops_[find(inputs[i].node)].wanted;
        {
            Differentiating guard(stop.node->operation, !retain_);
            if (!pull_into(stop, inputs))
                stop.node->record->pull(gradients, *stop.node, {needed_.data(), inputs.size()}, pulled_);
        }
        drop_gradients(stop);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            Variable<T> g = std::move(pulled_[i]);
            if (!needed_[i] || !g.defined()) continue;
            const Shape& shape = inputs[i].node->value.shape();
            if (!same_shape(g.shape(), shape)) g = undo_broadcast(g, shape, *stop.node);
            if (mode.watching) watch_gradient(g, *stop.node, i);
            accumulate(stops_[find(inputs[i].node)].gradient, std::move(g));
        }
        if (retain_) return;
        for (std::size_t k = 0; k < stop.node->outputs(); ++k) stop.node->output(k).spent = true;
        stop.node->record.reset();
    }

    // The gradients of all outputs of the operation, undefined where none came.
    std::span<const Variable<T>> output_gradients(const Stop& stop) {
        std::size_t count = stop.node->outputs();
        if (count == 1) return {&stop.gradient, 1};
        for (std::size_t k = 0; k < count; ++k) outputs_.push_back(gradient(&stop.node->output(k)));
        return outputs_;
    }

    // Those of targets stay.
    void drop_gradients(Stop& stop) {
        if (!stop.target) stop.gradient = Variable<T>();
        outputs_.clear();
        for (std::size_t k = 1; k < stop.node->outputs(); ++k)
            if (std::size_t place = find(&stop.node->output(k)); place != none && !stops_[place].target)
                stops_[place].gradient = Variable<T>();
    }

    // Where an operation can add to what has arrived at its input so far.
    bool pull_into(Stop& stop, std::span<Input<T>> inputs) {
        if (inputs.size() != 1 || stop.node->outputs() != 1 || !needed_[0] || mode.watching) return false;
        Variable<T>& total = stops_[find(inputs[0].node)].gradient;
        return total.defined() && ours(total) && stop.node->record->pull_into(stop.gradient, total.node().value);
    }

    static Variable<T> undo_broadcast(const Variable<T>& g, const Shape& shape, const Node<T>& node) {
        if (!broadcasts_to(shape, g.shape()))
            throw ShapeError(std::string("[") + node.operation + "] its vjp gave a gradient of shape " +
                             to_string(g.shape()) + " for an input of shape " + to_string(shape));
        return sum_to(g, shape);
    }

    bool retain_;
    std::uint64_t number_;
    std::vector<Stop> stops_;
    std::vector<Turn> order_;
    std::unordered_map<const Node<T>*, std::size_t> leaves_;
    mutable std::size_t last_leaf_ = none;
    xt::svector<bool, 8> needed_;    // scratch of pull(): which inputs need a gradient, the gradients, those of outputs
    Variables<T> pulled_;
    Variables<T> outputs_;
};

}    // namespace xtape::detail
