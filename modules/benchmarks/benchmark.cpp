#include "benchmarks/benchmark.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "benchmarks/development.h"
#include "config/overrides.h"
#include "core/errors.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

const bool registered = config::add_table<BenchmarkOptions>(
    "benchmarks.*", "a benchmark, beside its type's options and its table `evaluator`");

const std::vector<std::string>& common_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> names;
    for (const config::OptionDescription& option : config::describe<BenchmarkOptions>()) {
      names.push_back(option.name);
    }
    return names;
  }();
  return keys;
}

bool is_common(const std::string& key) {
  return std::find(common_keys().begin(), common_keys().end(), key) != common_keys().end();
}

// A misspelt option of either owner is told with the names of both.
void check_keys(const config::Value& table, const std::string& path) {
  const config::Value* type = table.child("type");
  if (type == nullptr || !type->is_string()) return;
  std::vector<std::string> known = common_keys();
  known.insert(known.end(), {"type", "evaluator"});
  for (const config::ComponentInfo& info : config::list_components()) {
    if (info.kind != "benchmark" || info.name != type->string()) continue;
    for (const config::OptionDescription& option : info.options) known.push_back(option.name);
    config::check_known_keys(table, known, path);
  }
}

// Runs what reads files for a benchmark; its errors begin with the benchmark's place in the config.
template <class Work>
auto naming(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const IoError& error) {
    throw IoError(path + ": " + error.what());
  } catch (const DataError& error) {
    throw DataError(path + ": " + error.what());
  }
}

std::string splits_of(const std::vector<Question>& questions) {
  std::set<std::string> names;
  for (const Question& question : questions) names.insert("'" + question.split + "'");
  return fmt::format("{}", fmt::join(names, ", "));
}

// Of a file that is not there, the first; empty where all are.
fs::path missing_file(const Question& question) {
  for (const Media& medium : question.sample.media) {
    for (const fs::path& path : medium.paths) {
      std::error_code error;
      if (!fs::exists(path, error)) return path;
    }
  }
  return {};
}

void check_media(const std::vector<Question>& questions, double maximum_failed_share) {
  std::size_t missing = 0;
  std::string first;
  for (const Question& question : questions) {
    const fs::path path = missing_file(question);
    if (path.empty()) continue;
    if (++missing == 1) first = question.place() + ": " + path.string();
  }
  const double share = static_cast<double>(missing) / static_cast<double>(questions.size());
  if (missing == 0 || share <= maximum_failed_share) return;
  throw DataError(fmt::format(
      "{} of {} questions show a file that is not there, more than maximum_failed_share = {} "
      "allows. The first: {}. Relative paths start from media_root",
      missing, questions.size(), maximum_failed_share, first));
}

}  // namespace

void Benchmark::make(std::uint64_t, const fs::path&) const {}

config::ComponentKind<Benchmark>& benchmarks() {
  static config::ComponentKind<Benchmark> kind("benchmark");
  return kind;
}

config::Help help(const BenchmarkOptions&) {
  config::Help result = help(EvaluationLimits{});
  for (config::FieldHelp& field : config::Help{
           {"weight", "how much it counts in the average over benchmarks", config::at_least(0)},
           {"average",
            "what its score is the mean of: all questions, or its subtasks, each counting the "
            "same"},
           {"prompt", "the user's turn: {media}, {question}, {options}"},
           {"option", "an option as it stands in {options}: {letter}, {candidate}"},
           {"reply", "what a model says that chooses an option: {letter}, {candidate}"},
           {"split", "rows of the file that are asked, by their key `split`; empty: all others"},
           {"development_split", "rows that are set aside to draw anchors from; empty: none"},
           {"development_share",
            "share of the questions that is set aside; questions about one medium stay together",
            config::between(0, 0.9)}}) {
    result.push_back(std::move(field));
  }
  return result;
}

