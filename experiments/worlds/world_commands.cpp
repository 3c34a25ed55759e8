#include "experiments/worlds/world_commands.h"

#include <fmt/format.h>

#include <map>
#include <ostream>

#include "config/overrides.h"
#include "config/read.h"
#include "core/files.h"
#include "experiments/program/command.h"

namespace winnow {
namespace {

struct Counts {
  std::int64_t rows = 0, temporal = 0, wrong = 0, wrong_temporal = 0, habitual = 0, duplicate = 0,
               blind = 0, verbose = 0, static_video = 0, clean = 0;

  void add(const micro_world::HiddenLabel& label) {
    const bool is_wrong = !label.wrong.empty();
    ++rows;
    temporal += label.temporal;
    wrong += is_wrong;
    wrong_temporal += is_wrong && label.temporal;
    habitual += is_wrong && label.wrong != "random";
    duplicate += label.near_duplicate;
    blind += label.blind;
    verbose += label.verbose;
    static_video += label.static_video;
    clean += label.clean();
  }
};

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f}",
                                  100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string line_of(const std::string& name, const Counts& c) {
  return fmt::format(
      "{:<20}{:>7}{:>9}{:>7}{:>12}{:>9}{:>7}{:>7}{:>9}{:>8}{:>7}\n", name, c.rows,
      percent(c.temporal, c.rows), percent(c.wrong, c.rows), percent(c.wrong_temporal, c.temporal),
      percent(c.habitual, c.rows), percent(c.duplicate, c.rows), percent(c.blind, c.rows),
      percent(c.verbose, c.rows), percent(c.static_video, c.rows), percent(c.clean, c.rows));
}

// Which share of each source's rows has each planted property; nothing where none is planted.
std::string planted_table(const std::vector<micro_world::HiddenLabel>& labels) {
  if (labels.empty() || labels.front().properties.empty()) return "";
  std::map<std::string, std::int64_t> rows;                            // by source
  std::map<std::string, std::map<std::string, std::int64_t>> planted;  // by property, source
  for (const micro_world::HiddenLabel& label : labels) {
    for (const std::string& source : {label.source, std::string("all")}) {
      ++rows[source];
      for (const auto& [name, strength] : label.properties) {
        planted[name][source] += strength ? 1 : 0;
      }
    }
  }
  std::string text = fmt::format("\nPlanted, by source, in per cent\n{:<20}", "source");
  for (const auto& [name, counts] : planted) text += fmt::format("{:>16}", name);
  text += "\n";
  for (const auto& [source, count] : rows) {
    text += fmt::format("{:<20}", source);
    for (const auto& [name, counts] : planted) {
      text += fmt::format("{:>16}", percent(counts.at(source), count));
    }
    text += "\n";
  }
  return text;
}

}  // namespace

void print_world(const micro_world::WorldSummary& summary, std::ostream& out) {
  std::map<std::string, Counts> sources, types;
  Counts all;
  for (const micro_world::HiddenLabel& label : summary.labels) {
    sources[label.source].add(label);
    types[label.type].add(label);
    all.add(label);
  }
  const std::string heading = fmt::format("{:>7}{:>9}{:>7}{:>12}{:>9}{:>7}{:>7}{:>9}{:>8}{:>7}\n",
                                          "rows", "temporal", "wrong", "wrong temp.", "habitual",
                                          "dupl.", "blind", "verbose", "static", "clean");
  out << "Pool by source; every column but rows in per cent\n" << fmt::format("{:<20}", "source");
  out << heading;
  for (const auto& [name, counts] : sources) out << line_of(name, counts);
  out << line_of("all", all) << "\n" << fmt::format("{:<20}", "question type") << heading;
  for (const auto& [name, counts] : types) out << line_of(name, counts);
  out << planted_table(summary.labels);
  out << fmt::format("\n{} images, {} videos ({} in MP4 files)\n", summary.images, summary.videos,
                     summary.mp4_files);
  for (const auto& [name, count] : summary.benchmark_questions) {
    out << fmt::format("benchmark {}: {} questions\n", name, count);
  }
}

int make_world_command(const micro_world::MicroWorldOptions& options,
                       const std::filesystem::path& folder, std::ostream& out) {
  PendingDirectory pending(folder);
  const micro_world::WorldSummary summary = micro_world::write_world(options, pending.path());
  pending.commit();
  print_world(summary, out);
  out << "written to " << folder.string() << "\n";
  return 0;
}

namespace {

class PoolMakeCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("folder", folder_, "a folder that is not there yet");
    arguments.words("options", options_, "KEY=VALUE: see `winnow list world micro_world`");
  }

  int run(std::ostream& out) override {
    config::Value table;
    for (const std::string& text : options_) {
      const config::Override change = config::parse_override(text);
      table.set(change.key, config::parse_value(change.value, change.key, {"command line", 0}));
    }
    return make_world_command(config::bind<micro_world::MicroWorldOptions>(table, "world"), folder_,
                              out);
  }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> options_;
};

const bool registered = add_command<PoolMakeCommand>("pool make", "write a micro world");

}  // namespace
}  // namespace winnow
