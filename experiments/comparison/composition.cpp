#include "experiments/comparison/composition.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/errors.h"
#include "report/ranks.h"

namespace winnow {
namespace json = boost::json;
using micro_world::HiddenLabel;
namespace {

class Labels {
 public:
  explicit Labels(const std::vector<HiddenLabel>& labels) {
    for (const HiddenLabel& label : labels) by_id_.emplace(label.id, &label);
  }
  const HiddenLabel& of(const std::string& id) const {
    const auto found = by_id_.find(id);
    if (found == by_id_.end())
      throw DataError("the world has no hidden label for row '" + id + "'");
    return *found->second;
  }

 private:
  std::unordered_map<std::string, const HiddenLabel*> by_id_;
};

}  // namespace

json::object composition_of(const RowTable& facts, const std::vector<SelectedRow>& rows,
                            const std::vector<HiddenLabel>& labels) {
  const Labels hidden(labels);
  const auto share = [&](const auto& holds) {
    double sum = 0.0, all = 0.0;
    for (const SelectedRow& row : rows) {
      all += row.weight;
      if (holds(row.row)) sum += row.weight;
    }
    return rows.empty() ? 0.0 : sum / all;
  };
  const auto modality = [&](Modality wanted) {
    return share([&](std::size_t row) { return facts.modality(row) == wanted; });
  };
  const auto label = [&](std::size_t row) -> const HiddenLabel& {
    return hidden.of(std::string(facts.id(row)));
  };
  return {{"rows", rows.size()},
          {"image", modality(Modality::image)},
          {"video", modality(Modality::video)},
          {"text", modality(Modality::text)},
          {"temporal", share([&](std::size_t row) {
             return facts.modality(row) == Modality::video &&
                    facts.question_type(row) == "temporal";
           })},
          {"wrong", share([&](std::size_t row) { return !label(row).wrong.empty(); })},
          {"blind", share([&](std::size_t row) { return label(row).blind; })},
          {"verbose", share([&](std::size_t row) { return label(row).verbose; })},
          {"repeated", share([&](std::size_t row) { return label(row).near_duplicate; })}};
}

json::object detection_of_wrong_answers(const SampleTable& table,
                                        const std::vector<HiddenLabel>& labels) {
  const Labels hidden(labels);
  json::object result;
  for (const std::string& name : table.column_names()) {
    if (name.ends_with("cluster")) continue;  // the number of a group, no measure
    const Column& column = table.column(name);
    const auto area = [&](const auto& belongs) -> json::value {
      std::vector<double> values;
      std::vector<bool> wrong;
      for (std::size_t row = 0; row < table.size(); ++row) {
        if (!column.valid(row) || !belongs(table.rows().modality(row))) continue;
        values.push_back(column.values(row));
        wrong.push_back(!hidden.of(std::string(table.rows().id(row))).wrong.empty());
      }
      const double found = area_under_roc(values, wrong);
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
