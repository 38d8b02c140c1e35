// Attention within one head, block by block: forwards with a running maximum and sum for each query, backwards from the
// logarithm of that sum (Dao et al., "FlashAttention", 2022).
#pragma once

#include <xtape/core/random.hpp>
#include <xtape/ops/detail/attention/heads.hpp>
#include <xtape/ops/detail/panel_product.hpp>
#include <xtape/ops/detail/rows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace xtape::detail {

// A number for each query and key of a head, in somebody else's memory; null: none.
template <class E>
struct AttentionTable {
    const E* data = nullptr;
    std::ptrdiff_t row_step = 0, column_step = 0;

    E at(std::size_t i, std::size_t j) const {
        return data[static_cast<std::ptrdiff_t>(i) * row_step + static_cast<std::ptrdiff_t>(j) * column_step];
    }
};

// Which weights there are in a head, what is added to their scores, and which are dropped.
template <class T>
struct AttentionRules {
    bool causal = false;
    AttentionTable<bool> mask = {};
    AttentionTable<T> bias = {};
    const Stream* stream = nullptr;    // null: nothing is dropped
    std::uint64_t place = 0;           // of the head's random bits in the stream
    std::uint32_t threshold = 0;       // bits below it drop
    double keep_scale = 1;

    // The keys from the first that query i may look at, `mask` aside.
    std::size_t visible(std::size_t i, std::size_t keys) const { return causal ? std::min(keys, i + 1) : keys; }
    // Whether mask or bias takes that key away.
    bool hides(std::size_t i, std::size_t j) const {
        return (mask.data != nullptr && !mask.at(i, j)) ||
               (bias.data != nullptr && bias.at(i, j) == -std::numeric_limits<T>::infinity());
    }
};

template <class T>
class AttentionHead {
    using L = Lanes<T>;
    using Tile = Tiling<T>;
    static constexpr std::size_t block_keys = 128;
    static constexpr std::size_t block_queries = Tile::rows * (Tile::rows > 8 ? 6 : 16);
    using Left = LeftRows<T, block_keys>;

public:
    // The scores of a block of queries and keys.
    static constexpr std::size_t lead = Left::lead;

    AttentionHead(std::size_t queries, std::size_t keys, std::size_t width, std::size_t value_width, T scale)
        : queries_(queries), keys_(keys), width_(width), value_width_(value_width), scale_(scale) {}

    // Writes the head's outputs, and for each query log(sum of exponentials).
    void forward(std::size_t head, const Heads<T>& q, const Heads<T>& k, const Heads<T>& v,
                 const AttentionRules<T>& rules, const NewHeads<T>& y, T* log_sums) const {
        const PackedRight<T> keys_right(matrix(k, head).transposed()), values_right(matrix(v, head));
        const std::size_t out_lead = rounded(value_width_);
        Left block(block_queries, width_);
        Storage<T> scores_of(block_queries * lead), out_of(block_queries * out_lead), row_of(width_),
            state_of(2 * block_queries);
        T *scores = scores_of.data(), *out = out_of.data(), *max = state_of.data(), *sum = max + block_queries;
        for (std::size_t i0 = 0; i0 < queries_; i0 += block_queries) {
            const std::size_t rows = std::min(block_queries, queries_ - i0);
            set_scaled(q, head, i0, rows, block, row_of.data());
            std::fill_n(out, rows * out_lead, T(0));
            std::fill_n(max, rows, -std::numeric_limits<T>::infinity());
            std::fill_n(sum, rows, T(0));
            const std::size_t end = rules.visible(i0 + rows - 1, keys_);
            for (std::size_t j0 = 0; j0 < end; j0 += block_keys) {
                const std::size_t count = std::min(block_keys, end - j0);
                block.multiply(rows, columns_from(keys_right, j0, count), scores, lead, false);
                for (std::size_t r = 0; r < rows; ++r)
                    add_weights(scores + r * lead, rules, i0 + r, j0, count, max[r], sum[r], out + r * out_lead);
                multiply_panels<lead>(static_cast<const T*>(scores), 0, rows,
                                      all_columns(values_right).rows_from(j0, count), out, out_lead, true);
            }
            for (std::size_t r = 0; r < rows; ++r) {
                const T factor = sum[r] > 0 || std::isnan(sum[r]) ? 1 / sum[r] : T(0);
                const T* from = out + r * out_lead;
                T* to = y.row(head, i0 + r);
                for (std::size_t f = 0; f < value_width_; ++f) to[f] = from[f] * factor;
                log_sums[i0 + r] = sum[r] > 0 || std::isnan(sum[r]) ? max[r] + std::log(sum[r]) : T(0);
            }
        }
    }

