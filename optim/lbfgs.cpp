#include <xtape/optim/detail/flat.hpp>
#include <xtape/optim/detail/strong_wolfe.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>
#include <span>

namespace xtape::optim {

template <>
struct Rule<LBFGSOptions> {
    static constexpr const char* name = "LBFGS";
    static constexpr bool needs_closure = true;
    static constexpr std::array<std::pair<LineSearch, const char*>, 2> line_searches{
        {{LineSearch::none, "none"}, {LineSearch::strong_wolfe, "strong_wolfe"}}};

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("max_iter", o.max_iter, at_least_one);
        visit("max_eval", o.max_eval, not_negative);
        visit("tolerance_grad", o.tolerance_grad, not_negative);
        visit("tolerance_change", o.tolerance_change, not_negative);
        visit("history_size", o.history_size, at_least_one);
        visit("line_search", o.line_search, line_searches);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const LBFGSOptions&) { return {}; }
};

template class OptimizerOf<float, LBFGSOptions>;
template class OptimizerOf<double, LBFGSOptions>;

using detail::combine;
using detail::dot;
using detail::largest_absolute;

template <class T>
void LBFGS<T>::step() {
    throw std::logic_error(
        "[LBFGS] step() got no closure; wanted one that zeroes the gradients, computes the loss and "
        "sweeps it backward: step([&] { ...; return loss; })");
}

template <class T>
double LBFGS<T>::step_with(const std::function<double()>& closure) {
    const LBFGSOptions& o = this->options();
    const double lr = this->lr();
    const std::int64_t most_evaluations = o.max_eval == 0 ? o.max_iter * 5 / 4 : o.max_eval;
    std::int64_t evaluations = 1;
    Memory& m = memory_;

    const double first_loss = closure();
    const bool admitted = this->gradients_admit_step();
    ++this->steps_;
    if (!admitted) return first_loss;
    double loss = first_loss;
    ++m.evaluations;
    Array<T> gradient = flat_gradient();
    if (largest_absolute(gradient) <= o.tolerance_grad) return first_loss;

    for (std::int64_t iteration = 1; iteration <= o.max_iter; ++iteration) {
        if (m.iterations > 0) remember(gradient);
        ++m.iterations;
        m.direction = find_direction(gradient);
        m.gradient = share(gradient);
        m.loss = loss;
        m.step_length = m.iterations == 1 ? std::min(1.0, 1 / detail::sum_of_absolutes(gradient)) * lr : lr;
        const double slope = dot(gradient, m.direction);
        if (slope > -o.tolerance_change) break;

        const Array<T> start = flat_values();
        const std::int64_t evaluations_before = evaluations;
        if (o.line_search == LineSearch::strong_wolfe) {
            detail::LinePoint<T> found = detail::strong_wolfe<T>(
                [&](double t) {
                    move_to(start, t, m.direction);
                    const double value = closure();
                    ++evaluations;
                    Array<T> there = flat_gradient();
                    const double along = dot(there, m.direction);
                    return detail::LinePoint<T>{t, value, along, std::move(there)};
                },
                {0, loss, slope, share(gradient)}, m.step_length, largest_absolute(m.direction), 1e-9);
            m.step_length = found.t;
            move_to(start, m.step_length, m.direction);
            loss = found.loss;
            gradient = std::move(found.gradient);
        } else {
            move_to(start, m.step_length, m.direction);
            if (iteration != o.max_iter) {
                loss = closure();
                ++evaluations;
                gradient = flat_gradient();
            }
        }
        m.evaluations += evaluations - evaluations_before;
        if (evaluations >= most_evaluations || largest_absolute(gradient) <= o.tolerance_grad ||
            largest_absolute(m.direction) * std::abs(m.step_length) <= o.tolerance_change ||
            std::abs(loss - m.loss) < o.tolerance_change)
            break;
    }
    return first_loss;
}

