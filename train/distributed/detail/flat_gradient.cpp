#include <xtape/train/distributed/detail/flat_gradient.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace xtape::train::detail {

template <class T>
FlatGradient<T>::FlatGradient(const Parameters<T>& parameters, const State& buffers) {
    for (std::size_t i = parameters.size(); i-- > 0;) {
        const Variable<T>& parameter = parameters[i].parameter;
        if (!parameter.requires_grad()) continue;
        places_.push_back({parameter, size_, size_ + parameter.size()});
        size_ += parameter.size();
    }
    for (const auto& [name, value] : buffers)
        if (const auto* array = std::get_if<Array<T>>(&value)) {
            buffers_.push_back({name, size_, array->size()});
            size_ += array->size();
        }
    flags_ = size_;
    size_ += places_.size();
}

template <class T>
void FlatGradient<T>::write(Array<T>& flat, std::size_t i, const Array<T>* gradient) const {
    T* out = flat.storage().data();
    const Place& place = places_[i];
    if (gradient != nullptr)
        std::copy_n(gradient->storage().data(), gradient->size(), out + place.begin);
    else
        std::fill(out + place.begin, out + place.end, T(0));
    out[flags_ + i] = gradient == nullptr ? T(0) : T(1);
}

template <class T>
void FlatGradient<T>::write_buffers(Array<T>& flat, const State& before, const State& now, double weight) const {
    T* out = flat.storage().data();
    const T w = static_cast<T>(weight);
    for (const BufferPlace& place : buffers_) {
        const T* a = before.get<Array<T>>(place.name).storage().data();
        const T* b = now.get<Array<T>>(place.name).storage().data();
        for (std::size_t k = 0; k < place.size; ++k) out[place.begin + k] = w * (b[k] - a[k]);
    }
}

template <class T>
void FlatGradient<T>::deposit(const Array<T>& flat) const {
    const T* in = flat.storage().data();
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (in[flags_ + i] == 0) continue;
        Variable<T> parameter = places_[i].parameter;
        if (!parameter.has_grad()) {
            Array<T> gradient = empty_array<T>(parameter.shape());
            std::copy(in + places_[i].begin, in + places_[i].end, gradient.storage().data());
            parameter.set_grad(std::move(gradient));
        } else {
            T* gradient = parameter.mutable_grad().storage().data();
            for (std::size_t k = places_[i].begin; k < places_[i].end; ++k) *gradient++ += in[k];
        }
    }
}

template <class T>
State FlatGradient<T>::moved_buffers(const Array<T>& flat, const State& before) const {
    const T* in = flat.storage().data();
    State moved;
    for (const BufferPlace& place : buffers_) {
        Array<T> value = before.get<Array<T>>(place.name);
        T* out = value.storage().data();
        for (std::size_t k = 0; k < place.size; ++k) out[k] += in[place.begin + k];
        moved.add(place.name, std::move(value));
    }
    return moved;
}

template class FlatGradient<float>;
template class FlatGradient<double>;

}    // namespace xtape::train::detail
