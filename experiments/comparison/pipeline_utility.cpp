// The stages that measure what training on a sample would do for held-out ones: held-out samples,
// anchors drawn from them, and the columns of a utility estimator over the pool.

#include <fmt/format.h>

#include <algorithm>

#include "benchmarks/question_reader.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "experiments/comparison/utility_folds.h"
#include "experiments/stages/failed_rows.h"
#include "utility/anchors.h"
#include "utility/pass.h"

namespace winnow {
namespace json = boost::json;
using stage_config::number;
using stage_config::resolved;
using stage_config::table_of;

// The table `anchors`. Without a set there is one, "all", with the defaults of a set.
struct AnchorsTable {
  std::int64_t held_out = 500;
  std::int64_t folds = 1;
  std::int64_t contrast = 0;
  bool per_seed = true;
  std::map<std::string, AnchorOptions> sets;
};
BOOST_DESCRIBE_STRUCT(AnchorsTable, (), (held_out, folds, contrast, per_seed, sets))

config::Help help(const AnchorsTable&) {
  return {
      {"held_out", "samples of the world that are kept from pool and benchmarks",
       config::at_least(1)},
      {"folds",
       "parts of each set that utility is measured against one by one: the column is their mean, "
       "and a column <name>.error holds its standard error; 1: no parts",
       config::between(1, 64)},
      {"contrast",
       "samples of the pool, drawn uniformly, the utility for which is taken off: what is left is "
       "what a sample does for the anchors beyond what it does for the pool as a whole; 0: none",
       config::at_least(0)},
      {"per_seed",
       "whether anchors are drawn anew for each seed, so that what their draw is worth is in the "
       "spread; false: once for a world, which saves a pass over the pool for every further seed"},
      {"sets", "anchor sets, a column each; with a single one the column has the utility's name"}};
}

namespace {

// Raise one when its stage computes or writes something else.
constexpr int held_out_format = 1;
constexpr int utility_format = 4;

const bool anchors_registered =
    config::add_table<AnchorsTable>("anchors", "held-out samples that utility is measured against");

AnchorsTable read_anchors(const config::Value& config) {
  AnchorsTable result;
  if (const config::Value* table = config.child("anchors")) {
    result = config::bind<AnchorsTable>(*table, "anchors");
  }
  if (result.sets.empty()) result.sets["all"] = {};
  return result;
}

// The table `utility_rows`: how much of the pool is measured.
struct UtilityRows {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(UtilityRows, (), (count))

config::Help help(const UtilityRows&) {
  return {{"count",
           "samples of the pool that are measured, drawn uniformly; the others have no value. 0: "
           "all",
           config::at_least(0)}};
}

const bool rows_registered =
    config::add_table<UtilityRows>("utility_rows", "how much of the pool a utility is measured on");

std::int64_t utility_rows(const config::Value& config) {
  const config::Value* table = config.child("utility_rows");
  return table == nullptr ? 0 : config::bind<UtilityRows>(*table, "utility_rows").count;
}

// An estimator's table, or one of each estimator, with all their defaults.
config::Value resolved_utility(const config::Value& table) {
  config::Value result = resolved(table, "utility");
  if (table.child("type") != nullptr) return result;
  for (auto& [name, estimator] : result.table()) {
    if (estimator.is_table()) estimator = resolved(estimator, "utility");
  }
  return result;
}

UtilityPassOptions pass_options(const config::Value& config) {
  const config::Value* table = config.child("utility_pass");
  return table == nullptr ? UtilityPassOptions{}
                          : config::bind<UtilityPassOptions>(*table, "utility_pass");
}

UtilityPass utility_pass(const config::Value& config) {
  return UtilityPass::from_config(config.at("utility"), "utility", pass_options(config));
}

// The losses of the samples, for anchors drawn by difficulty.
void measure_difficulty(std::vector<AnchorCandidate>& candidates,
                        const std::vector<ModelInput>& inputs, VisionLanguageModel& model) {
  const torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].difficulty = model.answer_loss({inputs[i]}).mean().item<double>();
  }
}

}  // namespace

