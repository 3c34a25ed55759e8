#include "experiments/stages/screening_stage.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "media/fingerprint.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kExcludedFile = "excluded.jsonl";
constexpr const char* kDuplicatesFile = "duplicates.jsonl";

const bool registered = config::add_table<ScreeningOptions>(
    "screening", "what is taken out of the pool before any method sees it");

// Every medium of the pool and the questions once, all workers at it.
Fingerprints fingerprints_of(const Pool& pool, const std::vector<EvaluationQuestion>& questions,
                             std::int64_t frames) {
  std::map<std::string, Media> media;
  const auto add = [&](const std::vector<Media>& list) {
    for (const Media& medium : list) media.try_emplace(medium.key(), medium);
  };
  for_each_sample(pool, [&](std::size_t, const Sample& sample) { add(sample.media); });
  for (const EvaluationQuestion& question : questions) add(question.media);
  const std::vector<std::pair<std::string, Media>> work(media.begin(), media.end());
  std::vector<MediaFingerprint> found(work.size());
  Progress progress("Fingerprints", static_cast<std::int64_t>(work.size()), "media");
  parallel_for(work.size(), [&](std::size_t i) {
    found[i] = fingerprint(work[i].second, frames);
    progress.advance();
  });
  Fingerprints result;
  for (std::size_t i = 0; i < work.size(); ++i) result.emplace(work[i].first, std::move(found[i]));
  return result;
}

std::vector<EvaluationQuestion> questions_of(const AskedQuestions& asked,
                                             const ScreeningOptions& options) {
  std::vector<EvaluationQuestion> questions;
  for (const auto& [name, own] : asked) {
    for (const Question& question : own) {
      questions.push_back({name, question.id, question.text, question.sample.media});
    }
  }
  for (const fs::path& file : options.references) {
    for (EvaluationQuestion& question : read_evaluation_set(file)) {
      questions.push_back(std::move(question));
    }
  }
  return questions;
}

template <class Take>
void read_lines(const fs::path& file, const Take& take) {
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    try {
      take(json::parse(line).as_object());
    } catch (const std::exception& error) {
      throw DataError(file.string() + ": a damaged line: " + error.what());
    }
  }
}

}  // namespace

config::Help help(const ScreeningOptions&) {
  const auto bits = config::between(-1, static_cast<double>(kFrameHashBits));
  return {
      {"decontaminate", "leave out samples that stand in a benchmark or a reference"},
      {"references", "further evaluation sets: JSONL files of questions or conversations"},
      {"words", "successive words shared with an evaluation question that are too many",
       config::between(4, 100)},
      {"template_media",
       "a text asked about so many media, give or take a fifth of its words, counts only beside an "
       "equal medium",
       config::at_least(2)},
      {"media_distance",
       "bits of 512 in which frames of the same medium may differ; -1: only equal "
       "files are the same",
       bits},
      {"media_distance_with_text", "the same beside an equal question", bits},
      {"merge_duplicates", "take at most one of the samples with equal text and media"},
      {"duplicate_distance", "bits in which frames of duplicates may differ; -1: only equal files",
       bits},
      {"frames", "frames of a clip that are compared", config::between(1, 64)}};
}

ScreeningOptions read_screening(const config::Value& config) {
  const config::Value* table = config.child("screening");
  return table == nullptr ? ScreeningOptions{}
                          : config::bind<ScreeningOptions>(*table, "screening");
}

