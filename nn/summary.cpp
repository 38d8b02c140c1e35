// Module::summary: the table of a model's parts.
#include <xtape/core/mode.hpp>
#include <xtape/nn/module.hpp>

#include <algorithm>
#include <map>

namespace xtape::nn {
namespace {

std::string with_commas(std::size_t number) {
    std::string text = std::to_string(number);
    for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
        text.insert(static_cast<std::size_t>(i), 1, ',');
    return text;
}

struct Row {
    std::string layer, output, parameters;
};

std::string table(const std::vector<Row>& rows) {
    std::size_t layer = 0, output = 0, parameters = 0;
    for (const auto& row : rows) {
        layer = std::max(layer, row.layer.size());
        output = std::max(output, row.output.size());
        parameters = std::max(parameters, row.parameters.size());
    }
    std::string text;
    for (const auto& row : rows) {
        text += row.layer + std::string(layer - row.layer.size() + 2, ' ');
        text += row.output + std::string(output - row.output.size() + 2, ' ');
        text += std::string(parameters - row.parameters.size(), ' ') + row.parameters;
        text.resize(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

}    // namespace

template <class T>
std::string Module<T>::summary(const Shape& input) {
    std::map<const Module*, std::string> shapes;
    if (!input.empty()) {
        NoGrad unrecorded;
        ModeGuard<T> evaluation(*this, false);
        OutputWatch<T> watch([&](Module& module, const Variable<T>& y, std::size_t number) {
            shapes[&module] = (number == 0 ? "" : shapes[&module] + ", ") + to_string(y.shape());
        });
        (*this)(Variable<T>(Array<T>(input, T(0))));
    }
    std::vector<Row> rows{{"layer", "output", "parameters"}};
    for (const auto& [name, module] : named_modules()) {
        std::size_t own = 0;
        for (Member<T>* member : module->members_)
            if (const Variable<T>* variable = member->variable()) own += variable->size();
        auto depth = static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + (name.empty() ? 0 : 1);
        std::string last = name.substr(name.rfind('.') + 1);
        rows.push_back({std::string(2 * depth, ' ') + (last.empty() ? "" : last + ": ") + module->describe(),
                        shapes.contains(module) ? shapes[module] : "-", own == 0 ? "" : with_commas(own)});
    }
    rows.push_back({"total", "", with_commas(parameter_count())});
    std::size_t trained = parameter_count(true);
    if (trained != parameter_count()) rows.push_back({"trained", "", with_commas(trained)});
    return table(rows);
}

template std::string Module<float>::summary(const Shape&);
template std::string Module<double>::summary(const Shape&);

}    // namespace xtape::nn
