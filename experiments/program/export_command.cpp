#include "experiments/program/export_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <ostream>

#include "config/bind.h"
#include "config/compose.h"
#include "core/errors.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/opened_pool.h"
#include "experiments/program/output_folder.h"
#include "experiments/program/run_selections.h"
#include "experiments/program/written_rows.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;

// The top of configs/export_pool.toml.
struct ExportCommandOptions {
  std::string output;
  fs::path selection;
  std::string method;
  std::int64_t seed = 0;
  bool decode = true;
  double maximum_failed_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(ExportCommandOptions, (),
                      (output, selection, method, seed, decode, maximum_failed_share))
inline config::Help help(const ExportCommandOptions&) {
  return {
      {"output", "the folder that is made"},
      {"selection", "folder of a selection, or of a run; empty: all rows"},
      {"method", "whose selection, where `selection` is a run"},
      {"seed", "of a generated pool, and of the method's selection in a run", config::at_least(0)},
      {"decode", "open all media; a row with one that cannot be is not written"},
      {"maximum_failed_share", "share of the rows that may turn out not to be writable",
       config::between(0, 1)}};
}

namespace {

std::vector<RowToWrite> rows_to_write(const Pool& pool, const fs::path& manifest) {
  std::vector<RowToWrite> rows;
  if (manifest.empty()) {
    rows.resize(pool.size());
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row].row = row;
    return rows;
  }
  const std::vector<SelectedSample> taken = read_selected(manifest);
  bool is_weighted = false;
  for (const SelectedSample& sample : taken) is_weighted = is_weighted || sample.weight != 1.0;
  std::int64_t unknown = 0;
  std::string first;
  for (const SelectedSample& sample : taken) {
    if (const auto row = pool.rows().find(sample.id)) {
      rows.push_back({*row, is_weighted ? std::optional<double>(sample.weight) : std::nullopt});
    } else if (unknown++ == 0) {
      first = sample.id;
    }
  }
  if (unknown > 0) {
    throw DataError(fmt::format(
        "{}: {} of its {} samples are not in the pool, the first is '{}'; was it made of another "
        "pool?",
        manifest.string(), unknown, taken.size(), first));
  }
  return rows;
}

}  // namespace

int export_command(const ExportRequest& request, std::ostream& out) {
  const config::Value config =
      config::compose({request.directories, "export_pool", request.overrides});
  const auto options =
      config::bind<ExportCommandOptions>(config, "", with_pool_tables({"export", "run"}));
  if (options.output.empty()) {
    config::fail_value(config.at("output"), "output", "expected a folder, as in output=FOLDER");
  }
  const auto source = pools().create(config.at("pool"), "pool");
  const auto exporter = exporters().create(config.at("export"), "export");
  const fs::path manifest =
      options.selection.empty()
          ? fs::path()
          : selection_manifest(options.selection, options.method, options.seed);
  if (request.prepare) request.prepare(config);
  OutputFolder output(options.output);
  if (!manifest.empty()) output.check_input("the selection", manifest);

  const Pool pool =
      open_pool(*source, static_cast<std::uint64_t>(options.seed), request.results).pool;
  const fs::path part = output.path() / ".export";
  const std::vector<RowToWrite> rows = rows_to_write(pool, manifest);
  const WrittenRows written = write_rows(
      pool, rows, *exporter, part, output.place(), options.maximum_failed_share,
      [&](const fs::path& file) { output.check_input("the pool's", file); },
      RowChecker(pool, options.decode).undecodable(rows));
  for (const fs::directory_entry& entry : fs::directory_iterator(part)) {
    for (const char* own : {"report.json", "config.toml", "made_by.json"}) {
      if (entry.path().filename() != own) continue;
      throw ConfigError(fmt::format(
          "export.name: {} is a file of `winnow export` itself; name the data otherwise", own));
    }
    fs::rename(entry.path(), output.path() / entry.path().filename());
  }
  fs::remove(part);
  json::object report = to_json(written);
  report["pool_rows"] = account_of(pool);
  if (!manifest.empty()) report["selection"] = manifest.string();
  write_file(output.path() / "report.json", json::serialize(report) + "\n");
  write_file(output.path() / "config.toml", config.to_toml());
  output.sign(output.path());
  output.commit();

  for (const std::string& warning : warnings_of(written)) spdlog::warn("{}", warning);
  out << fmt::format("{}: {} rows in {}, {} media files\n", output.place().string(),
                     written.report.rows, fmt::join(written.report.files, ", "),
                     written.report.media_files);
  return 0;
}

namespace {

class ExportCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    results_.declare(arguments);
    arguments.footer([] {
      return overview_of_command({{"pool", pools().names()}, {"export", exporters().names()}},
                                 config::describe<ExportCommandOptions>());
    });
  }

  int run(std::ostream& out) override {
    return export_command(
        {configs_.overrides(), configs_.folders(), apply_run_options, results_.folder()}, out);
  }

 private:
  ConfigArguments configs_;
  ResultsArgument results_;
};

const bool registered = add_command<ExportCommand>(
    "export",
    "a pool or a selection for another program: winnow export pool.files=[A.jsonl] "
    "export=llama_factory output=FOLDER");

}  // namespace
}  // namespace winnow
