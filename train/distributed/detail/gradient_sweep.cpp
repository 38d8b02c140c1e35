#include <xtape/core/backward.hpp>
#include <xtape/train/distributed/detail/gradient_sweep.hpp>

#include <thread>
#include <vector>

namespace xtape::train::detail {
namespace {

template <class T>
class Hooks {
public:
    Hooks(const Buckets<T>& buckets, const std::function<void(std::size_t, const Array<T>&)>& arrive)
        : buckets_(buckets) {
        for (std::size_t i = 0; i < buckets.places().size(); ++i)
            ids_.push_back(Variable<T>(buckets.places()[i].parameter)
                               .register_hook([&arrive, i, mine = std::this_thread::get_id()](const Variable<T>& g) {
                                   if (std::this_thread::get_id() == mine) arrive(i, g.value());
                               }));
    }
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;
    ~Hooks() {
        for (std::size_t i = 0; i < ids_.size(); ++i) Variable<T>(buckets_.places()[i].parameter).remove_hook(ids_[i]);
    }

private:
    const Buckets<T>& buckets_;
    std::vector<std::size_t> ids_;
};

}    // namespace

template <class T>
void sweep_gradients(const Buckets<T>& buckets, const Variable<T>& loss,
                     const std::function<void(std::size_t, const Array<T>*)>& arrive) {
    std::vector<bool> here(buckets.places().size(), false);
    {
        const std::function<void(std::size_t, const Array<T>&)> take = [&](std::size_t i, const Array<T>& gradient) {
            arrive(i, &gradient);
            here[i] = true;
        };
        const Hooks<T> hooks(buckets, take);
        backward(loss);
    }
    for (std::size_t i = 0; i < here.size(); ++i) {
        Variable<T>(buckets.places()[i].parameter).zero_grad();
        if (!here[i]) arrive(i, nullptr);
    }
}

template void sweep_gradients(const Buckets<float>&, const Variable<float>&,
                              const std::function<void(std::size_t, const Array<float>*)>&);
template void sweep_gradients(const Buckets<double>&, const Variable<double>&,
                              const std::function<void(std::size_t, const Array<double>*)>&);

}    // namespace xtape::train::detail
