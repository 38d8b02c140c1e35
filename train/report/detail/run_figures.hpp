// The figures of a training run.
#pragma once

#include <xtape/train/report/document.hpp>
#include <xtape/train/report/run_record.hpp>

namespace xtape::train::detail {

// Each adds figures to the page, where the run has the numbers for them.
void add_loss(Document& page, const RunRecord& run);
void add_metrics(Document& page, const RunRecord& run);
void add_learning(Document& page, const RunRecord& run);         // learning rate, update ratios, gradients
void add_activations(Document& page, const RunRecord& run);      // their spread, dead and saturated units
void add_distributions(Document& page, const RunRecord& run);    // histograms over time
void add_first_layer(Document& page, const RunRecord& run);
void add_answers(Document& page, const RunRecord& run);    // confusion, calibration, mistakes

// What the distance between training and validation accuracy means; "" without both.
std::string gap_in_words(const History& history);

}    // namespace xtape::train::detail
