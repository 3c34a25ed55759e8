// What a pool costs in memory: rows [FOLDER] [--rows N]. Makes a pool of generated text rows and
// one of rows that share a hundred pictures, and runs each step on them in a process of its own:
// reading, walking, loading a table of measured columns, choosing with gdo, top_k and uniform and
// writing the selection and its rows, and measuring what descriptors can without a model, once in
// one go and once killed half way and resumed. Prints each one's peak (VmHWM) above that of the
// program doing nothing.

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/progress.h"
#include "core/random.h"
#include "descriptors/pass.h"
#include "media/frames.h"
#include "pool/column_source.h"
#include "pool/exporter.h"
#include "pool/pool.h"
#include "pool/text.h"
#include "selectors/manifest.h"
#include "selectors/selector.h"

namespace {

namespace fs = std::filesystem;
using namespace winnow;

constexpr int kPictures = 100;

struct Place {
  fs::path folder;
  bool has_media = false;

  fs::path pool() const { return folder / "rows.jsonl"; }
  fs::path table() const { return folder / "table"; }
};

std::string words(RandomStream& random, std::int64_t count) {
  static const std::vector<std::string> all = {
      "the",   "red",   "boat",  "before", "seven", "window", "turns",  "slowly",
      "which", "after", "green", "what",   "falls", "house",  "street", "again"};
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += (i > 0 ? " " : "") + random.choose(all);
  return text;
}

void write_pool(const Place& place, std::int64_t rows) {
  for (int i = 0; place.has_media && i < kPictures; ++i) {
    write_file(place.folder / fmt::format("media/{:03}.png", i), "no picture is decoded here");
  }
  write_file_with(place.pool(), [&](const fs::path& path) {
    std::ofstream file(path);
    RandomStream random(1, "bench/rows");
    for (std::int64_t i = 0; i < rows; ++i) {
      file << fmt::format(
          R"({{"id":"row-{:07}","data_source":"source_{:02}",{}"messages":[{{"role":"user","content":"{}?"}},)"
          R"({{"role":"assistant","content":"{}."}}]}})"
          "\n",
          i, random.below(20),
          place.has_media ? fmt::format(R"("images":["media/{:03}.png"],)", random.below(kPictures))
                          : "",
          words(random, random.integer(10, 30)), words(random, random.integer(1, 40)));
    }
  });
}

PoolOptions options_of(const Place& place) {
  PoolOptions options;
  options.files = {place.pool()};
  return options;
}

// Columns as descriptors would leave them, some of them not there for every row.
void write_table(const Place& place) {
  SampleTable table(Pool::read(options_of(place)).shared_rows());
  for (const char* name : {"loss", "visual_dependency", "temporal_need", "optical_flow",
                           "self_consistency", "coverage", "cluster", "answer_group"}) {
    const bool is_group = std::string(name) == "cluster" || std::string(name) == "answer_group";
    RandomStream random(1, std::string("bench/rows/") + name);
    Column column = Column::missing(name, table.size());
    for (std::size_t row = 0; row < table.size(); ++row) {
      const double value = is_group ? static_cast<double>(random.below(30)) : random.normal();
      if (is_group || random.chance(0.98)) column.set(row, value);
    }
    table.add(std::move(column));
  }
  table.save(place.table());
}

config::Value selector_table(const std::string& type, std::int64_t budget) {
  config::Value table;
  const auto list = [](const std::vector<std::string>& names) {
    config::Value::Array array;
    for (const std::string& name : names) array.emplace_back(name, config::Origin{});
    return config::Value(std::move(array), {});
  };
  table.set("type", config::Value(type, {}));
  table.set("budget", config::Value(budget, {}));
  if (type == "top_k") table.set("column", config::Value(std::string("loss"), {}));
  if (type != "gdo") return table;
  for (const char* term : {"loss", "visual_dependency", "temporal_need", "optical_flow",
                           "self_consistency", "coverage", "answer_words"}) {
    table.set(std::string("weights.") + term, config::Value(1.0, {}));
  }
  table.set("standardise_within", list({"cluster", "answer_group"}));
  table.set("source_share_maximum", config::Value(0.2, {}));
  table.set("reject.below_quantile.loss", config::Value(0.02, {}));
  return table;
}

// What `winnow select` does: rows of the pool, columns of a measured table, and the rows taken as
// the data of another program.
void select(const Place& place, const std::string& type, std::int64_t budget) {
  const Pool pool = Pool::read(options_of(place));
  SampleTable table(pool.shared_rows());
  add_columns({{place.table()}, "id", 0.0}, table);
  const config::Value options = selector_table(type, budget);
  const auto selector = selectors().create(options, "selector");
  const Selection selection = selector->select({table, 1});
  const fs::path folder = place.folder / ("selected-" + type);
  write_selection(folder, table, selection, {options, 1, selector->required_columns(), {}});
  write_file(folder / "report.json", selection_report(table, selection));
  config::Value format;
  format.set("type", config::Value(std::string("ms_swift"), {}));
  const auto exporter = exporters().create(format, "export");
  fs::remove_all(folder / "data");
  exporter->begin(folder / "data");
  for (const SelectedRow& row : selection.rows) exporter->add(pool.sample(row.row));
  exporter->finish();
}

// The descriptors that need neither model nor media.
DescriptorPassResult measure_texts(const Pool& pool, const fs::path& journal) {
  config::Value table;
  table.set("answer_group.type", config::Value(std::string("answer_group"), {}));
  table.set("temporal_need.type", config::Value(std::string("temporal_need"), {}));
  table.set("temporal_need.mode", config::Value(std::string("lexical"), {}));
  FrameCache frames({}, 0);
  DescriptorPassRequest request{pool, frames};
  request.journal = journal;
  return DescriptorPass::from_config(table, "descriptors").run(request);
}

std::string digest_of_columns(const SampleTable& table) {
  Digest digest;
  for (const std::string& name : table.column_names()) {
    const Column& column = table.column(name);
    for (std::size_t row = 0; row < table.size(); ++row) {
      digest.add(std::uint64_t{column.states(row)});
      if (column.valid(row)) digest.add(column.values(row));
    }
  }
  return digest.hex();
}

void measure_at_once(const Place& place) {
  const DescriptorPassResult result =
      measure_texts(Pool::read(options_of(place)), place.folder / "journal");
  write_file(place.folder / "digest", digest_of_columns(result.table));
}

// After measure_at_once(): this process resumes what another one was killed over.
void measure_after_a_kill(const Place& place) {
  const fs::path journal = place.folder / "killed-journal";
  const auto whole = fs::file_size(place.folder / "journal");
  fs::remove(journal);
  const ::pid_t child = ::fork();
  if (child == 0) {
    measure_texts(Pool::read(options_of(place)), journal);
    ::_exit(0);
  }
  std::error_code absent;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    const auto written = fs::file_size(journal, absent);
    if (!absent && written >= whole / 2) ::kill(child, SIGKILL);
    ::usleep(200);
  }
  if (!WIFSIGNALED(status)) throw DataError("it was through before it could be killed");
  const DescriptorPassResult result = measure_texts(Pool::read(options_of(place)), journal);
  if (result.resumed_rows == 0 || result.resumed_rows == result.table.size()) {
    throw DataError(fmt::format("{} rows were resumed", result.resumed_rows));
  }
  if (digest_of_columns(result.table) != read_file(place.folder / "digest")) {
    throw DataError("the columns are not those of a walk that nobody killed");
  }
}