// Takes the last iteration's move, and the change of the gradient that it made, into the history.
template <class T>
void LBFGS<T>::remember(const Array<T>& gradient) {
    Memory& m = memory_;
    Array<T> grad_change = gradient, position_change = m.direction;
    combine(grad_change, 1, -1, m.gradient);
    combine(position_change, m.step_length, 0, position_change);
    const double curvature = dot(grad_change, position_change);
    if (!(curvature > 1e-10)) return;
    if (m.curvatures.size() >= static_cast<std::size_t>(this->options().history_size)) {
        const auto surplus = static_cast<std::ptrdiff_t>(m.curvatures.size()) - this->options().history_size + 1;
        m.grad_changes.erase(m.grad_changes.begin(), m.grad_changes.begin() + surplus);
        m.position_changes.erase(m.position_changes.begin(), m.position_changes.begin() + surplus);
        m.curvatures.erase(m.curvatures.begin(), m.curvatures.begin() + surplus);
    }
    m.scale = curvature / dot(grad_change, grad_change);
    m.grad_changes.push_back(std::move(grad_change));
    m.position_changes.push_back(std::move(position_change));
    m.curvatures.push_back(1 / curvature);
}

template <class T>
Array<T> LBFGS<T>::find_direction(const Array<T>& gradient) const {
    const Memory& m = memory_;
    Array<T> d = gradient;
    const std::size_t n = m.curvatures.size();
    std::vector<double> along(n);
    combine(d, -1, 0, gradient);
    for (std::size_t i = n; i-- > 0;) {
        along[i] = dot(m.position_changes[i], d) * m.curvatures[i];
        combine(d, 1, -along[i], m.grad_changes[i]);
    }
    combine(d, m.scale, 0, gradient);
    for (std::size_t i = 0; i < n; ++i)
        combine(d, 1, along[i] - dot(m.grad_changes[i], d) * m.curvatures[i], m.position_changes[i]);

    T* element = d.storage().data();    // what takes no part stays where it is, even if the history would move it
    for (const auto& slot : this->groups_[0].slots) {
        if (!slot.takes_part()) std::fill_n(element, slot.parameter.size(), T{0});
        element += slot.parameter.size();
    }
    return d;
}

template <class T>
std::size_t LBFGS<T>::count() const {
    std::size_t total = 0;
    for (const auto& slot : this->groups_[0].slots) total += slot.parameter.size();
    return total;
}

template <class T>
Array<T> LBFGS<T>::flat_gradient() const {
    Array<T> flat = empty_array<T>({count()});
    T* to = flat.storage().data();
    for (const auto& slot : this->groups_[0].slots) {
        if (slot.takes_part())
            std::copy_n(slot.parameter.grad().storage().data(), slot.parameter.size(), to);
        else
            std::fill_n(to, slot.parameter.size(), T{0});
        to += slot.parameter.size();
    }
    return flat;
}

template <class T>
Array<T> LBFGS<T>::flat_values() const {
    Array<T> flat = empty_array<T>({count()});
    T* to = flat.storage().data();
    for (const auto& slot : this->groups_[0].slots)
        to = std::copy_n(slot.parameter.value().storage().data(), slot.parameter.size(), to);
    return flat;
}

template <class T>
void LBFGS<T>::move_to(const Array<T>& from, double t, const Array<T>& direction) {
    Array<T> flat = from;
    combine(flat, 1, t, direction);
    const T* next = std::as_const(flat).storage().data();
    for (auto& slot : this->groups_[0].slots) {
        const std::size_t size = slot.parameter.size();
        if (slot.takes_part())
            slot.parameter.update([&](Array<T>& value) { std::copy_n(next, size, value.storage().data()); });
        next += size;
    }
}

namespace {

// `rows` arrays of the parameter's shape in one, from the last flat arrays, in which it begins at `offset`; rows that
// are not there are 0.
template <class T>
Array<T> slice_rows(std::span<const Array<T>> flat, std::size_t rows, std::size_t offset, const Shape& shape) {
    Shape stacked(shape.size() + 1);
    stacked[0] = rows;
    std::copy(shape.begin(), shape.end(), stacked.begin() + 1);
    Array<T> result = empty_array<T>(stacked);
    const std::size_t size = element_count(shape);
    T* to = result.storage().data();
    flat = flat.last(std::min(rows, flat.size()));
    for (std::size_t row = 0; row < rows; ++row)
        to = row < flat.size() ? std::copy_n(std::as_const(flat[row]).storage().data() + offset, size, to)
                               : std::fill_n(to, size, T{0});
    return result;
}

}    // namespace

