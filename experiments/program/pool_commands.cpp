#include "experiments/program/pool_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <ostream>
#include <vector>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/world.h"
#include "experiments/program/command.h"
#include "experiments/program/paths.h"
#include "media/frames.h"
#include "pool/text.h"

namespace winnow {
namespace {

using Counts = std::map<std::string, std::int64_t>;

struct WordStatistics {
  double mean = 0.0;
  std::int64_t median = 0, largest = 0;
};

WordStatistics statistics_of(std::vector<std::int64_t> words) {
  WordStatistics statistics;
  if (words.empty()) return statistics;
  std::sort(words.begin(), words.end());
  for (const std::int64_t count : words) statistics.mean += static_cast<double>(count);
  statistics.mean /= static_cast<double>(words.size());
  statistics.median = words[(words.size() - 1) / 2];
  statistics.largest = words.back();
  return statistics;
}

struct Summary {
  std::int64_t rows = 0, turns = 0;
  Counts modalities, question_types, media, sources, bad;
  WordStatistics question_words, answer_words;
  std::int64_t duplicates = 0;  // rows whose content an earlier row has
};

Summary summarise(const Pool& pool) {
  Summary summary;
  const RowTable& rows = pool.rows();
  summary.rows = static_cast<std::int64_t>(rows.size());
  std::vector<ContentDigest> contents;
  std::vector<std::int64_t> question_words, answer_words;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ++summary.modalities[to_string(rows.modality(row))];
    ++summary.question_types[std::string(rows.question_type(row))];
    ++summary.sources[std::string(rows.source(row))];
    contents.push_back(rows.content(row));
    answer_words.push_back(rows.answer_words(row));
  }
  std::sort(contents.begin(), contents.end());
  const auto distinct = std::unique(contents.begin(), contents.end()) - contents.begin();
  summary.duplicates = summary.rows - distinct;
  contents = {};
  for_each_sample(pool, [&](std::size_t, const Sample& sample) {
    summary.turns += static_cast<std::int64_t>(sample.turns.size());
    question_words.push_back(count_words(sample.question()));
    for (const Media& medium : sample.media) ++summary.media[to_string(medium.kind)];
  });
  summary.question_words = statistics_of(std::move(question_words));
  summary.answer_words = statistics_of(std::move(answer_words));
  for (const BadRow& row : pool.ledger()) ++summary.bad[row.kind];
  return summary;
}

boost::json::object to_json(const Counts& counts) {
  boost::json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

boost::json::object to_json(const WordStatistics& words) {
  return {{"mean", words.mean}, {"median", words.median}, {"largest", words.largest}};
}

boost::json::object to_json(const BadRow& row) {
  return {{"file", row.file}, {"line", row.line}, {"kind", row.kind}, {"reason", row.reason}};
}

boost::json::object to_json(const Summary& summary, const Pool& pool) {
  return {{"rows", summary.rows},
          {"bad_rows", pool.ledger().size()},
          {"digest", pool.digest()},
          {"turns", summary.turns},
          {"modalities", to_json(summary.modalities)},
          {"question_types", to_json(summary.question_types)},
          {"media", to_json(summary.media)},
          {"question_words", to_json(summary.question_words)},
          {"answer_words", to_json(summary.answer_words)},
          {"duplicates", summary.duplicates},
          {"sources", to_json(summary.sources)},
          {"bad_rows_by_kind", to_json(summary.bad)}};
}

// Largest count first, then by name.
std::vector<std::pair<std::string, std::int64_t>> by_size(const Counts& counts) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string in_line(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : by_size(counts)) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  }
  return text.empty() ? "none" : text;
}

std::string in_line(const WordStatistics& words) {
  return fmt::format("mean {:.1f}, median {}, largest {}", words.mean, words.median, words.largest);
}

void print(const Summary& summary, const Pool& pool, std::ostream& out) {
  const std::size_t bad = pool.ledger().size();
  const double read = static_cast<double>(summary.rows) + static_cast<double>(bad);
  const auto line = [&](const char* name, const std::string& value) {
    out << fmt::format("{:<16}{}\n", name, value);
  };
  line("rows", fmt::format("{} ({} turns), {} bad ({:.2f} %)", summary.rows, summary.turns, bad,
                           read > 0 ? 100.0 * static_cast<double>(bad) / read : 0.0));
  line("digest", pool.digest());
  line("modality", in_line(summary.modalities));
  line("question type", in_line(summary.question_types));
  line("media", in_line(summary.media));
  line("question words", in_line(summary.question_words));
  line("answer words", in_line(summary.answer_words));
  line("duplicates",
       fmt::format("{} rows repeat the content of an earlier row", summary.duplicates));
  line("sources", std::to_string(summary.sources.size()));
  for (const auto& [name, count] : by_size(summary.sources)) {
    out << fmt::format("  {:>9}  {:>6.2f} %  {}\n", count,
                       100.0 * static_cast<double>(count) / static_cast<double>(summary.rows),
                       name);
  }
  if (bad > 0) out << "bad rows\n" << summary_of(pool.ledger()) << "\n";
}

