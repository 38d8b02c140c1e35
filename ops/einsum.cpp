#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/einsum.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/triangle.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

// Letters stand for themselves; the axes of an ellipsis are 256, 257, ..., counted from the last.
using Label = int;
using Labels = std::vector<Label>;
constexpr Label ellipsis = 256;

bool has(const Labels& labels, Label label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }
std::ptrdiff_t place(const Labels& labels, Label label) {
    return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

[[noreturn]] void refuse(std::string_view equation, const std::string& fault) {
    throw std::invalid_argument("[einsum] got \"" + std::string(equation) + "\": " + fault);
}
[[noreturn]] void refuse_shape(std::string_view equation, const std::string& fault) {
    throw ShapeError("[einsum] got \"" + std::string(equation) + "\": " + fault);
}

// A list of labels of one operand or of the output; an ellipsis stands once, as itself.
Labels parse(std::string_view equation, std::string_view text) {
    Labels labels;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == ' ') continue;
        if (text.substr(i).starts_with("...")) {
            if (has(labels, ellipsis)) refuse(equation, "two ellipses in one operand");
            labels.push_back(ellipsis);
            i += 2;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            labels.push_back(c);
        } else {
            refuse(equation, std::string("wanted letters, '...', ',' and '->', not '") + c + "'");
        }
    }
    return labels;
}

// The ellipsis spelt out as `count` labels.
Labels expand(const Labels& labels, std::size_t count) {
    Labels result;
    for (Label label : labels)
        if (label == ellipsis)
            for (std::size_t k = count; k-- > 0;) result.push_back(ellipsis + static_cast<Label>(k));
        else
            result.push_back(label);
    return result;
}

struct Equation {
    std::vector<Labels> inputs;
    Labels output;

    Equation(std::string_view text, const std::vector<Shape>& shapes) {
        std::size_t arrow = text.find("->");
        std::string_view left = text.substr(0, arrow);
        for (std::size_t begin = 0;; begin = left.find(',', begin) + 1) {
            inputs.push_back(parse(text, left.substr(begin, left.find(',', begin) - begin)));
            if (left.find(',', begin) == std::string_view::npos) break;
        }
        if (inputs.size() != shapes.size())
            refuse_shape(text, "labels for " + std::to_string(inputs.size()) + " operands, but " +
                                   std::to_string(shapes.size()) + " of them");
        std::size_t widest = 0;
        for (std::size_t k = 0; k < inputs.size(); ++k) {
            std::size_t named = inputs[k].size() - (has(inputs[k], ellipsis) ? 1 : 0), axes = shapes[k].size();
            if (axes < named || (axes > named && named == inputs[k].size()))
                refuse_shape(text, "operand " + std::to_string(k) + " has the shape " + to_string(shapes[k]) +
                                       "; wanted an axis for each of its labels");
            widest = std::max(widest, axes - named);
            inputs[k] = expand(inputs[k], axes - named);
        }
        if (arrow == std::string_view::npos)
            imply_output(widest);
        else
            read_output(text, text.substr(arrow + 2), widest);
    }

private:
    void imply_output(std::size_t widest) {
        output = expand({ellipsis}, widest);
        std::map<Label, int> times;
        for (const Labels& labels : inputs)
            for (Label label : labels) ++times[label];
        for (auto [label, count] : times)
            if (count == 1 && label < ellipsis) output.push_back(label);
    }
    void read_output(std::string_view text, std::string_view labels, std::size_t widest) {
        output = expand(parse(text, labels), widest);
        for (std::size_t i = 0; i < output.size(); ++i) {
            bool known = false;
            for (const Labels& input : inputs) known = known || has(input, output[i]);
            if (!known) refuse(text, "the output has a label that no operand has");
            if (place(output, output[i]) != static_cast<std::ptrdiff_t>(i))
                refuse(text, "the output has a label twice");
        }
    }
};

// An operand and what its axes are called.
template <class T>
struct Term {
    Variable<T> value;
    Labels labels;

    std::size_t length(Label label) const { return value.shape()[static_cast<std::size_t>(place(labels, label))]; }