template <class T>
State LBFGS<T>::state() const {
    return with_memory(Base::state(), static_cast<std::size_t>(this->options().history_size));
}

// Adds the memory to the others' state, with places for `history` changes.
template <class T>
State LBFGS<T>::with_memory(State state, std::size_t history) const {
    const Memory& m = memory_;
    state.add("iterations", m.iterations);
    state.add("evaluations", m.evaluations);
    state.add("step_length", m.step_length);
    state.add("scale", m.scale);
    state.add("loss", m.loss);
    Array<double> curvatures = empty_array<double>({history});
    curvatures.fill(0);
    const std::size_t kept = std::min(history, m.curvatures.size());
    std::copy_n(m.curvatures.end() - static_cast<std::ptrdiff_t>(kept), kept, curvatures.storage().begin());
    state.add("curvatures", std::move(curvatures));    // those of the history are above 0
    std::size_t offset = 0;
    for (const auto& slot : this->groups_[0].slots) {
        const std::string prefix = "parameters." + slot.name + ".";
        const Shape& shape = slot.parameter.shape();
        auto one = [&](const char* name, const Array<T>& flat) {
            std::vector<Array<T>> rows;
            if (flat.size() == count()) rows.push_back(share(flat));
            state.add(prefix + name, share(slice_rows<T>(rows, 1, offset, shape), shape));
        };
        one("direction", m.direction);
        one("gradient", m.gradient);
        state.add(prefix + "grad_changes", slice_rows<T>(m.grad_changes, history, offset, shape));
        state.add(prefix + "position_changes", slice_rows<T>(m.position_changes, history, offset, shape));
        offset += slot.parameter.size();
    }
    return state;
}

template <class T>
void LBFGS<T>::load_state(const State& state) {
    // A state of another history_size has rows to match.
    LBFGSOptions options = this->options();
    try {
        Rule<LBFGSOptions>::options(options, detail::ReadOption{state, "groups.0."});
        detail::check_options(options);
    } catch (const std::invalid_argument& error) {
        throw StateError(error.what());
    }
    const State others = Base::describe_state({options}, false);
    const StateMismatch mismatch =
        compare_layout(with_memory(others, static_cast<std::size_t>(options.history_size)), state);
    if (!mismatch.empty()) throw StateError("[LBFGS] got a state that does not match\n" + mismatch.message());

    Memory m;
    m.iterations = state.get<std::int64_t>("iterations");
    m.evaluations = state.get<std::int64_t>("evaluations");
    m.step_length = state.get<double>("step_length");
    m.scale = state.get<double>("scale");
    m.loss = state.get<double>("loss");
    for (double curvature : state.get<Array<double>>("curvatures").storage())
        if (curvature > 0) m.curvatures.push_back(curvature);
    for (std::size_t i = 0; i < m.curvatures.size(); ++i) {
        m.grad_changes.push_back(empty_array<T>({count()}));
        m.position_changes.push_back(empty_array<T>({count()}));
    }
    m.direction = empty_array<T>({count()});
    m.gradient = empty_array<T>({count()});
    std::size_t offset = 0;
    for (const auto& slot : this->groups_[0].slots) {
        const std::size_t size = slot.parameter.size();
        auto read = [&](const char* name, std::size_t row, Array<T>& flat) {
            const auto& from = state.get<Array<T>>("parameters." + slot.name + "." + name);
            std::copy_n(from.storage().data() + row * size, size, flat.storage().data() + offset);
        };
        read("direction", 0, m.direction);
        read("gradient", 0, m.gradient);
        for (std::size_t i = 0; i < m.curvatures.size(); ++i) {
            read("grad_changes", i, m.grad_changes[i]);
            read("position_changes", i, m.position_changes[i]);
        }
        offset += size;
    }

    State base;    // without what LBFGS adds
    for (const auto& [name, value] : others) base.add(name, state.at(name));
    Base::load_state(base);
    memory_ = std::move(m);
}

template class LBFGS<float>;
template class LBFGS<double>;

}    // namespace xtape::optim