const char* name_of(Turn::Role role) {
  switch (role) {
    case Turn::Role::system:
      return "system";
    case Turn::Role::user:
      return "user";
    case Turn::Role::assistant:
      return "assistant";
  }
  return "";
}

std::string description_of(const Media& medium) {
  const MediaFacts facts = inspect(medium, SamplingOptions().maximum_pixels);
  std::string text = fmt::format("{} x {}", facts.width, facts.height);
  if (medium.kind == Media::Kind::image) return text;
  text += fmt::format(", {} frames", facts.frames);
  if (facts.frames_per_second <= 0) return text + ", unknown frame rate";
  return text + fmt::format(", {:.3g} frames/s, {:.2f} s", facts.frames_per_second, facts.duration);
}

}  // namespace

int pool_check(const Pool& pool, std::ostream& out, bool json) {
  const Summary summary = summarise(pool);
  if (json) {
    out << boost::json::serialize(to_json(summary, pool)) << "\n";
  } else {
    print(summary, pool, out);
  }
  return 0;
}

void write_ledger(const Pool& pool, const std::filesystem::path& path) {
  std::string lines;
  for (const BadRow& row : pool.ledger()) lines += boost::json::serialize(to_json(row)) + "\n";
  write_file(path, lines);
}

int pool_show(const Pool& pool, const std::string& id, std::ostream& out) {
  const std::size_t row = pool.index_of(id);
  const Sample sample = pool.sample(row);
  const RowFacts facts = pool.rows().facts(row);
  out << fmt::format("{}\n  read at         {}:{}\n  source          {}\n", sample.id, sample.file,
                     sample.line, sample.source);
  out << fmt::format("  modality        {}, {} question, {} words in the answer\n",
                     to_string(facts.modality), facts.question_type, facts.answer_words);
  out << fmt::format("  content digest  {}\n", facts.content_digest);
  int status = 0;
  for (std::size_t i = 0; i < sample.media.size(); ++i) {
    const Media& medium = sample.media[i];
    std::string description;
    try {
      description = description_of(medium);
    } catch (const DataError& error) {
      description = std::string("cannot be decoded: ") + error.what();
      status = 1;
    }
    out << fmt::format("\nmedium {}: {}, {}\n", i + 1, to_string(medium.kind), description);
    for (const auto& path : medium.paths) out << "  " << path.string() << "\n";
  }
  for (const Turn& turn : sample.turns)
    out << "\n" << name_of(turn.role) << ":\n" << turn.text << "\n";
  return status;
}

namespace {

// The pool that a command looks at: by default that of the world made last.
class PoolArguments {
 public:
  void declare(CLI::App& app) {
    app.add_option("files", options_.files,
                   "JSONL files; without them the pool of the newest world in results/");
    app.add_option("--media-root", options_.media_root,
                   "folder of relative media paths; by default each file's own");
  }

  Pool read(bool check_media) {
    if (options_.files.empty()) {
      const std::filesystem::path world = newest_world(default_results_folder() / "stages");
      if (world.empty()) throw ConfigError("there is no world in results/ yet; name pool files");
      fmt::print(stderr, "pool of {}\n", world.string());
      options_.files = pool_files(world);
    }
    options_.maximum_bad_share = 1.0;
    options_.check_media = check_media;
    return Pool::read(options_);
  }

 private:
  PoolOptions options_;
};

class PoolCheckCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    pool_.declare(app);
    app.add_flag("--json", json_, "one JSON object instead of text");
    app.add_option("--ledger", ledger_, "write all bad rows to this file, one JSON object each");
    app.add_option("--maximum-bad-share", maximum_bad_share_,
                   "share of bad rows above which the check fails")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
  }

  int run(std::ostream& out) override {
    const Pool pool = pool_.read(true);
    if (!ledger_.empty()) write_ledger(pool, ledger_);
    const int status = pool_check(pool, out, json_);
    const std::size_t bad = pool.ledger().size(), rows = bad + pool.size();
    if (static_cast<double>(bad) > maximum_bad_share_ * static_cast<double>(rows)) {
      out.flush();
      throw DataError(
          fmt::format("{} of {} rows are bad, a larger share than {} (--maximum-bad-share)", bad,
                      rows, maximum_bad_share_));
    }
    return status;
  }

 private:
  PoolArguments pool_;
  bool json_ = false;
  double maximum_bad_share_ = PoolOptions{}.maximum_bad_share;
  std::filesystem::path ledger_;
};

class PoolShowCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("id", id_, "the sample")->required();
    pool_.declare(app);
  }
  int run(std::ostream& out) override { return pool_show(pool_.read(false), id_, out); }

 private:
  PoolArguments pool_;
  std::string id_;
};

const bool registered =
    add_command<PoolCheckCommand>("pool check", "what is in a pool, and its bad rows") &&
    add_command<PoolShowCommand>("pool show", "one sample as it was read");

}  // namespace
}  // namespace winnow