    // Writes the gradients of the head's queries, keys and values from that of its outputs, and, unless bias_gradient
    // is null, those of the scores, which are 0 before.
    void backward(std::size_t head, const Heads<T>& q, const Heads<T>& k, const Heads<T>& v, const Heads<T>& y,
                  const Heads<T>& g, const AttentionRules<T>& rules, const T* log_sums, const NewHeads<T>& dq,
                  const NewHeads<T>& dk, const NewHeads<T>& dv, T* bias_gradient) const {
        const PackedRight<T> keys_right(matrix(k, head).transposed()), values_right(matrix(v, head).transposed()),
            keys_down(matrix(k, head));
        const std::size_t key_lead = rounded(width_), value_lead = rounded(value_width_);
        Left block(block_queries, width_), slopes(block_queries, value_width_);
        Storage<T> weights_of(2 * block_queries * lead), key_sums_of(keys_ * key_lead, T(0)),
            value_sums_of(keys_ * value_lead, T(0)), query_sums_of(block_queries * key_lead), totals_of(block_queries),
            rows_of(block_queries * (width_ + value_width_)), panels_of(block_queries * (key_lead + value_lead));
        T *weights = weights_of.data(), *changes = weights + block_queries * lead, *key_sums = key_sums_of.data(),
          *value_sums = value_sums_of.data(), *query_sums = query_sums_of.data(), *totals = totals_of.data();
        T *query_rows = rows_of.data(), *slope_rows = query_rows + block_queries * width_,
          *query_panels = panels_of.data(), *slope_panels = query_panels + block_queries * key_lead;
        for (std::size_t i0 = 0; i0 < queries_; i0 += block_queries) {
            const std::size_t rows = std::min(block_queries, queries_ - i0);
            for (std::size_t r = 0; r < rows; ++r) {
                const T *query = q.row(head, i0 + r), *slope = g.row(head, i0 + r), *out = y.row(head, i0 + r);
                T* scaled = query_rows + r * width_;
                for (std::size_t e = 0; e < width_; ++e) scaled[e] = query[e] * scale_;
                block.set(r, scaled);
                slopes.set(r, slope);
                std::copy_n(slope, value_width_, slope_rows + r * value_width_);
                totals[r] = sum_products(slope, out, value_width_);
            }
            pack_panels(row_major<T>(query_rows, rows, width_), query_panels);
            pack_panels(row_major<T>(slope_rows, rows, value_width_), slope_panels);
            std::fill_n(query_sums, rows * key_lead, T(0));
            const std::size_t end = rules.visible(i0 + rows - 1, keys_);
            for (std::size_t j0 = 0; j0 < end; j0 += block_keys) {
                const std::size_t count = std::min(block_keys, end - j0);
                block.multiply(rows, columns_from(keys_right, j0, count), weights, lead, false);
                slopes.multiply(rows, columns_from(values_right, j0, count), changes, lead, false);
                for (std::size_t r = 0; r < rows; ++r)
                    set_changes(weights + r * lead, changes + r * lead, rules, i0 + r, j0, count, log_sums[i0 + r],
                                totals[r]);
                for (std::size_t r = 0; r < rows && bias_gradient != nullptr; ++r)
                    std::copy_n(changes + r * lead, count, bias_gradient + (i0 + r) * keys_ + j0);
                const T *w = weights, *d = changes;
                multiply_panels<0>(w, lead, count, panels(slope_panels, rows, value_lead), value_sums + j0 * value_lead,
                                   value_lead, true);
                multiply_panels<0>(d, lead, count, panels(query_panels, rows, key_lead), key_sums + j0 * key_lead,
                                   key_lead, true);
                multiply_panels<lead>(d, 0, rows, all_columns(keys_down).rows_from(j0, count), query_sums, key_lead,
                                      true);
            }
            for (std::size_t r = 0; r < rows; ++r) {
                T* to = dq.row(head, i0 + r);
                for (std::size_t e = 0; e < width_; ++e) to[e] = query_sums[r * key_lead + e] * scale_;
            }
        }
        for (std::size_t j = 0; j < keys_; ++j) {
            std::copy_n(key_sums + j * key_lead, width_, dk.row(head, j));
            std::copy_n(value_sums + j * value_lead, value_width_, dv.row(head, j));
        }
    }

private:
    static std::size_t rounded(std::size_t columns) { return panel_elements<T>(1, columns); }
    static Matrix<T> matrix(const Heads<T>& x, std::size_t head) {
        return {x.row(head, 0), x.rows(), x.columns(), x.row_step(), 1};
    }
    static Panels<T> panels(const T* data, std::size_t depth, std::size_t columns) {
        return {data, depth, columns, depth * Tile::columns};
    }
    // With the zeros that fill the last panel up.
    static Panels<T> all_columns(const PackedRight<T>& x) {
        Panels<T> result = x.panels();
        result.columns = rounded(result.columns);
        return result;
    }
    static Panels<T> columns_from(const PackedRight<T>& x, std::size_t first, std::size_t count) {
        Panels<T> result = x.panels();
        result.data += first / Tile::columns * result.step;
        result.columns = rounded(count);
        return result;
    }
    void set_scaled(const Heads<T>& q, std::size_t head, std::size_t first, std::size_t rows, Left& block,
                    T* row) const {
        for (std::size_t r = 0; r < rows; ++r) {
            const T* from = q.row(head, first + r);
            for (std::size_t e = 0; e < width_; ++e) row[e] = from[e] * scale_;
            block.set(r, row);
        }
    }
    static T sum_products(const T* a, const T* b, std::size_t count) {
        T total = 0;
        for (std::size_t i = 0; i < count; ++i) total += a[i] * b[i];
        return total;
    }