BenchmarkTask::BenchmarkTask(std::string name, const config::Value& table, std::string path)
    : name_(std::move(name)),
      path_(path.empty() ? config::join_key("benchmarks", name_) : std::move(path)) {
  if (!table.is_table()) config::fail_value(table, path_, "expected a table");
  const bool is_file_name =
      !name_.empty() && name_[0] != '.' && std::all_of(name_.begin(), name_.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
      });
  if (!is_file_name) {
    config::fail_value(table, path_, "its name becomes a file's: letters, digits, _, - and .");
  }
  check_keys(table, path_);
  config::Value common, own;
  for (const auto& [key, value] : table.table()) {
    if (key == "evaluator") continue;
    (is_common(key) ? common : own).set(config::join_key("", key), value);
  }
  own.set_origin(table.origin());
  common.set_origin(table.origin());
  options_ = config::bind<BenchmarkOptions>(common, path_);
  source_ = benchmarks().create(own, path_);
  const config::Value* evaluator = table.child("evaluator");
  if (evaluator == nullptr) {
    config::fail_value(table, path_,
                       "there is no table 'evaluator' that says how its questions are asked and "
                       "marked." +
                           suggestion("", evaluators().names()));
  }
  evaluator_config_ = *evaluator;
  evaluator_ = evaluators().create(*evaluator, path_ + ".evaluator");
  prompt_ =
      std::make_unique<QuestionPrompt>(options_.prompt, options_.option, options_.reply, path_);
  if (!options_.development_split.empty() && options_.development_share > 0.0) {
    config::fail_value(*table.child("development_share"), path_ + ".development_share",
                       "a development part is a split or a share, and development_split is set");
  }
}

config::Value BenchmarkTask::identity(std::uint64_t seed) const {
  config::Value result;
  result.set("source", naming(path_, [&] { return source_->identity(seed); }));
  const config::Value options = config::to_value(options_);
  for (const char* key :
       {"prompt", "option", "reply", "split", "development_split", "development_share"}) {
    result.set(key, options.at(key));
  }
  return result;
}

BenchmarkTask::Parts BenchmarkTask::read(const fs::path& folder) const {
  return naming(path_, [&] {
    std::vector<Question> questions = source_->questions(folder);
    const std::vector<bool> by_share = development_part(questions, options_.development_share);
    const std::string splits = splits_of(questions);
    Parts parts;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      Question& question = questions[i];
      const bool develops = by_share[i] || (!options_.development_split.empty() &&
                                            question.split == options_.development_split);
      if (!develops && !options_.split.empty() && question.split != options_.split) continue;
      prompt_->apply(question);
      if (!develops) evaluator_->check(question);
      (develops ? parts.development : parts.asked).push_back(std::move(question));
    }
    if (parts.asked.empty()) {
      throw DataError("no question is left to be asked; the splits of its rows are " + splits);
    }
    if (!options_.development_split.empty() && parts.development.empty()) {
      throw DataError("no row has the split '" + options_.development_split + "'; there are " +
                      splits);
    }
    check_media(parts.asked, options_.maximum_failed_share);
    return parts;
  });
}

std::vector<BenchmarkTask> read_benchmarks(const config::Value& config) {
  std::vector<BenchmarkTask> tasks;
  const config::Value* tables = config.child("benchmarks");
  if (tables == nullptr) return tasks;
  if (!tables->is_table()) {
    config::fail_value(*tables, "benchmarks", "expected a table for each benchmark");
  }
  for (const auto& [name, table] : tables->table()) tasks.emplace_back(name, table);
  return tasks;
}

std::vector<std::vector<std::size_t>> averaged_parts(const std::vector<Question>& questions,
                                                     BenchmarkOptions::Average average) {
  std::map<std::string, std::vector<std::size_t>> parts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const bool whole = average == BenchmarkOptions::Average::questions;
    parts[whole ? "" : questions[i].subtask].push_back(i);
  }
  std::vector<std::vector<std::size_t>> result;
  for (auto& [name, part] : parts) result.push_back(std::move(part));
  return result;
}

double score_of(const std::vector<Question>& questions, const std::vector<Outcome>& outcomes,
                BenchmarkOptions::Average average) {
  const auto parts = averaged_parts(questions, average);
  double sum = 0.0;
  for (const auto& part : parts) {
    double scores = 0.0;
    for (const std::size_t i : part) scores += outcomes[i].score;
    sum += scores / static_cast<double>(part.size());
  }
  return sum / static_cast<double>(parts.size());
}

}  // namespace winnow
