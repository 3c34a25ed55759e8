#include "experiments/program/pool_commands.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <ostream>
#include <vector>

#include "core/errors.h"
#include "core/files.h"
#include "core/printable.h"
#include "experiments/program/command.h"
#include "experiments/program/paths.h"
#include "media/frames.h"
#include "pool/pool_source.h"
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
  std::int64_t rows = 0, turns = 0, untrained_turns = 0;
  Counts modalities, question_types, media, sources, bad;
  WordStatistics question_words, answer_words;
  std::int64_t duplicates = 0;  // rows whose content an earlier row has
};

// Of the rows that are good; `undecodable` ones are not.
Summary summarise(const Pool& pool, const std::vector<UndecodableRow>& undecodable) {
  Summary summary;
  const RowTable& rows = pool.rows();
  std::vector<bool> good(rows.size(), true);
  for (const UndecodableRow& row : undecodable) good[row.row] = false;
  std::vector<ContentDigest> contents;
  std::vector<std::int64_t> question_words, answer_words;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!good[row]) continue;
    ++summary.rows;
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
  for_each_sample(pool, [&](std::size_t row, const Sample& sample) {
    if (!good[row]) return;
    summary.turns += static_cast<std::int64_t>(sample.turns.size());
    for (const Turn& turn : sample.turns) summary.untrained_turns += !turn.trained;
    question_words.push_back(count_words(sample.question()));
    for (const Media& medium : sample.media) ++summary.media[to_string(medium.kind)];
  });
  summary.question_words = statistics_of(std::move(question_words));
  summary.answer_words = statistics_of(std::move(answer_words));
  for (const BadRow& row : pool.ledger()) ++summary.bad[row.kind];
  if (!undecodable.empty()) {
    summary.bad["undecodable"] += static_cast<std::int64_t>(undecodable.size());
  }
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

boost::json::array to_json(const NoteLedger& notes) {
  boost::json::array list;
  for (const NoteLedger::Entry& entry : notes.entries()) {
    list.push_back({{"kind", entry.kind},
                    {"key", entry.what},
                    {"rows", entry.rows},
                    {"first", boost::json::value_from(entry.first)}});
  }
  return list;
}

std::vector<BadRow> all_bad_rows(const Pool& pool, const std::vector<UndecodableRow>& undecodable) {
  std::vector<BadRow> rows = pool.ledger();
  for (const UndecodableRow& row : undecodable) rows.push_back(row.bad);
  return rows;
}

boost::json::object to_json(const Summary& summary, const Pool& pool, std::size_t bad_rows) {
  return {{"rows", summary.rows},
          {"bad_rows", bad_rows},
          {"digest", pool.digest()},
          {"turns", summary.turns},
          {"untrained_turns", summary.untrained_turns},
          {"modalities", to_json(summary.modalities)},
          {"question_types", to_json(summary.question_types)},
          {"media", to_json(summary.media)},
          {"question_words", to_json(summary.question_words)},
          {"answer_words", to_json(summary.answer_words)},
          {"duplicates", summary.duplicates},
          {"sources", to_json(summary.sources)},
          {"bad_rows_by_kind", to_json(summary.bad)},
          {"notes", to_json(pool.notes())}};
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

void print(const Summary& summary, const Pool& pool, const std::vector<BadRow>& bad_rows,
           std::ostream& out) {
  const std::size_t bad = bad_rows.size();
  const double read = static_cast<double>(summary.rows) + static_cast<double>(bad);
  const auto line = [&](const char* name, const std::string& value) {
    out << fmt::format("{:<16}{}\n", name, value);
  };
  const std::string turns =
      summary.untrained_turns == 0
          ? fmt::format("{} turns", summary.turns)
          : fmt::format("{} turns, {} not trained", summary.turns, summary.untrained_turns);
  line("rows", fmt::format("{} ({}), {} bad ({:.2f} %)", summary.rows, turns, bad,
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
                       printable(name));
  }
  if (!pool.notes().empty()) out << "read, but not all of it honoured\n";
  for (const NoteLedger::Entry& note : pool.notes().entries()) {
    out << "  " << line_of(note) << "\n";
  }
  if (bad > 0) out << "bad rows\n" << summary_of(bad_rows) << "\n";
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
  text += facts.frames_per_second ? fmt::format(", {:.3g} frames/s", *facts.frames_per_second)
                                  : std::string(", unknown frame rate");
  return facts.duration ? text + fmt::format(", {:.2f} s", *facts.duration) : text;
}

std::string part_of(const Media& medium) {
  if (!medium.is_part()) return "";
  return fmt::format(", from {} s to {}", medium.start.value_or(0.0),
                     medium.end ? fmt::format("{} s", *medium.end) : "its end");
}

}  // namespace

int pool_check(const Pool& pool, const std::vector<UndecodableRow>& undecodable, std::ostream& out,
               bool json) {
  const Summary summary = summarise(pool, undecodable);
  const std::vector<BadRow> bad = all_bad_rows(pool, undecodable);
  if (json) {
    out << printable(boost::json::serialize(to_json(summary, pool, bad.size()))) << "\n";
  } else {
    print(summary, pool, bad, out);
  }
  return 0;
}

void write_ledger(const Pool& pool, const std::vector<UndecodableRow>& undecodable,
                  const std::filesystem::path& path) {
  std::string lines;
  for (const BadRow& row : all_bad_rows(pool, undecodable)) {
    lines += boost::json::serialize(to_json(row)) + "\n";
  }
  write_file(path, lines);
}

