#include "experiments/comparison/screening.h"

#include <map>
#include <set>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
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

using ByMedium = std::map<std::string, MediaFingerprint>;  // Media::key() -> fingerprint

// Every medium once, all workers at it.
ByMedium fingerprints_of(const std::vector<const std::vector<Media>*>& lists, std::int64_t frames) {
  std::map<std::string, const Media*> media;
  for (const auto* list : lists) {
    for (const Media& medium : *list) media.emplace(medium.key(), &medium);
  }
  const std::vector<std::pair<std::string, const Media*>> work(media.begin(), media.end());
  std::vector<MediaFingerprint> found(work.size());
  Progress progress("Fingerprints", static_cast<std::int64_t>(work.size()), "media");
  parallel_for(work.size(), [&](std::size_t i) {
    found[i] = fingerprint(*work[i].second, frames);
    progress.advance();
  });
  ByMedium result;
  for (std::size_t i = 0; i < work.size(); ++i) result.emplace(work[i].first, std::move(found[i]));
  return result;
}

std::vector<MediaFingerprint> of_media(const std::vector<Media>& media, const ByMedium& prints) {
  std::vector<MediaFingerprint> result;
  for (const Media& medium : media) result.push_back(prints.at(medium.key()));
  return result;
}

std::vector<EvaluationQuestion> questions_of(const World& world, const ScreeningOptions& options) {
  std::vector<EvaluationQuestion> questions;
  for (const WorldBenchmark& benchmark : world.benchmarks) {
    for (const Question& question : benchmark.questions) {
      questions.push_back({benchmark.name, question.id, question.text, question.sample.media});
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

ScreeningResult screen(const World& world, const ScreeningOptions& options) {
  ScreeningResult result;
  if (!options.decontaminate && !options.merge_duplicates) return result;
  std::vector<EvaluationQuestion> questions;
  if (options.decontaminate) questions = questions_of(world, options);
  const std::vector<Sample>& samples = world.pool.samples();
  std::vector<const std::vector<Media>*> lists;
  for (const Sample& sample : samples) lists.push_back(&sample.media);
  for (const EvaluationQuestion& question : questions) lists.push_back(&question.media);
  const ByMedium prints = fingerprints_of(lists, options.frames);
  Fingerprints of_samples, of_questions;
  for (const Sample& sample : samples) of_samples.push_back(of_media(sample.media, prints));
  for (const EvaluationQuestion& question : questions) {
    of_questions.push_back(of_media(question.media, prints));
    for (std::size_t i = 0; i < question.media.size(); ++i) {
      if (!of_questions.back()[i].bytes.empty()) continue;
      throw IoError(question.set + ", question " + question.id + ": " +
                    question.media[i].paths.front().string() +
                    " cannot be read, so the pool cannot be searched for it");
    }
  }
  if (options.decontaminate) {
    const ContaminationRule rule{options.words, options.media_distance,
                                 options.media_distance_with_text, options.template_media};
    for (const Contamination& found :
         find_contamination(samples, of_samples, questions, of_questions, rule)) {
      result.contaminated.push_back({samples[found.sample].id, found.reason, found.detail});
    }
    result.questions = static_cast<std::int64_t>(questions.size());
  }
  if (options.merge_duplicates) {
    const auto stands = find_duplicates(samples, of_samples, options.duplicate_distance);
    for (std::size_t s = 0; s < stands.size(); ++s) {
      if (stands[s] != s) result.duplicates.emplace_back(samples[s].id, samples[stands[s]].id);
    }
  }
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::sort(result.contaminated.begin(), result.contaminated.end(), by_id);
  std::sort(result.duplicates.begin(), result.duplicates.end());
  return result;
}

void write_screening(const ScreeningResult& result, const fs::path& folder) {
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

ScreeningResult read_screening_files(const fs::path& folder) {
  ScreeningResult result;
  const auto text = [](const json::object& line, const char* key) {
    return std::string(line.at(key).as_string());
  };
  read_lines(folder / kExcludedFile, [&](const json::object& line) {
    result.contaminated.push_back({text(line, "id"), text(line, "reason"), text(line, "detail")});
  });
  read_lines(folder / kDuplicatesFile, [&](const json::object& line) {
    result.duplicates.emplace_back(text(line, "id"), text(line, "of"));
  });
  return result;
}

}  // namespace winnow
