#include <xtape/core/mode.hpp>
#include <xtape/nn/module.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <typeinfo>

namespace xtape::nn {
namespace {

template <class List, class Element>
void erase_last(List& list, const Element& element) {
    auto found = std::find(list.rbegin(), list.rend(), element);
    if (found != list.rend()) list.erase(std::next(found).base());
}

std::string join(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : name.empty() ? prefix : prefix + "." + name;
}

}    // namespace

template <class T>
Member<T>::Member(Module<T>* owner, std::string_view name) : owner_(nullptr), name_(name) {
    if (owner == nullptr) return;
    owner->check_name(name);
    owner->members_.push_back(this);
    owner_ = owner;
}

template <class T>
Member<T>::~Member() {
    leave_owner();
}

template <class T>
void Member<T>::leave_owner() {
    if (owner_ != nullptr) erase_last(owner_->members_, this);
    owner_ = nullptr;
}

template <class T>
Module<T>::Module(Module* owner, std::string_view name) : name_(owner == nullptr ? "" : name) {
    if (owner == nullptr) return;
    owner->check_name(name);
    owner->children_.push_back(this);
    owner_ = owner;
    training_ = owner->training_;
}

template <class T>
Module<T>::~Module() {
    detach();
    for (Module* child : children_) child->owner_ = nullptr;
    for (Member<T>* member : members_) member->owner_ = nullptr;
}

template <class T>
void Module<T>::detach() {
    if (owner_ != nullptr) erase_last(owner_->children_, this);
    owner_ = nullptr;
}

template <class T>
void Module<T>::adopt(Module& part, std::string_view name) {
    if (part.owner_ != nullptr)
        throw std::invalid_argument("[" + label() + "] got " + part.label() +
                                    ", which has an owner already; wanted a module without one");
    for (const Module* above = this; above != nullptr; above = above->owner_)
        if (above == &part)
            throw std::invalid_argument("[" + label() +
                                        "] got itself, or a module that owns it, as its part; wanted a module outside");
    check_name(name);
    children_.push_back(&part);
    part.owner_ = this;
    part.name_ = name;
    part.train(training_);
}

template <class T>
void Module<T>::check_name(std::string_view name) const {
    auto refuse = [&](const char* wanted) {
        throw std::invalid_argument("[" + (path().empty() ? "module" : "module " + path()) +
                                    "] got a part of the name '" + std::string(name) + "'; wanted " + wanted);
    };
    if (name.empty()) refuse("one that is not empty");
    if (name.find_first_of(std::string_view("./\0", 3)) != std::string_view::npos) refuse("one without '.' or '/'");
    for (const Module* child : children_)
        if (child->name_ == name) refuse("one that no other part has");
    for (const Member<T>* member : members_)
        if (member->name_ == name) refuse("one that no other part has");
}

template <class T>
Variable<T> Module<T>::forward(const Variable<T>&) {
    throw Error("[" + label() + "] got one variable; wanted what its own forward takes");
}

template <class T>
Variable<T> Module<T>::call(const Variable<T>& x) {
    return watched(forward(x));
}

template <class T>
void Module<T>::show(const Variable<T>& output, std::size_t number) {
    struct Restore {
        OutputWatch<T>* innermost = std::exchange(OutputWatch<T>::innermost_, nullptr);
        ~Restore() { OutputWatch<T>::innermost_ = innermost; }
    } watches;
    for (auto* watch = watches.innermost; watch != nullptr; watch = watch->outer_) watch->see_(*this, output, number);
}

template <class T>
std::string Module<T>::kind() const {
    int status = 0;
    std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status),
                                                std::free);
    std::string name = status == 0 ? text.get() : "Module";
    if (name.ends_with('>')) {    // a template's arguments
        int depth = 0;
        std::size_t i = name.size();
        do {
            --i;
            depth += name[i] == '>' ? 1 : name[i] == '<' ? -1 : 0;
        } while (depth > 0 && i > 0);
        name.resize(i);
    }
    auto colon = name.rfind("::");
    return colon == std::string::npos ? name : name.substr(colon + 2);
}

template <class T>
std::string Module<T>::path() const {
    if (owner_ == nullptr) return {};
    return join(owner_->path(), name_);
}

template <class T>
std::string Module<T>::label() const {
    std::string where = path();
    return where.empty() ? kind() : kind() + " " + where;
}

template <class T>
void Module<T>::refuse_shape(const Shape& got, const std::string& wanted) const {
    throw ShapeError("[" + label() + "] got the shape " + to_string(got) + "; wanted " + wanted);
}