std::vector<std::string> utility_columns(const config::Value& config) {
  if (config.child("utility") == nullptr) {
    for (const char* table : {"anchors", "utility_pass", "utility_rows"}) {
      if (const config::Value* found = config.child(table)) {
        config::fail_value(*found, table, "there is no table 'utility' that it could be for");
      }
    }
    return {};
  }
  std::vector<std::string> sets;
  const AnchorsTable anchors = read_anchors(config);
  for (const auto& [name, options] : anchors.sets) sets.push_back(name);
  utility_rows(config);
  const UtilityPass pass = utility_pass(config);
  std::vector<std::string> columns = pass.columns(sets);
  if (anchors.folds > 1) {
    const std::vector<std::string> probe = pass.columns({"a", "b"});
    for (const std::string& column : pass.columns(sets)) {
      const std::string estimator = column.substr(0, column.find('.'));
      const bool anchored = std::find(probe.begin(), probe.end(), estimator + ".a") != probe.end();
      if (anchored) columns.push_back(column + ".error");
    }
  }
  return columns;
}

ColumnSources column_sources(const config::Value& config, const Method& method) {
  const std::vector<std::string> wanted = required_columns(config, method);
  ColumnSources result;
  if (wanted.empty()) return result;
  const std::vector<std::string> known = utility_columns(config), judged = judge_columns(config);
  for (const std::string& column : wanted) {
    const bool is_utility = std::find(known.begin(), known.end(), column) != known.end();
    const bool is_judged = std::find(judged.begin(), judged.end(), column) != judged.end();
    (is_utility ? result.utility : is_judged ? result.judge : result.descriptors) = true;
  }
  return result;
}

const StageOutput& Pipeline::held_out() {
  if (held_out_) return *held_out_;
  const auto source = worlds().create(config_.at("world"), "world");
  const std::int64_t questions = read_anchors(config_).held_out;
  Stage stage;
  stage.name = "held-out";
  stage.format_version = held_out_format;
  stage.config = table_of({{"world", source->identity(seed_)},
                           {"questions", number(static_cast<std::uint64_t>(questions))}});
  stage.title = fmt::format("held-out samples of world {}", seed_);
  held_out_ = stages_.run(
      stage, [&](StageWork& work) { source->write_held_out(seed_, questions, work.output); });
  return *held_out_;
}

std::uint64_t Pipeline::proxy_seed(std::uint64_t seed) const {
  return read_proxy(config_).per_seed ? seed : seed_;
}