    void take_diagonals(std::string_view equation) {
        for (std::size_t i = 0; i < labels.size(); ++i)
            for (std::size_t j = i + 1; j < labels.size(); ++j) {
                if (labels[i] != labels[j]) continue;
                if (value.shape()[i] != value.shape()[j])
                    refuse_shape(equation, "a label that repeats stands for the lengths " +
                                               std::to_string(value.shape()[i]) + " and " +
                                               std::to_string(value.shape()[j]));
                Label label = labels[i];
                value = diagonal(value, 0, static_cast<std::ptrdiff_t>(i), static_cast<std::ptrdiff_t>(j));
                labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(j));
                labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(i));
                labels.push_back(label);
                take_diagonals(equation);
                return;
            }
    }
    // Sums over, or (of length 1) drops, the axes for which drop(label) holds.
    template <class Drop>
    void reduce(Drop drop) {
        std::vector<std::ptrdiff_t> axes;
        Labels rest;
        for (std::size_t d = 0; d < labels.size(); ++d)
            if (drop(labels[d]))
                axes.push_back(static_cast<std::ptrdiff_t>(d));
            else
                rest.push_back(labels[d]);
        if (axes.empty()) return;
        value = sum(value, axes);
        labels = rest;
    }
    void arrange(const Labels& order) {
        if (order == labels) return;
        std::vector<std::ptrdiff_t> axes;
        for (Label label : order) axes.push_back(place(labels, label));
        value = permute(value, axes);
        labels = order;
    }
    std::size_t size(const Labels& of) const {
        std::size_t count = 1;
        for (Label label : of) count *= length(label);
        return count;
    }
};

template <class T>
Variable<T> as_shape(const Variable<T>& x, const Shape& shape) {
    return same_shape(x.shape(), shape) ? x : reshape(x, shape);
}

Labels join(const Labels& a, const Labels& b, const Labels& c) {
    Labels all = a;
    all.insert(all.end(), b.begin(), b.end());
    all.insert(all.end(), c.begin(), c.end());
    return all;
}

// The product, summed over the labels that `kept` does not name.
template <class T>
Term<T> contract(std::string_view equation, Term<T> a, Term<T> b, const Labels& kept) {
    for (Label label : Labels(a.labels))
        if (has(b.labels, label) && a.length(label) != b.length(label)) {
            if (a.length(label) != 1 && b.length(label) != 1)
                refuse_shape(equation, "a label stands for the lengths " + std::to_string(a.length(label)) + " and " +
                                           std::to_string(b.length(label)));
            (a.length(label) == 1 ? a : b).reduce([label](Label l) { return l == label; });
        }
    a.reduce([&](Label l) { return !has(kept, l) && !has(b.labels, l); });
    b.reduce([&](Label l) { return !has(kept, l) && !has(a.labels, l); });

    Labels batch, rows, columns, summed;
    for (Label label : a.labels) (!has(b.labels, label) ? rows : has(kept, label) ? batch : summed).push_back(label);
    for (Label label : b.labels)
        if (!has(a.labels, label)) columns.push_back(label);

    Labels labels = join(batch, rows, columns);
    Shape shape;
    for (Label label : labels) shape.push_back(has(a.labels, label) ? a.length(label) : b.length(label));
    if (summed.empty()) {    // nothing to add up: a product that broadcasts
        a.arrange(join(batch, rows, {}));
        b.arrange(join(batch, columns, {}));
        Shape left(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(batch.size() + rows.size()));
        Shape right(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(batch.size()));
        for (std::size_t d = 0; d < columns.size(); ++d) left.push_back(1);
        for (std::size_t d = 0; d < rows.size(); ++d) right.push_back(1);
        for (Label label : columns) right.push_back(b.length(label));
        return {as_shape(a.value, left) * as_shape(b.value, right), labels};
    }
    a.arrange(join(batch, rows, summed));
    b.arrange(join(batch, summed, columns));
    Shape left, right;
    if (!batch.empty()) {
        left.push_back(a.size(batch));
        right.push_back(a.size(batch));
    }
    left.push_back(a.size(rows));
    left.push_back(a.size(summed));
    right.push_back(a.size(summed));
    right.push_back(b.size(columns));
    return {as_shape(matmul(as_shape(a.value, left), as_shape(b.value, right)), shape), labels};
}

}    // namespace

template <class T>
Variable<T> einsum(std::string_view text, const Variables<T>& operands) {
    std::vector<Shape> shapes;
    for (const auto& operand : operands) shapes.push_back(operand.shape());
    const Equation equation(text, shapes);

    std::vector<Term<T>> terms;
    for (std::size_t k = 0; k < operands.size(); ++k) {
        terms.push_back({operands[k], equation.inputs[k]});
        terms.back().take_diagonals(text);
    }
    Term<T> result = terms[0];
    for (std::size_t k = 1; k < terms.size(); ++k) {
        Labels kept = equation.output;
        for (std::size_t later = k + 1; later < terms.size(); ++later)
            kept.insert(kept.end(), terms[later].labels.begin(), terms[later].labels.end());
        result = contract(text, result, terms[k], kept);
    }
    result.reduce([&](Label l) { return !has(equation.output, l); });
    result.arrange(equation.output);
    return result.value;
}

template Variable<float> einsum(std::string_view, const Variables<float>&);
template Variable<double> einsum(std::string_view, const Variables<double>&);

}    // namespace xtape
