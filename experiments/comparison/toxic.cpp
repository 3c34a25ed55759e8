#include "experiments/comparison/toxic.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace winnow {
namespace json = boost::json;
namespace {

constexpr std::size_t kExamples = 3;

std::string last_question(const Sample& sample) {
  for (auto turn = sample.turns.rbegin(); turn != sample.turns.rend(); ++turn) {
    if (turn->role != Turn::Role::user) continue;
    const std::string mark = std::string(kMediaPlaceholder) + "\n";
    return turn->text.starts_with(mark) ? turn->text.substr(mark.size()) : turn->text;
  }
  return {};
}

}  // namespace

std::vector<ToxicRows> toxic_rows(const SampleTable& table) {
  std::vector<ToxicRows> result;
  for (const std::string& name : table.column_names()) {
    if (!table.contains(name + ".error")) continue;
    const Column &value = table.column(name), &error = table.column(name + ".error");
    ToxicRows toxic;
    toxic.column = name;
    std::vector<std::pair<double, std::size_t>> below;
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (!value.valid(row) || !error.valid(row)) continue;
      ++toxic.measured;
      if (value.values(row) >= 0.0) continue;
      ++toxic.negative;
      // A sample without noise is below zero beyond any.
      const double errors = error.values(row) > 0.0 ? value.values(row) / error.values(row)
                                                    : -std::numeric_limits<double>::infinity();
      if (errors < -kToxicErrors) below.emplace_back(errors, row);
    }
    std::sort(below.begin(), below.end());
    for (const auto& [errors, row] : below) toxic.rows.push_back(row);
    result.push_back(std::move(toxic));
  }
  return result;
}

std::string toxic_line(const SampleTable& table, const ToxicRows& toxic, std::size_t row,
                       const Sample& sample) {
  return json::serialize(json::object{{"id", sample.id},
                                      {"column", toxic.column},
                                      {"utility", table.column(toxic.column).values(row)},
                                      {"error", table.column(toxic.column + ".error").values(row)},
                                      {"source", sample.source},
                                      {"question", last_question(sample)},
                                      {"answer", sample.answer()}}) +
         "\n";
}

json::object toxic_facts(const SampleTable& table, const std::vector<ToxicRows>& toxic,
                         const Pool& pool, const std::optional<HiddenLabels>& labels) {
  const bool labelled = labels && labels->contains(kWrongLabel);
  const auto share = [&](double count, double of) {
    return labelled && of > 0.0 ? json::value(count / of) : json::value(nullptr);
  };
  const auto is_wrong = [&](std::size_t row) {
    return labelled && labels->has(table.rows().id(row), kWrongLabel);
  };
  json::object result;
  for (const ToxicRows& found : toxic) {
    const Column& value = table.column(found.column);
    double in_pool = 0.0, among = 0.0;
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (value.valid(row) && is_wrong(row)) in_pool += 1.0;
    }
    for (const std::size_t row : found.rows) among += is_wrong(row) ? 1.0 : 0.0;
    json::array examples;
    for (std::size_t i = 0; i < std::min(kExamples, found.rows.size()); ++i) {
      const Sample sample = pool.sample(found.rows[i]);
      examples.emplace_back(
          fmt::format("{}: {} | {}", sample.id, last_question(sample), sample.answer()));
    }
    result[found.column] = {{"measured", found.measured},
                            {"negative", found.negative},
                            {"toxic", found.rows.size()},
                            {"wrong", share(among, static_cast<double>(found.rows.size()))},
                            {"wrong_in_pool", share(in_pool, static_cast<double>(found.measured))},
                            {"examples", std::move(examples)}};
  }
  return result;
}

Table toxic_table(const json::object& facts, std::uint64_t world, std::uint64_t seed) {
  const NumberFormat count{0, false, ""}, percent{1, false, ""};
  Table table;
  table.title = fmt::format("Toxic samples: utility negative beyond noise, world_seed {}, seed {}",
                            world, seed);
  table.columns = {{"Utility"},
                   {"Measured"},
                   {"negative", "Share, %"},
                   {"toxic", "Share, %"},
                   {"among the toxic", "Wrong answers, % (diagnosis)"},
                   {"in the pool", "Wrong answers, % (diagnosis)"}};
  for (const auto& [name, entry] : facts) {
    const double measured = entry.at("measured").to_number<double>();
    const auto share = [&](const char* key) {
      return TableCell::Number{100.0 * entry.at(key).to_number<double>() / measured, percent};
    };
    const auto wrong = [&](const char* key) -> TableCell {
      if (entry.at(key).is_null())
        return TableCell::Missing{"there are no such rows, or no labels"};
      return TableCell::Number{100.0 * entry.at(key).to_number<double>(), percent};
    };
    table.rows.push_back({{std::string(name), TableCell::Number{measured, count}, share("negative"),
                           share("toxic"), wrong("wrong"), wrong("wrong_in_pool")}});
    for (const json::value& example : entry.at("examples").as_array()) {
      table.notes.push_back("For example " + std::string(example.as_string()));
    }
  }
  table.notes.push_back(fmt::format(
      "Toxic: below zero by more than {:g} standard errors over the parts of the anchors "
      "(anchors.folds). All of them are in toxic.jsonl.",
      kToxicErrors));
  return table;
}

}  // namespace winnow