// Everything that is measured, by name.
std::map<std::string, std::function<void(const Place&, std::int64_t rows)>> steps() {
  std::map<std::string, std::function<void(const Place&, std::int64_t)>> result = {
      {"0 nothing", [](const Place&, std::int64_t) {}},
      {"1 read the pool", [](const Place& place, std::int64_t) { Pool::read(options_of(place)); }},
      {"2 read it and walk over it",
       [](const Place& place, std::int64_t) {
         const Pool pool = Pool::read(options_of(place));
         std::int64_t count = 0;
         for_each_sample(pool, [&](std::size_t, const Sample& sample) {
           count += count_words(sample.question());
         });
         if (count == 0) throw DataError("the samples have no words");
       }},
      {"3 make a table of columns", [](const Place& place, std::int64_t) { write_table(place); }},
      {"4 load the table",
       [](const Place& place, std::int64_t) { SampleTable::load(place.table()); }}};
  for (const char* type : {"gdo", "top_k", "uniform"}) {
    result[std::string("5 select, ") + type] = [type](const Place& place, std::int64_t rows) {
      select(place, type, rows / 10);
    };
  }
  result["6 select all, top_k"] = [](const Place& place, std::int64_t rows) {
    select(place, "top_k", rows * 9 / 10);
  };
  result["7 plan chunks by medium"] = [](const Place& place, std::int64_t) {
    const Pool pool = Pool::read(options_of(place));
    if (plan_by_content(pool, {}, 256, true).chunks() == 0) throw DataError("there is no chunk");
  };
  result["8 measure the texts"] = [](const Place& place, std::int64_t) { measure_at_once(place); };
  result["9 killed half way, resumed"] = [](const Place& place, std::int64_t) {
    measure_after_a_kill(place);
  };
  return result;
}

