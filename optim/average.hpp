// Averages of parameters over training: EMA and SWA.
#pragma once

#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>

#include <cstdint>
#include <vector>

namespace xtape::optim {

// What EMA and SWA share: an average that follows the parameters, and can take their place for a while or for good.
template <class T>
class ParameterAverage {
public:
    // While it lives, the averages are the parameters' values; then these have their own again.
    class Applied {
    public:
        explicit Applied(const ParameterAverage& average);
        Applied(const Applied&) = delete;
        Applied& operator=(const Applied&) = delete;
        ~Applied();

    private:
        Parameters<T> parameters_;
        std::vector<Array<T>> own_;
    };

    // Takes the parameters' values into the average; the first ones are the average. Call it after each step (EMA), or
    // after each epoch (SWA).
    void update();
    std::int64_t updates() const { return updates_; }

    // The averages, in the order of the parameters; before the first update, the parameters' values when it was made.
    const std::vector<Array<T>>& values() const { return averages_; }
    // `auto applied = average.apply(); evaluate();`
    [[nodiscard]] Applied apply() const { return Applied(*this); }
    // Gives the parameters the averages for good.
    void copy_to_parameters() const;

    State state() const;
    // Throws StateError, having changed nothing, when the state does not fit.
    void load_state(const State& state);

protected:
    explicit ParameterAverage(const Parameters<T>& parameters);
    ~ParameterAverage() = default;
    // How far the averages go towards the parameters in the update after `updates` others, 0 to 1.
    virtual double weight(std::int64_t updates) const = 0;
    virtual void write_options(State& state) const = 0;
    virtual void read_options(const State& state) = 0;

private:
    Parameters<T> parameters_;
    std::vector<Array<T>> averages_;
    std::int64_t updates_ = 0;
};

struct EMAOptions {
    double decay = 0.999;
    // Decays by min(decay, (1 + n) / (10 + n)) after n updates instead, so that the first values are soon forgotten.
    bool warmup = false;
};

// The exponential moving average: a += (1 - decay) (p - a). Polyak and Juditsky 1992.
template <class T>
class EMA final : public ParameterAverage<T> {
public:
    // Throws std::invalid_argument when decay is outside [0, 1].
    explicit EMA(const Parameters<T>& parameters, EMAOptions options = {});

private:
    double weight(std::int64_t updates) const override;
    void write_options(State& state) const override;
    void read_options(const State& state) override;
    EMAOptions options_;
};

// Stochastic weight averaging, the mean of all: a += (p - a) / (updates + 1). Batch normalisation's running statistics
// are not parameters: let the averaged model see the data once more in training mode. Izmailov et al. 2018.
template <class T>
class SWA final : public ParameterAverage<T> {
public:
    explicit SWA(const Parameters<T>& parameters) : ParameterAverage<T>(parameters) {}

private:
    double weight(std::int64_t updates) const override { return 1 / (static_cast<double>(updates) + 1); }
    void write_options(State&) const override {}
    void read_options(const State&) override {}
};

extern template class ParameterAverage<float>;
extern template class ParameterAverage<double>;
extern template class EMA<float>;
extern template class EMA<double>;
extern template class SWA<float>;
extern template class SWA<double>;

}    // namespace xtape::optim
