#include <xtape/nn/functional_call.hpp>

#include <string>
#include <vector>

namespace xtape::nn {
namespace {

// Puts variables into the places of parameters for a scope.
template <class T>
class Exchange {
public:
    Exchange(const std::vector<Variable<T>*>& places, const Variables<T>& with) : places_(places) {
        for (std::size_t i = 0; i < places.size(); ++i) {
            before_.push_back(*places[i]);
            *places[i] = with[i];
        }
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() {
        for (std::size_t i = 0; i < places_.size(); ++i) *places_[i] = before_[i];
    }

private:
    const std::vector<Variable<T>*>& places_;
    Variables<T> before_;
};

}    // namespace

template <class T>
Variable<T> functional_call(Module<T>& model, const Variables<T>& parameters,
                            const std::function<Variable<T>()>& call) {
    std::vector<Variable<T>*> places = model.parameter_places();
    if (places.size() != parameters.size())
        throw ShapeError("[functional_call] got " + std::to_string(parameters.size()) + " parameters; wanted " +
                         std::to_string(places.size()));
    for (std::size_t i = 0; i < places.size(); ++i)
        if (!same_shape(places[i]->shape(), parameters[i].shape()))
            throw ShapeError("[functional_call] got the shape " + to_string(parameters[i].shape()) +
                             " for the parameter " + model.named_parameters()[i].name + "; wanted " +
                             to_string(places[i]->shape()));
    Exchange<T> exchange(places, parameters);
    return call();
}

template <class T>
Variable<T> functional_call(Module<T>& model, const Variables<T>& parameters, const Variable<T>& x) {
    return functional_call(model, parameters, std::function<Variable<T>()>([&] { return model(x); }));
}

template Variable<float> functional_call(Module<float>&, const Variables<float>&, const Variable<float>&);
template Variable<double> functional_call(Module<double>&, const Variables<double>&, const Variable<double>&);
template Variable<float> functional_call(Module<float>&, const Variables<float>&,
                                         const std::function<Variable<float>()>&);
template Variable<double> functional_call(Module<double>&, const Variables<double>&,
                                          const std::function<Variable<double>()>&);

}    // namespace xtape::nn