int pool_show(const Pool& pool, const std::string& id, std::ostream& out) {
  const std::size_t row = pool.index_of(id);
  const Sample sample = pool.sample(row);
  const RowFacts facts = pool.rows().facts(row);
  out << fmt::format("{}\n  read at         {}:{}\n  source          {}\n", printable(sample.id),
                     printable(sample.file), sample.line, printable(sample.source));
  out << fmt::format("  modality        {}, {} question, {} words in the answer\n",
                     to_string(facts.modality), facts.question_type, facts.answer_words);
  out << fmt::format("  content digest  {}\n", facts.content_digest);
  for (const RowNote& note : sample.notes) {
    out << fmt::format("  not honoured    {}{}: {}\n", note.kind,
                       note.what.empty() ? "" : " `" + shortened(printable(note.what), 80) + "`",
                       meaning_of_note(note.kind));
  }
  if (!sample.tools.empty()) out << "  tools           " << printable(sample.tools) << "\n";
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
    out << fmt::format("\nmedium {}: {}{}, {}\n", i + 1, to_string(medium.kind), part_of(medium),
                       printable(description));
    for (const auto& path : medium.paths) out << "  " << printable(path.string()) << "\n";
  }
  for (const Turn& turn : sample.turns) {
    out << "\n"
        << name_of(turn.role) << (turn.trained ? "" : ", not trained") << ":\n"
        << printable_lines(turn.text) << "\n";
  }
  return status;
}

namespace {

// Those of the pool that a run generated last.
std::vector<std::filesystem::path> newest_generated_files() {
  namespace fs = std::filesystem;
  fs::path newest;
  fs::file_time_type newest_time{};
  std::error_code absent;
  const fs::path stages = default_results_folder() / "stages" / "pool";
  for (const fs::directory_entry& entry : fs::directory_iterator(stages, absent)) {
    if (!fs::exists(entry.path() / "pool")) continue;
    if (!newest.empty() && entry.last_write_time() <= newest_time) continue;
    newest = entry.path();
    newest_time = entry.last_write_time();
  }
  if (newest.empty()) {
    throw ConfigError("there is no generated pool in results/ yet; name pool files");
  }
  fmt::print(stderr, "pool of {}\n", newest.string());
  return expand_files({newest / "pool" / "*.jsonl"}, "files");
}

// The pool that a command looks at: by default the one generated last.
class PoolArguments {
 public:
  void declare(Arguments& arguments) {
    arguments.words("files", options_.files,
                    "pool files; without them the pool that was generated last in results/");
    arguments.option("--media-root", options_.media_root,
                     "folder of relative media paths; by default each file's own");
    arguments.flag("--refuse-outside-media", refuse_outside_media_,
                   "rows with media outside of the media root are bad");
  }

  Pool read(bool check_media) {
    if (options_.files.empty()) {
      options_.files = newest_generated_files();
    }
    spdlog::set_level(spdlog::level::err);  // what the pool warns of, these commands print
    if (refuse_outside_media_) options_.outside_media = PoolOptions::OutsideMedia::refuse;
    options_.maximum_bad_share = 1.0;
    options_.check_media = check_media;
    return Pool::read(options_);
  }

 private:
  PoolOptions options_;
  bool refuse_outside_media_ = false;
};

class PoolCheckCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    pool_.declare(arguments);
    arguments.flag("--json", json_, "one JSON object instead of text");
    arguments.flag("--decode", decode_, "open every medium; what cannot be decoded is a bad row");
    arguments.option("--ledger", ledger_, "write all bad rows to this file, one JSON object each");
    arguments.option("--maximum-bad-share", maximum_bad_share_,
                     "share of bad rows above which the check fails", config::between(0, 1));
  }

  int run(std::ostream& out) override {
    const Pool pool = pool_.read(true);
    std::vector<UndecodableRow> undecodable;
    if (decode_) {
      undecodable = find_undecodable(
          pool.size(), [&](std::size_t row) { return pool.sample(row); },
          SamplingOptions().maximum_pixels);
    }
    if (!ledger_.empty()) write_ledger(pool, undecodable, ledger_);
    const int status = pool_check(pool, undecodable, out, json_);
    const std::size_t rows = pool.ledger().size() + pool.size();
    const std::size_t bad = pool.ledger().size() + undecodable.size();
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
  bool json_ = false, decode_ = false;
  double maximum_bad_share_ = PoolOptions{}.maximum_bad_share;
  std::filesystem::path ledger_;
};

class PoolShowCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("id", id_, "the sample");
    pool_.declare(arguments);
  }
  // Rows are those of `pool check`. A row that is bad for its media alone is shown all the same.
  int run(std::ostream& out) override {
    try {
      return pool_show(pool_.read(true), id_, out);
    } catch (const DataError& error) {
      const Pool all = pool_.read(false);
      if (!all.rows().find(id_)) throw;
      out << "a bad row: its media are not there\n";
      pool_show(all, id_, out);
      return 1;
    }
  }

 private:
  PoolArguments pool_;
  std::string id_;
};

const bool registered =
    add_command<PoolCheckCommand>("pool check", "what is in a pool, and its bad rows") &&
    add_command<PoolShowCommand>("pool show", "one sample as it was read");

}  // namespace
}  // namespace winnow
