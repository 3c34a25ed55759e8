#include "experiments/comparison/composition.h"

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "report/ranks.h"
#include "selectors/allocation.h"

namespace winnow {
namespace json = boost::json;

json::object composition_of(const RowTable& rows, const std::vector<SelectedSample>& chosen,
                            const std::optional<HiddenLabels>& labels) {
  double all = 0.0;
  std::vector<std::pair<std::size_t, double>> weights;  // by row
  for (const SelectedSample& sample : chosen) {
    const auto row = rows.find(sample.id);
    if (!row) throw DataError("the pool has no sample '" + sample.id + "' that a selection names");
    weights.emplace_back(*row, sample.weight);
    all += sample.weight;
  }
  const auto share = [&](const auto& holds) {
    double sum = 0.0;
    for (const auto& [row, weight] : weights) sum += holds(row) ? weight : 0.0;
    return chosen.empty() ? 0.0 : sum / all;
  };
  const auto modality = [&](Modality wanted) {
    return share([&](std::size_t row) { return rows.modality(row) == wanted; });
  };
  json::object result = {{"rows", chosen.size()},
                         {"image", modality(Modality::image)},
                         {"video", modality(Modality::video)},
                         {"text", modality(Modality::text)},
                         {"temporal", share([&](std::size_t row) {
                            return kind_of(rows, row) == RowKind::temporal;
                          })}};
  if (labels) {
    json::object& shares = result["labels"].emplace_object();
    for (const std::string& label : labels->names()) {
      shares[label] = share([&](std::size_t row) { return labels->has(rows.id(row), label); });
    }
  }
  return result;
}

json::object composition_of(const RowTable& rows, const std::optional<HiddenLabels>& labels) {
  std::vector<SelectedSample> all;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    all.emplace_back().id = rows.id(row);
  }
  return composition_of(rows, all, labels);
}

json::object detection_of(const std::string& label, const SampleTable& table,
                          const HiddenLabels& labels) {
  json::object result;
  for (const std::string& name : table.column_names()) {
    // The number of a group, no measure.
    if (name.ends_with("cluster") || name == "answer_group") continue;
    const Column& column = table.column(name);
    const auto area = [&](const auto& belongs) -> json::value {
      std::vector<double> values;
      std::vector<bool> positive;
      for (std::size_t row = 0; row < table.size(); ++row) {
        if (!column.valid(row) || !belongs(table.rows().modality(row))) continue;
        values.push_back(column.values(row));
        positive.push_back(labels.has(table.rows().id(row), label));
      }
      const double found = area_under_roc(values, positive);
      return std::isnan(found) ? json::value(nullptr) : json::value(found);
    };
    std::int64_t valid = 0;
    for (std::size_t row = 0; row < table.size(); ++row) valid += column.valid(row) ? 1 : 0;
    result[name] = {{"all", area([](Modality) { return true; })},
                    {"image", area([](Modality modality) { return modality == Modality::image; })},
                    {"video", area([](Modality modality) { return modality == Modality::video; })},
                    {"valid", valid}};
  }
  return result;
}

json::object mean_areas(const std::vector<json::object>& measurements) {
  json::object result;
  for (const auto& entry : measurements.front()) {
    json::object& means = result[entry.key()].emplace_object();
    for (const auto& area : entry.value().as_object()) {
      double sum = 0.0;
      bool is_defined = true;
      for (const json::object& measured : measurements) {
        const json::value& value = measured.at(entry.key()).at(area.key());
        is_defined = is_defined && !value.is_null();
        if (is_defined) sum += value.to_number<double>();
      }
      means[area.key()] = is_defined ? json::value(sum / static_cast<double>(measurements.size()))
                                     : json::value(nullptr);
    }
  }
  return result;
}

}  // namespace winnow