    // The keys of a block from the first that query i may look at; completes their scores by bias and mask.
    static std::size_t complete(T* scores, const AttentionRules<T>& rules, std::size_t i, std::size_t j0,
                                std::size_t count) {
        const std::size_t end = rules.visible(i, j0 + count), shown = end > j0 ? end - j0 : 0;
        if (rules.bias.data != nullptr)
            for (std::size_t j = 0; j < shown; ++j) scores[j] += rules.bias.at(i, j0 + j);
        if (rules.mask.data != nullptr || rules.bias.data != nullptr)
            for (std::size_t j = 0; j < shown; ++j)
                if (rules.hides(i, j0 + j)) scores[j] = -std::numeric_limits<T>::infinity();
        return shown;
    }
    // Multiplies the weights of query i by 0, or by 1 / (1 - p).
    void drop(T* weights, const AttentionRules<T>& rules, std::size_t i, std::size_t j0, std::size_t count) const {
        if (rules.stream == nullptr) return;
        std::uint32_t bits[block_keys];
        rules.stream->bits_at(rules.place + i * random_row(keys_) + j0, {bits, block_keys});
        for (std::size_t j = 0; j < count; ++j)
            weights[j] = bits[j] >= rules.threshold ? weights[j] * static_cast<T>(rules.keep_scale) : T(0);
    }

    // Scores become weights relative to the row's running maximum, which what was added up before follows.
    void add_weights(T* scores, const AttentionRules<T>& rules, std::size_t i, std::size_t j0, std::size_t count,
                     T& max, T& sum, T* out) const {
        const std::size_t shown = complete(scores, rules, i, j0, count);
        const T largest = std::max(max, row_max(scores, shown));
        std::fill(scores + shown, scores + count, T(0));
        if (largest == -std::numeric_limits<T>::infinity()) {
            for (std::size_t j = 0; j < shown; ++j)
                if (!std::isnan(scores[j])) scores[j] = 0;
            for (std::size_t j = 0; j < shown; ++j) sum += scores[j];
            return;
        }
        if (largest > max) {
            const T factor = std::exp(max - largest);
            sum *= factor;
            const std::size_t width = rounded(value_width_);
            for (std::size_t f = 0; f < width; ++f) out[f] *= factor;
            max = largest;
        }
        sum += sum_exponentials(
            static_cast<const T*>(scores), shown, largest, [=](std::size_t at, L e) { e.store(scores + at); },
            [=](std::size_t at, L e, std::size_t some) { e.store_part(scores + at, some); });
        drop(scores, rules, i, j0, count);
    }

    // Scores become weights, and the products of gradients and values the gradients of the scores.
    void set_changes(T* weights, T* changes, const AttentionRules<T>& rules, std::size_t i, std::size_t j0,
                     std::size_t count, T log_sum, T total) const {
        const std::size_t shown = complete(weights, rules, i, j0, count);
        std::fill(weights + shown, weights + count, T(0));
        std::fill(changes + shown, changes + count, T(0));
        map_row(
            weights, shown, [=](L score) { return exp(score - log_sum); }, static_cast<const T*>(weights));
        drop(changes, rules, i, j0, shown);
        map_row(
            changes, shown, [=](L w, L d) { return w * (d - total); }, static_cast<const T*>(weights),
            static_cast<const T*>(changes));
        drop(weights, rules, i, j0, shown);
    }

public:
    // The random numbers of one query: whole chunks of the stream.
    static std::size_t random_row(std::size_t keys) { return (keys + block_keys - 1) / block_keys * block_keys; }

private:
    std::size_t queries_, keys_, width_, value_width_;
    T scale_;
};

}    // namespace xtape::detail