ScreeningResult screen(const Pool& pool, const AskedQuestions& asked,
                       const ScreeningOptions& options) {
  ScreeningResult result;
  if (!options.decontaminate && !options.merge_duplicates) return result;
  std::vector<EvaluationQuestion> questions;
  if (options.decontaminate) questions = questions_of(asked, options);
  const Fingerprints fingerprints = fingerprints_of(pool, questions, options.frames);
  for (const EvaluationQuestion& question : questions) {
    for (const Media& medium : question.media) {
      if (!fingerprints.at(medium.key()).bytes.empty()) continue;
      throw IoError(question.set + ", question " + question.id + ": " +
                    medium.paths.front().string() +
                    " cannot be read, so the pool cannot be searched for it");
    }
  }
  const auto id_of = [&](std::size_t row) { return std::string(pool.rows().id(row)); };
  if (options.decontaminate) {
    const ContaminationRule rule{options.words, options.media_distance,
                                 options.media_distance_with_text, options.template_media};
    for (const Contamination& found : find_contamination(pool, questions, fingerprints, rule)) {
      result.contaminated.push_back({id_of(found.row), found.reason, found.detail});
    }
    result.questions = static_cast<std::int64_t>(questions.size());
  }
  if (options.merge_duplicates) {
    const auto stands = find_duplicates(pool, fingerprints, options.duplicate_distance);
    for (std::size_t row = 0; row < stands.size(); ++row) {
      if (stands[row] != row) result.duplicates.emplace_back(id_of(row), id_of(stands[row]));
    }
  }
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::sort(result.contaminated.begin(), result.contaminated.end(), by_id);
  std::sort(result.duplicates.begin(), result.duplicates.end());
  return result;
}

namespace {

// Raised when the stage computes or writes something else.
constexpr int kScreeningFormat = 2;

void write_result(const ScreeningResult& result, const fs::path& folder) {
  std::string lines;
  for (const LeftOutSample& sample : result.contaminated) {
    lines += json::serialize(json::object{
                 {"id", sample.id}, {"reason", sample.reason}, {"detail", sample.detail}}) +
             "\n";
  }
  write_file(folder / kExcludedFile, lines);
  lines.clear();
  for (const auto& [id, other] : result.duplicates) {
    lines += json::serialize(json::object{{"id", id}, {"of", other}}) + "\n";
  }
  write_file(folder / kDuplicatesFile, lines);
}

}  // namespace

StageOutput ScreeningStage::run(StageCache& stages, const std::function<const Pool&()>& pool,
                                const std::function<AskedQuestions()>& questions) const {
  Stage stage;
  stage.name = "screening";
  stage.format_version = kScreeningFormat;
  stage.config.set("screening", config::to_value(options));
  stage.inputs = inputs;
  for (std::size_t i = 0; i < options.references.size(); ++i) {
    stage.inputs[fmt::format("reference {}", i)] = digest_of_file(options.references[i]);
  }
  stage.title = title;
  return stages.run(stage, [&](StageWork& work) {
    const ScreeningResult result =
        screen(pool(), options.decontaminate ? questions() : AskedQuestions(), options);
    write_result(result, work.output);
    json::object counts;
    for (const LeftOutSample& sample : result.contaminated) {
      const json::value* count = counts.if_contains(sample.reason);
      counts[sample.reason] = count == nullptr ? 1 : count->as_int64() + 1;
    }
    if (options.decontaminate) {
      spdlog::info("{} of {} samples stand in an evaluation set ({} questions), {} repeat another",
                   result.contaminated.size(), pool().size(), result.questions,
                   result.duplicates.size());
    }
    work.facts = {{"pool", pool().size()},
                  {"decontaminated", options.decontaminate},
                  {"questions", result.questions},
                  {"excluded", std::move(counts)},
                  {"contaminated", result.contaminated.size()},
                  {"duplicates", result.duplicates.size()}};
  });
}

ScreeningResult read_screening_result(const StageOutput& output) {
  ScreeningResult result;
  const auto text = [](const json::object& line, const char* key) {
    return std::string(line.at(key).as_string());
  };
  read_lines(output.folder / kExcludedFile, [&](const json::object& line) {
    result.contaminated.push_back({text(line, "id"), text(line, "reason"), text(line, "detail")});
  });
  read_lines(output.folder / kDuplicatesFile, [&](const json::object& line) {
    result.duplicates.emplace_back(text(line, "id"), text(line, "of"));
  });
  return result;
}

}  // namespace winnow
