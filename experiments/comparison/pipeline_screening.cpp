// The stage between a world and everything that reads its pool.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/hash.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "experiments/comparison/screening.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raise it when the stage computes or writes something else.
constexpr int screening_format = 1;

}  // namespace

const StageOutput& Pipeline::screening() {
  if (screening_) return *screening_;
  const ScreeningOptions options = read_screening(config_);
  Stage stage;
  stage.name = "screening";
  stage.format_version = screening_format;
  stage.config =
      stage_config::table_of({{"screening", config::to_value(options)},
                              {"benchmarks", stage_config::names(read_scale(config_).benchmarks)}});
  stage.inputs = {{"world", world().digest}};
  for (std::size_t i = 0; i < options.references.size(); ++i) {
    stage.inputs[fmt::format("reference {}", i)] = digest_of_file(options.references[i]);
  }
  stage.title = fmt::format("screening of world {}", seed_);
  screening_ = stages_.run(stage, [&](StageWork& work) {
    const ScreeningResult result = screen(loaded_world(), options);
    write_screening(result, work.output);
    json::object counts;
    for (const LeftOutSample& sample : result.contaminated) {
      const json::value* count = counts.if_contains(sample.reason);
      counts[sample.reason] = count == nullptr ? 1 : count->as_int64() + 1;
    }
    if (options.decontaminate) {
      spdlog::info("{} of {} samples stand in an evaluation set ({} questions), {} repeat another",
                   result.contaminated.size(), loaded_world().pool.size(), result.questions,
                   result.duplicates.size());
    }
    work.facts = {{"pool", loaded_world().pool.size()},
                  {"decontaminated", options.decontaminate},
                  {"questions", result.questions},
                  {"excluded", std::move(counts)},
                  {"contaminated", result.contaminated.size()},
                  {"duplicates", result.duplicates.size()}};
  });
  return *screening_;
}

void Pipeline::Loaded::take_screening(const std::filesystem::path& folder) {
  const ScreeningResult result = read_screening_files(folder);
  for (const LeftOutSample& sample : result.contaminated) {
    left_out.push_back(sample);
    contaminated.insert(sample.id);
  }
  duplicates.insert(result.duplicates.begin(), result.duplicates.end());
}

RowTable Pipeline::Loaded::with_merged_duplicates(RowTable rows) const {
  if (duplicates.empty()) return rows;
  const auto group_of = [&](std::size_t row) {
    const std::string id(rows.id(row));
    const auto found = duplicates.find(id);
    return found == duplicates.end() ? id : found->second;
  };
  // Of each group the digest of the smallest id that is still there.
  std::map<std::string, std::size_t> first;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto [kept, is_new] = first.emplace(group_of(row), row);
    if (!is_new && rows.id(row) < rows.id(kept->second)) kept->second = row;
  }
  RowTable merged = rows;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    merged.set_content_digest(row, rows.content(first.at(group_of(row))));
  }
  return merged;
}

}  // namespace winnow