const StageOutput& Pipeline::utility(std::uint64_t seed) {
  if (measuring_) return measuring_->utility(seed);
  if (const auto found = utilities_.find(seed); found != utilities_.end()) return found->second;
  const AnchorsTable anchors_table = read_anchors(config_);
  const UtilityPass pass = utility_pass(config_);
  const bool needs_anchors = pass.uses_anchors();
  // What an estimator draws beside its anchors goes with them.
  const std::uint64_t draw = needs_anchors && anchors_table.per_seed ? seed : seed_;
  Stage stage;
  stage.name = "utility";
  stage.format_version = utility_format;
  const UtilityPassOptions options = pass_options(config_);
  // Whether a pass ends, not what it finds.
  config::Value pass_config = config::to_value(options);
  pass_config.erase("maximum_failed_share");
  pass_config.erase("retry_failed");
  stage.config = table_of({{"utility", resolved_utility(config_.at("utility"))},
                           {"utility_pass", pass_config},
                           {"rows", number(static_cast<std::uint64_t>(utility_rows(config_)))},
                           {"sampling", config::to_value(read_sampling(config_))},
                           {"seed", number(draw)}});
  if (needs_anchors) {
    config::Value anchors_config = config::to_value(anchors_table);
    anchors_config.erase("per_seed");  // it says which seed, and that stands there
    stage.config.set("anchors", std::move(anchors_config));
  }
  const Weights measuring = proxy(proxy_seed(seed));
  stage.inputs = common_inputs();
  stage.inputs["proxy"] = measuring.digest;
  if (needs_anchors) stage.inputs["held-out"] = held_out().digest;
  stage.title = fmt::format("utility of world {}, seed {}", seed_, seed);
  const auto compute = [&](StageWork& work) {
    const Loaded& data = loaded();
    const auto model = load_model(measuring.folder);
    json::object drawn;
    std::vector<AnchorSet> anchors;
    if (needs_anchors) {
      anchors = draw_anchor_sets(anchors_table.sets, draw, *model, drawn);
      write_file(work.output / "anchors.json", json::serialize(drawn) + "\n");
    }
    AnchorParts parts;
    parts.folds = static_cast<std::size_t>(anchors_table.folds);
    if (needs_anchors && anchors_table.contrast > 0) {
      const auto count = static_cast<std::size_t>(anchors_table.contrast);
      if (count > data.samples.size()) {
        throw ConstraintError(fmt::format("anchors.contrast = {}: the pool has only {} samples",
                                          count, data.samples.size()));
      }
      const torch::NoGradGuard no_gradients;
      RandomStream stream(draw, "utility/contrast");
      for (const std::size_t i : stream.sample_indices(data.samples.size(), count)) {
        const Sample& sample = data.samples[i];
        parts.contrast.push_back(model->input(sample, data.visual(sample, *model)));
      }
    }
    const std::vector<std::size_t> rows = measured_rows(data.samples.size());
    std::vector<Sample> samples;
    for (const std::size_t row : rows) samples.push_back(data.samples[row]);
    const std::vector<AnchorSet> measured_against = measured_sets(anchors, parts);
    const Pool pool(std::move(samples));
    const UtilityPassResult result = pass.run(
        {pool,
         *model,
         [&](const Sample& sample, VisionLanguageModel& own) { return data.visual(sample, own); },
         measured_against,
         draw,
         work.resume / "journal",
         {}});
    std::vector<std::string> estimators;
    for (const auto& [name, cost] : result.costs) estimators.push_back(name);
    const SampleTable joined = join_parts(result.table, estimators, anchors, parts);
    SampleTable whole(data.facts);
    for (const std::string& name : joined.column_names()) {
      Column column = Column::missing(name, whole.size());
      const Column& part = joined.column(name);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (part.valid(i)) {
          column.set(rows[i], part.values(i));
        } else {
          column.set(rows[i], static_cast<CellState>(part.states(i)));
        }
      }
      whole.add(std::move(column));
    }
    whole.save(work.output / "table");
    work.earlier_cpu_seconds = result.earlier_cpu_seconds;
    keep_failures(result.failures, rows.size(), work);
    for (const auto& [name, cost] : result.costs) {
      work.facts[name] = {{"prepare_cpu_seconds", cost.prepare_cpu_seconds},
                          {"cpu_seconds", cost.cpu_seconds},
                          {"flops", cost.flops}};
    }
  };
  const StageOutput output = stages_.run(stage, compute, retry_failed_rows(options.retry_failed));
  check_failed_share(output, options.maximum_failed_share, "utility_pass");
  return utilities_.emplace(seed, output).first->second;
}

std::vector<std::size_t> Pipeline::measured_rows(std::size_t pool) const {
  std::vector<std::size_t> rows;
  const auto wanted = static_cast<std::size_t>(utility_rows(config_));
  if (wanted == 0 || wanted >= pool) {
    for (std::size_t i = 0; i < pool; ++i) rows.push_back(i);
  } else {
    rows = RandomStream(seed_, "utility/rows").sample_indices(pool, wanted);
    std::sort(rows.begin(), rows.end());
  }
  return rows;
}

