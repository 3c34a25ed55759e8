#include "experiments/stages/utility_folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/errors.h"

namespace winnow {
namespace {

const std::string kContrast = "-contrast";  // no key of a config begins with a dash

bool is_plain(const AnchorParts& parts) { return parts.folds == 1 && parts.contrast.empty(); }

std::string fold_name(const std::string& set, std::size_t fold) {
  return set + "-" + std::to_string(fold);
}

// The columns of one estimator against the parts of one set.
struct Measured {
  std::vector<const Column*> folds;
  std::vector<double> weights;  // of the folds: their shares of the set's anchors
  const Column* contrast = nullptr;

  // The first without a value, null where all have one.
  const Column* without_value(std::size_t row) const {
    for (const Column* fold : folds) {
      if (!fold->valid(row)) return fold;
    }
    return contrast != nullptr && !contrast->valid(row) ? contrast : nullptr;
  }
};

void join_set(const Measured& measured, const std::string& name, SampleTable& joined) {
  Column mean = Column::missing(name, joined.size());
  Column error = Column::missing(name + ".error", joined.size());
  const auto count = static_cast<double>(measured.folds.size());
  for (std::size_t row = 0; row < joined.size(); ++row) {
    if (const Column* absent = measured.without_value(row)) {
      for (Column* column : {&mean, &error}) {
        column->set(row, static_cast<CellState>(absent->states(row)));
      }
      continue;
    }
    double value = 0.0, squares = 0.0;
    for (std::size_t fold = 0; fold < measured.folds.size(); ++fold) {
      value += measured.weights[fold] * measured.folds[fold]->values(row);
    }
    for (const Column* fold : measured.folds) squares += std::pow(fold->values(row) - value, 2);
    if (count > 1.0) error.set(row, std::sqrt(squares / (count * (count - 1.0))));
    if (measured.contrast != nullptr) value -= measured.contrast->values(row);
    mean.set(row, value);
  }
  joined.add(std::move(mean));
  if (count > 1.0) joined.add(std::move(error));
}

}  // namespace

std::vector<AnchorSet> measured_sets(const std::vector<AnchorSet>& sets, const AnchorParts& parts) {
  if (is_plain(parts)) return sets;
  std::vector<AnchorSet> result;
  for (const AnchorSet& set : sets) {
    if (set.inputs.size() < parts.folds) {
      throw ConfigError(fmt::format("anchors.folds = {}: the set '{}' has only {} anchors",
                                    parts.folds, set.name, set.inputs.size()));
    }
    for (std::size_t fold = 0; fold < parts.folds; ++fold) {
      AnchorSet part;
      part.name = fold_name(set.name, fold);
      for (std::size_t i = fold; i < set.inputs.size(); i += parts.folds) {
        part.ids.push_back(set.ids[i]);
        part.inputs.push_back(set.inputs[i]);
      }
      result.push_back(std::move(part));
    }
  }
  if (!parts.contrast.empty()) result.push_back({kContrast, {}, parts.contrast});
  return result;
}

SampleTable join_parts(const SampleTable& measured, const std::vector<std::string>& estimators,
                       const std::vector<AnchorSet>& sets, const AnchorParts& parts) {
  if (is_plain(parts) || sets.empty()) return measured;
  SampleTable joined(measured.shared_rows());
  std::set<std::string> taken;
  for (const std::string& estimator : estimators) {
    const auto column_of = [&](const std::string& part) { return estimator + "." + part; };
    if (!measured.contains(column_of(fold_name(sets.front().name, 0)))) continue;
    for (const AnchorSet& set : sets) {
      Measured columns;
      for (std::size_t fold = 0; fold < parts.folds; ++fold) {
        const std::string name = column_of(fold_name(set.name, fold));
        columns.folds.push_back(&measured.column(name));
        const std::size_t size = (set.inputs.size() - fold + parts.folds - 1) / parts.folds;
        columns.weights.push_back(static_cast<double>(size) /
                                  static_cast<double>(set.inputs.size()));
        taken.insert(name);
      }
      if (!parts.contrast.empty()) {
        columns.contrast = &measured.column(column_of(kContrast));
        taken.insert(column_of(kContrast));
      }
      join_set(columns, sets.size() == 1 ? estimator : estimator + "." + set.name, joined);
    }
  }
  for (const std::string& name : measured.column_names()) {
    if (taken.count(name) == 0) joined.add(measured.column(name));
  }
  return joined;
}

}  // namespace winnow
