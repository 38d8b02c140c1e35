#include <xtape/train/distributed/detail/buckets.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace xtape::train::detail {

template <class T>
Buckets<T>::Buckets(const Parameters<T>& parameters, const State& buffers, std::size_t bytes) {
    std::vector<std::size_t> small;    // places that wait for their bucket to fill
    std::size_t elements = 0;
    auto close = [&] {
        for (std::size_t i : small) places_[i].bucket = sizes_.size();
        if (!small.empty()) {
            sizes_.push_back(elements);
            parameters_.push_back(small.size());
        }
        small.clear();
        elements = 0;
    };
    for (std::size_t i = parameters.size(); i-- > 0;) {
        const Variable<T>& parameter = parameters[i].parameter;
        if (!parameter.requires_grad()) continue;
        places_.push_back({parameter, sizes_.size(), 0, parameter.size()});
        if (parameter.size() * sizeof(T) >= bytes) {
            sizes_.push_back(parameter.size());
            parameters_.push_back(1);
            continue;
        }
        places_.back().begin = elements;
        small.push_back(places_.size() - 1);
        elements += parameter.size();
        if (elements * sizeof(T) >= bytes) close();
    }
    close();
    for (const auto& [name, value] : buffers)
        if (const auto* array = std::get_if<Array<T>>(&value)) {
            buffers_.push_back({name, flags_, array->size()});
            flags_ += array->size();
        }
    sizes_.push_back(flags_ + places_.size());
    parameters_.push_back(0);
}

template <class T>
Array<T>& Buckets<T>::bucket(Values& values, std::size_t number) const {
    if (values[number].storage().size() != sizes_[number]) values[number] = empty_array<T>({sizes_[number]});
    return values[number];
}

template <class T>
void Buckets<T>::write(Values& values, std::size_t i, const Array<T>* gradient) const {
    const Place& place = places_[i];
    bucket(values, tail()).storage()[flags_ + i] = gradient == nullptr ? T(0) : T(1);
    if (gradient != nullptr && parameters_[place.bucket] == 1) {    // it is the bucket
        values[place.bucket] = share(*gradient, {place.size});
        return;
    }
    T* out = bucket(values, place.bucket).storage().data() + place.begin;
    if (gradient != nullptr)
        std::copy_n(gradient->storage().data(), place.size, out);
    else
        std::fill_n(out, place.size, T(0));
}

template <class T>
void Buckets<T>::write_buffers(Values& values, const State& before, const State& now, double weight) const {
    T* out = bucket(values, tail()).storage().data();
    const T w = static_cast<T>(weight);
    for (const BufferPlace& place : buffers_) {
        const T* a = before.get<Array<T>>(place.name).storage().data();
        const T* b = now.get<Array<T>>(place.name).storage().data();
        for (std::size_t k = 0; k < place.size; ++k) out[place.begin + k] = w * (b[k] - a[k]);
    }
}

template <class T>
void Buckets<T>::deposit(const Values& total) const {
    const T* flags = total[tail()].storage().data() + flags_;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (flags[i] == 0) continue;
        const Place& place = places_[i];
        Variable<T> parameter = place.parameter;
        const Array<T>& from = total[place.bucket];
        const T* in = from.storage().data() + place.begin;
        if (parameter.has_grad()) {
            T* gradient = parameter.mutable_grad().storage().data();
            for (std::size_t k = 0; k < place.size; ++k) gradient[k] += in[k];
        } else if (parameters_[place.bucket] == 1) {
            parameter.set_grad(share(from, parameter.shape()));
        } else {
            Array<T> gradient = empty_array<T>(parameter.shape());
            std::copy_n(in, place.size, gradient.storage().data());
            parameter.set_grad(std::move(gradient));
        }
    }
}

template <class T>
State Buckets<T>::moved_buffers(const Values& total, const State& before) const {
    const T* in = total[tail()].storage().data();
    State moved;
    for (const BufferPlace& place : buffers_) {
        Array<T> value = before.get<Array<T>>(place.name);
        T* out = value.storage().data();
        for (std::size_t k = 0; k < place.size; ++k) out[k] += in[place.begin + k];
        moved.add(place.name, std::move(value));
    }
    return moved;
}

template class Buckets<float>;
template class Buckets<double>;

}    // namespace xtape::train::detail
