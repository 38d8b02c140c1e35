#include <xtape/core/random.hpp>
#include <xtape/train/search/detail/forest.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

namespace xtape::train::detail {
namespace {

constexpr std::size_t tree_count = 64;
constexpr std::size_t least_leaf = 3;    // points that a leaf has

using Points = std::vector<std::vector<double>>;

struct Box {
    std::vector<double> low, high;
    double value = 0;
    double volume() const { return volume_without(low.size()); }
    double volume_without(std::size_t left_out) const {
        double product = 1;
        for (std::size_t d = 0; d < low.size(); ++d)
            if (d != left_out) product *= high[d] - low[d];
        return product;
    }
};

struct Cut {
    std::size_t dimension = 0;
    double at = 0;
    double gain = 0;
};

// Grows a tree by the largest reduction of squared error, and keeps its leaves as boxes.
class Tree {
public:
    Tree(const Points& points, const std::vector<double>& values, std::vector<std::size_t> rows, std::size_t dimension)
        : points_(points), values_(values) {
        grow(std::move(rows), {std::vector<double>(dimension, 0), std::vector<double>(dimension, 1)});
    }
    const std::vector<Box>& leaves() const { return leaves_; }

private:
    void grow(std::vector<std::size_t> rows, Box box) {
        const Cut cut = best_cut(rows, box.low.size());
        if (cut.gain <= 0) {
            double sum = 0;
            for (std::size_t row : rows) sum += values_[row];
            box.value = sum / static_cast<double>(rows.size());
            leaves_.push_back(std::move(box));
            return;
        }
        auto middle = std::stable_partition(rows.begin(), rows.end(),
                                            [&](std::size_t row) { return points_[row][cut.dimension] < cut.at; });
        Box left = box, right = std::move(box);
        left.high[cut.dimension] = right.low[cut.dimension] = cut.at;
        grow({rows.begin(), middle}, std::move(left));
        grow({middle, rows.end()}, std::move(right));
    }

    Cut best_cut(std::vector<std::size_t> rows, std::size_t dimension) const {
        Cut best;
        const auto count = rows.size();
        if (count < 2 * least_leaf) return best;
        double total = 0;
        for (std::size_t row : rows) total += values_[row];
        for (std::size_t d = 0; d < dimension; ++d) {
            std::sort(rows.begin(), rows.end(),
                      [&](std::size_t a, std::size_t b) { return points_[a][d] < points_[b][d]; });
            double left = 0;
            for (std::size_t i = 1; i < count; ++i) {
                left += values_[rows[i - 1]];
                const double before = points_[rows[i - 1]][d], after = points_[rows[i]][d];
                if (i < least_leaf || count - i < least_leaf || before == after) continue;
                const double n = static_cast<double>(count), l = static_cast<double>(i), r = n - l;
                const double gain = left * left / l + (total - left) * (total - left) / r - total * total / n;
                if (gain > best.gain + 1e-12) best = {d, (before + after) / 2, gain};
            }
        }
        return best;
    }

    const Points& points_;
    const std::vector<double>& values_;
    std::vector<Box> leaves_;
};

// The variance of the tree's mean over all coordinates but one, as a function of that one.
double main_effect(const std::vector<Box>& leaves, std::size_t d, double mean) {
    std::vector<double> edges;
    for (const Box& leaf : leaves) edges.insert(edges.end(), {leaf.low[d], leaf.high[d]});
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    double variance = 0;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const double middle = (edges[i] + edges[i + 1]) / 2;
        double marginal = 0;
        for (const Box& leaf : leaves)
            if (leaf.low[d] < middle && middle < leaf.high[d]) marginal += leaf.value * leaf.volume_without(d);
        variance += (edges[i + 1] - edges[i]) * (marginal - mean) * (marginal - mean);
    }
    return variance;
}

}    // namespace

std::vector<double> main_effects(const Points& points, const std::vector<double>& values, std::size_t dimension) {
    std::vector<double> shares(dimension, 0);
    std::size_t counted = 0;
    for (std::size_t t = 0; t < tree_count && !values.empty(); ++t) {
        Stream draws(0, t);
        std::vector<std::size_t> rows(values.size());    // drawn with replacement
        for (std::size_t& row : rows)
            row = static_cast<std::size_t>(draws.integer(static_cast<std::int64_t>(values.size())));
        const Tree tree(points, values, std::move(rows), dimension);
        double mean = 0, variance = 0;
        for (const Box& leaf : tree.leaves()) mean += leaf.value * leaf.volume();
        for (const Box& leaf : tree.leaves()) variance += leaf.volume() * (leaf.value - mean) * (leaf.value - mean);
        if (variance <= 0) continue;
        ++counted;
        for (std::size_t d = 0; d < dimension; ++d) shares[d] += main_effect(tree.leaves(), d, mean) / variance;
    }
    for (double& share : shares) share /= static_cast<double>(std::max<std::size_t>(1, counted));
    return shares;
}

}    // namespace xtape::train::detail