template <class T>
void Module<T>::refuse_option(const char* layer, const std::string& got_and_wanted) const {
    std::string where = path();
    throw std::invalid_argument("[" + std::string(layer) + (where.empty() ? "" : " " + where) + "] got " +
                                got_and_wanted);
}

template <class T>
std::size_t Module<T>::checked_size(const char* layer, const char* what, std::ptrdiff_t size,
                                    std::ptrdiff_t least) const {
    if (size < least)
        refuse_option(
            layer, std::string(what) + " = " + std::to_string(size) + "; wanted " + std::to_string(least) + " or more");
    return static_cast<std::size_t>(size);
}

template <class T>
template <class Visit>
void Module<T>::visit(const std::string& prefix, const Visit& visitor) const {
    for (Member<T>* member : members_) visitor(join(prefix, member->name_), *member);
    for (const Module* child : children_) child->visit(join(prefix, child->name_), visitor);
}

template <class T>
Parameters<T> Module<T>::parameters() const {
    Parameters<T> result;
    visit("", [&](const std::string& name, Member<T>& member) {
        if (const Variable<T>* variable = member.variable()) result.add(name, *variable);
    });
    return result;
}

template <class T>
std::vector<Variable<T>*> Module<T>::parameter_places() const {
    std::vector<Variable<T>*> result;
    visit("", [&](const std::string&, Member<T>& member) {
        if (Variable<T>* variable = member.variable()) result.push_back(variable);
    });
    return result;
}

template <class T>
State Module<T>::named_buffers() const {
    State result;
    visit("", [&](const std::string& name, Member<T>& member) {
        if (member.variable() == nullptr) result.add(name, member.content());
    });
    return result;
}

template <class T>
std::vector<typename Module<T>::Named> Module<T>::named_modules() {
    std::vector<Named> result{{"", this}};
    for (Module* child : children_)
        for (auto& [name, module] : child->named_modules()) result.push_back({join(child->name_, name), module});
    return result;
}

template <class T>
void Module<T>::train(bool training) {
    training_ = training;
    for (Module* child : children_) child->train(training);
}

template <class T>
void Module<T>::zero_grad() {
    visit("", [](const std::string&, Member<T>& member) {
        if (Variable<T>* variable = member.variable()) variable->zero_grad();
    });
}

template <class T>
void Module<T>::requires_grad(bool needed) {
    visit("", [&](const std::string&, Member<T>& member) {
        if (Variable<T>* variable = member.variable()) variable->requires_grad(needed);
    });
}

template <class T>
void Module<T>::apply(const std::function<void(Module&)>& change) {
    for (Module* child : children_) child->apply(change);
    change(*this);
}

template <class T>
std::size_t Module<T>::parameter_count(bool only_trained) const {
    std::size_t count = 0;
    visit("", [&](const std::string&, Member<T>& member) {
        const Variable<T>* variable = member.variable();
        if (variable != nullptr && (variable->requires_grad() || !only_trained)) count += variable->size();
    });
    return count;
}

template <class T>
State Module<T>::state() const {
    State result;
    visit("", [&](const std::string& name, Member<T>& member) { result.add(name, member.content()); });
    return result;
}

template <class T>
void Module<T>::load_state(const State& state) {
    auto mismatch = compare_layout(this->state(), state);
    if (!mismatch.empty())
        throw StateError("[" + label() + "] got a state that does not fit the model\n" + mismatch.message());
    visit("", [&](const std::string& name, Member<T>& member) { member.set_content(state.at(name)); });
}

template <class T>
ModeGuard<T>::ModeGuard(Module<T>& module, bool training) : module_(module) {
    for (auto& [name, part] : module.named_modules()) before_.emplace_back(part, part->is_training());
    module.train(training);
}

template <class T>
ModeGuard<T>::~ModeGuard() {
    // train() also sets what is below, so owners come first; parts that died meanwhile are not touched.
    auto alive = module_.named_modules();
    for (auto& [part, training] : before_) {
        Module<T>* wanted = part;
        if (std::any_of(alive.begin(), alive.end(), [&](const auto& entry) { return entry.module == wanted; }))
            part->train(training);
    }
}

template <class T>
OutputWatch<T>::OutputWatch(See see) : see_(std::move(see)), outer_(innermost_) {
    innermost_ = this;
}

template <class T>
OutputWatch<T>::~OutputWatch() {
    OutputWatch** link = &innermost_;    // usually this one's own: watches end in the opposite order
    while (*link != nullptr && *link != this) link = &(*link)->outer_;
    if (*link == this) *link = outer_;
}

template class Member<float>;
template class Member<double>;
template class Module<float>;
template class Module<double>;
template class ModeGuard<float>;
template class ModeGuard<double>;
template class OutputWatch<float>;
template class OutputWatch<double>;

}    // namespace xtape::nn