std::int64_t peak_kibibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  throw IoError("/proc/self/status has no line VmHWM");
}

struct Cost {
  std::int64_t peak_kibibytes = 0;
  double cpu_seconds = 0.0, seconds = 0.0;
};

// Runs this program again for one step.
Cost run_step(const std::string& step, const Place& place, std::int64_t rows) {
  const auto begin = std::chrono::steady_clock::now();
  int ends[2];
  if (::pipe(ends) != 0) throw IoError("there is no pipe to be had");
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "rows", place.folder.c_str(), "--rows", std::to_string(rows).c_str(),
            "--step", step.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string output;
  char buffer[256];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  if (status != 0) throw DataError("the step '" + step + "' failed");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  return {std::stoll(output), seconds(usage.ru_utime) + seconds(usage.ru_stime), passed.count()};
}

void measure(const Place& place, std::int64_t rows) {
  write_pool(place, rows);
  fmt::print("{} rows {}, {:.0f} MB\n", rows,
             place.has_media ? "that share " + std::to_string(kPictures) + " pictures" : "of text",
             static_cast<double>(fs::file_size(place.pool())) / 1e6);
  std::int64_t nothing = 0;
  for (const auto& [step, run] : steps()) {
    const Cost cost = run_step(step, place, rows);
    if (nothing == 0) nothing = cost.peak_kibibytes;
    const auto above = static_cast<double>(cost.peak_kibibytes - nothing);
    fmt::print(
        "  {:<28} {:7.1f} MiB above the program's {:.1f}, {:6.1f} bytes a row, {:6.1f} s CPU, "
        "{:6.1f} s\n",
        step, above / 1024.0, static_cast<double>(nothing) / 1024.0,
        1024.0 * above / static_cast<double>(rows), cost.cpu_seconds, cost.seconds);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Measures what a pool costs in memory");
  std::string folder = (fs::temp_directory_path() / "winnow-bench-rows").string(), step;
  std::int64_t rows = 1'000'000;
  app.add_option("folder", folder, "Where made-up pools are kept")->capture_default_str();
  app.add_option("--rows", rows)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--step", step)->group("");  // for the processes that this one starts
  CLI11_PARSE(app, count, arguments);
  Progress::set_enabled(false);
  try {
    if (!step.empty()) {
      steps().at(step)({folder, false}, rows);
      fmt::print("{}\n", peak_kibibytes());
      return 0;
    }
    measure({fs::path(folder) / "text", false}, rows);
    measure({fs::path(folder) / "shared", true}, rows);
    for (const char* made : {"text", "shared"}) fs::remove_all(fs::path(folder) / made);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
