// Several steps of preprocessing as one.
#pragma once

#include <xtape/train/preprocess/preprocessing.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train {

// Steps that are applied one after another, each fitted on the training data as the steps before it leave it.
//
//     Pipeline<float> pipeline(parts.train);
//     pipeline.add<OneHot>("city", {.columns = {2}}).add<Standardize>("scale").add<PCA>("pca", {.share = 0.99});
//     DataLoader<float> batches(pipeline(parts.train), {.shuffle = true});
template <class T>
class Pipeline : public Preprocessing<T> {
public:
    // Throws Error as every fit does when the data holds examples that a split keeps for validation or test.
    explicit Pipeline(Dataset<T> train) : train_(std::move(train)) { train_.refuse_held_out(name()); }

    template <template <class> class Step>
    Pipeline& add(std::string step_name) {
        return append(std::move(step_name), std::make_unique<Step<T>>(train_));
    }
    template <template <class> class Step>
    Pipeline& add(std::string step_name, typename Step<T>::Options options) {
        return append(std::move(step_name), std::make_unique<Step<T>>(train_, std::move(options)));
    }

    const char* name() const override { return "Pipeline"; }
    std::unique_ptr<Preprocessing<T>> clone() const override;
    Array<T> transform(const Array<T>& inputs) const override;
    Array<T> inverse(const Array<T>& outputs) const override;
    State state() const override;
    void load_state(const State& state) override;

private:
    Pipeline() = default;
    Pipeline& append(std::string step_name, std::unique_ptr<Preprocessing<T>> step);

    struct Named {
        std::string name;
        std::unique_ptr<Preprocessing<T>> step;
    };
    Dataset<T> train_;    // as the steps so far leave it
    std::vector<Named> steps_;
};

extern template class Pipeline<float>;
extern template class Pipeline<double>;

}    // namespace xtape::train
