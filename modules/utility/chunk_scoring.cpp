#include "utility/chunk_scoring.h"

#include <algorithm>
#include <cmath>

#include "core/cpu_clock.h"
#include "models/refusal.h"

namespace winnow::detail {
namespace {

double tokens_of(const std::vector<AnchorSet>& anchors) {
  double tokens = 0.0;
  for (const AnchorSet& set : anchors) {
    for (const ModelInput& input : set.inputs) tokens += static_cast<double>(input.length());
  }
  return tokens;
}

void check_shape(const Prepared& estimator, const torch::Tensor& values, std::size_t batch) {
  if (values.dim() == 2 && values.size(0) == static_cast<std::int64_t>(batch) &&
      values.size(1) == static_cast<std::int64_t>(estimator.columns) &&
      values.scalar_type() == torch::kDouble) {
    return;
  }
  throw std::logic_error("utility '" + estimator.name + "' did not make " + std::to_string(batch) +
                         " x " + std::to_string(estimator.columns) + " numbers in double");
}

void store(const Prepared& estimator, MeasuredRow& row, const torch::Tensor& values,
           const std::string& reason) {
  for (std::size_t c = 0; c < estimator.columns; ++c) {
    Cell& cell = row.cells[estimator.first_column + c];
    if (!reason.empty() || !values.defined()) {
      cell = Cell::failed(reason);
      continue;
    }
    const double value = values[0][static_cast<std::int64_t>(c)].item<double>();
    cell = std::isfinite(value)
               ? Cell::number(value)
               : Cell::failed("its loss, or what follows from it, is not a finite number");
  }
}

}  // namespace

ChunkScoring::ChunkScoring(const UtilityPassRequest& request, const std::vector<Prepared>& prepared,
                           std::size_t columns, std::size_t batch_size, VisionLanguageModel& model)
    : request_(request),
      prepared_(prepared),
      columns_(columns),
      batch_size_(batch_size),
      model_(model),
      totals_(kCostTotals * prepared.size()),
      anchor_tokens_(tokens_of(request.anchors)) {
  for (const auto& [name, parameter] : model.named_parameters()) {
    parameters_ += static_cast<double>(parameter.numel());
  }
}

MeasuredChunk ChunkScoring::run(const std::vector<Sample>& samples) {
  const torch::NoGradGuard no_gradients;
  const c10::AutoFwGradMode no_tangents(false);
  std::vector<MeasuredRow> rows(samples.size());
  std::vector<std::pair<MeasuredRow*, UtilityInput>> inputs;
  for (std::size_t k = 0; k < samples.size(); ++k) {
    const Sample& sample = samples[k];
    rows[k].cells.assign(columns_, Cell::missing());
    UtilityInput input{&sample, {}};
    const std::string reason = reason_of_refusal([&] {
      std::vector<VisualTokens> visual;
      if (!sample.media.empty()) visual = request_.visual(sample, model_);
      input.input = model_.input(sample, std::move(visual));
    });
    if (reason.empty()) {
      inputs.emplace_back(&rows[k], std::move(input));
    } else {
      rows[k].cells.assign(columns_, Cell::failed(reason));
    }
  }
  std::stable_sort(inputs.begin(), inputs.end(), [](const auto& a, const auto& b) {
    return a.second.input.length() < b.second.input.length();
  });
  for (std::size_t start = 0; start < inputs.size(); start += batch_size_) {
    std::vector<MeasuredRow*> batch_rows;
    std::vector<UtilityInput> batch;
    for (std::size_t i = start; i < std::min(inputs.size(), start + batch_size_); ++i) {
      batch_rows.push_back(inputs[i].first);
      batch.push_back(std::move(inputs[i].second));
    }
    for (std::size_t e = 0; e < prepared_.size(); ++e) score(e, batch_rows, batch);
  }
  return {std::move(rows), totals_};
}

void ChunkScoring::score(std::size_t e, const std::vector<MeasuredRow*>& rows,
                         const std::vector<UtilityInput>& batch) {
  const double start = thread_cpu_seconds();
  const Prepared& estimator = prepared_[e];
  torch::Tensor values;
  std::string reason = reason_of_refusal([&] { values = estimator.scorer->score(model_, batch); });
  if (reason.empty()) check_shape(estimator, values, batch.size());
  const bool whole = reason.empty() && values.isfinite().all().item<bool>();
  for (std::size_t b = 0; b < batch.size(); ++b) {
    torch::Tensor own;  // [1, C]
    if (whole) {
      own = values.slice(0, static_cast<std::int64_t>(b), static_cast<std::int64_t>(b) + 1);
    } else if (batch.size() == 1) {
      own = values;
    } else {  // so that a sample at fault takes no other with it
      reason = reason_of_refusal([&] { own = estimator.scorer->score(model_, {batch[b]}); });
    }
    store(estimator, *rows[b], own, reason);
  }
  double* costs = &totals_[kCostTotals * e];
  costs[0] += thread_cpu_seconds() - start;
  // Of the sample itself once for each of its columns.
  const double own_passes = estimator.passes.sample * static_cast<double>(estimator.columns);
  const double anchor_tokens =
      estimator.uses_anchors ? estimator.passes.anchors * anchor_tokens_ : 0.0;
  for (const UtilityInput& input : batch) {
    const double tokens = own_passes * static_cast<double>(input.input.length()) + anchor_tokens;
    costs[1] += 2.0 * parameters_ * tokens;
  }
}

}  // namespace winnow::detail
