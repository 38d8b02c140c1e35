#include <xtape/train/preprocess/preprocessing.hpp>

#include <memory>

namespace xtape::train {

template <class T>
Dataset<T> Preprocessing<T>::operator()(const Dataset<T>& data) const {
    // Data that is not in memory is mapped when it is fetched, by which time this may be gone.
    return data.map_inputs([map = std::shared_ptr<const Preprocessing>(clone())](const Array<T>& inputs) {
        return map->transform(inputs);
    });
}

template <class T>
Array<T> Preprocessing<T>::inverse(const Array<T>&) const {
    throw Error("[" + std::string(name()) + "] has no inverse");
}

template <class T>
void Preprocessing<T>::refuse(const std::string& got_and_wanted) const {
    throw ShapeError("[" + std::string(name()) + "] got " + got_and_wanted);
}

template class Preprocessing<float>;
template class Preprocessing<double>;

}    // namespace xtape::train