std::vector<AnchorSet> Pipeline::draw_anchor_sets(const std::map<std::string, AnchorOptions>& sets,
                                                  std::uint64_t seed, VisionLanguageModel& model,
                                                  json::object& drawn) {
  const Loaded& data = loaded();
  std::vector<AnchorCandidate> candidates;
  for (const Question& question : read_questions(held_out().folder / "held_out.jsonl")) {
    candidates.push_back({question.sample, question.subtask, 0.0});
  }
  const torch::NoGradGuard no_gradients;
  const auto input_of = [&](std::size_t i) {
    std::vector<PreprocessedMedium> media;
    for (const Media& medium : candidates[i].sample.media) {
      media.push_back(model.preprocess(decode(medium, data.sampling)));
    }
    return model.input(candidates[i].sample, model.encode_vision(media));
  };
  if (std::any_of(sets.begin(), sets.end(), [](const auto& set) {
        return set.second.stratify_by == AnchorOptions::StratifyBy::difficulty;
      })) {
    std::vector<ModelInput> inputs;
    for (std::size_t i = 0; i < candidates.size(); ++i) inputs.push_back(input_of(i));
    measure_difficulty(candidates, inputs, model);
  }
  std::vector<AnchorSet> result;
  std::vector<Sample> all;
  for (const auto& [name, options] : sets) {
    AnchorSet set;
    set.name = name;
    json::array ids;
    for (const std::size_t i : draw_anchors(candidates, options, name, seed)) {
      set.ids.push_back(candidates[i].sample.id);
      set.inputs.push_back(input_of(i));
      all.push_back(candidates[i].sample);
      ids.emplace_back(candidates[i].sample.id);
    }
    drawn[name] = std::move(ids);
    result.push_back(std::move(set));
  }
  refuse_overlap(all, all_samples(data.world.pool), "the pool");
  for (const WorldBenchmark& benchmark : data.world.benchmarks) {
    std::vector<Sample> asked;
    for (const Question& question : benchmark.questions) asked.push_back(question.sample);
    refuse_overlap(all, asked, "benchmark " + benchmark.name);
  }
  return result;
}

std::optional<double> Pipeline::measuring_operations(const ColumnSources& reads,
                                                     std::uint64_t seed) {
  if (measuring_) return measuring_->measuring_operations(reads, seed);
  if (reads.descriptors) return std::nullopt;
  double sum = 0.0;
  if (!reads.utility) return sum;
  if (const StageOutput* training = warm_up(proxy_seed(seed))) {
    sum += training->facts.at("operations").to_number<double>();
  }
  for (const auto& [name, cost] : utility(seed).facts) {
    if (cost.is_object()) sum += cost.at("flops").to_number<double>();
  }
  return sum;
}

double Pipeline::measuring_cpu_seconds(const ColumnSources& reads,
                                       const std::vector<std::uint64_t>& seeds) {
  if (measuring_) return measuring_->measuring_cpu_seconds(reads, seeds);
  std::map<std::filesystem::path, double> spent;  // by stage, as seeds may share one
  const auto add_warm_up = [&](std::uint64_t seed) {
    const StageOutput* training = warm_up(seed);
    if (training == nullptr) return;
    spent[training->folder] = training->facts.at("cpu_seconds").to_number<double>();
  };
  if (reads.judge) spent[judge().folder] = judge().cpu_seconds;
  if (reads.descriptors) {
    spent[descriptors().folder] = descriptors().cpu_seconds;
    add_warm_up(seed_);
  }
  for (const std::uint64_t seed : seeds) {
    if (!reads.utility) break;
    spent[utility(seed).folder] = utility(seed).cpu_seconds;
    add_warm_up(proxy_seed(seed));
  }
  double seconds = 0.0;
  for (const auto& [stage, own] : spent) seconds += own;
  return seconds;
}

}  // namespace winnow
