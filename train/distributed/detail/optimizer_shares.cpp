#include <xtape/train/distributed/detail/optimizer_shares.hpp>
#include <xtape/train/distributed/detail/transport.hpp>

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

namespace xtape::train::detail {

template <class T>
std::vector<std::size_t> owners_of(const Parameters<T>& parameters, std::size_t ranks) {
    std::vector<std::size_t> order(parameters.size()), owners(parameters.size()), load(ranks, 0);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return parameters[a].parameter.size() > parameters[b].parameter.size();
    });
    for (std::size_t i : order) {
        const auto least = std::min_element(load.begin(), load.end());
        owners[i] = static_cast<std::size_t>(least - load.begin());
        *least += parameters[i].parameter.size();
    }
    return owners;
}

template <class T>
void step_in_shares(World& world, optim::Optimizer<T>& optimizer) {
    const Parameters<T> parameters = optimizer.parameters();
    const std::vector<std::size_t> owners = owners_of(parameters, world.size());
    std::vector<bool> mine;
    for (std::size_t owner : owners) mine.push_back(owner == world.rank());
    optimizer.step_only(mine);
    optimizer.step();
    if (world.size() == 1) return;
    std::vector<Transport::Send> sends;
    std::vector<Transport::Receive> receives;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        Variable<T> parameter = parameters[i].parameter;
        if (!parameter.requires_grad() || !parameter.has_grad()) continue;    // it was left as it is
        if (mine[i]) {
            const auto& values = parameter.value().storage();
            for (std::size_t rank = 0; rank < world.size(); ++rank)
                if (rank != world.rank())
                    sends.push_back({rank, std::as_bytes(std::span(values.data(), values.size()))});
        } else {
            parameter.update([&](Array<T>& values) {
                receives.push_back(
                    {owners[i], std::as_writable_bytes(std::span(values.storage().data(), values.size()))});
            });
        }
    }
    Transport& transport = world.transport();
    transport.wait(transport.exchange(sends, receives, 0), "parameters");
}

template <class T>
State gather_state(World& world, const optim::Optimizer<T>& optimizer) {
    const State own = optimizer.state();
    if (world.size() == 1) return own;
    const Parameters<T> parameters = optimizer.parameters();
    const std::vector<std::size_t> owners = owners_of(parameters, world.size());
    State mine;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] != world.rank() || world.is_root()) continue;
        const std::string path = "parameters." + parameters[i].name;
        for (const auto& [name, value] : own.child(path))
            if (std::holds_alternative<Array<T>>(value)) mine.add(path + "." + name, value);
    }
    const std::vector<State> ranks = world.gather(mine);
    if (!world.is_root()) return own;
    State whole;
    for (const auto& [name, value] : own) {
        const State::Value* found = &value;
        for (const State& rank : ranks)
            if (const State::Value* theirs = rank.find(name)) found = theirs;
        whole.add(name, *found);
    }
    return whole;
}

template std::vector<std::size_t> owners_of(const Parameters<float>&, std::size_t);
template std::vector<std::size_t> owners_of(const Parameters<double>&, std::size_t);
template void step_in_shares(World&, optim::Optimizer<float>&);
template void step_in_shares(World&, optim::Optimizer<double>&);
template State gather_state(World&, const optim::Optimizer<float>&);
template State gather_state(World&, const optim::Optimizer<double>&);

}    // namespace xtape::train::detail
