#include "experiments/program/run_selections.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kProvenance = "provenance.json";

}  // namespace

bool is_run_folder(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kProvenance, error);
}

fs::path selection_manifest(const fs::path& selection, const std::string& method,
                            std::int64_t seed) {
  std::error_code error;
  if (!fs::exists(selection, error)) {
    throw IoError("selection: there is no folder " + selection.string());
  }
  if (!is_run_folder(selection)) {
    return fs::is_directory(selection, error) ? find_selection(selection) : selection;
  }
  std::string known;
  for (const RunSelection& one : selections_of(selection)) {
    if (one.method == method && one.seed == seed) return one.manifest;
    known += fmt::format("{}method={} seed={}", known.empty() ? "" : ", ", one.method, one.seed);
  }
  throw ConfigError(fmt::format("selection = {}: is a run; name one of its selections: {}",
                                selection.string(), known));
}

// Theirs is a path below the folder of results, which is the parent of the run's folder.
std::vector<RunSelection> selections_of(const fs::path& run) {
  const fs::path file = run / kProvenance;
  fs::path folder = fs::absolute(run).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  std::vector<RunSelection> result;
  try {
    const json::value content = json::parse(read_file(file));
    for (const json::value& entry : content.at("runs").as_array()) {
      const json::object& object = entry.as_object();
      const json::value* selection = object.if_contains("selection");
      if (selection == nullptr) continue;  // the base takes no rows
      const std::string relative(selection->as_string());
      result.push_back({std::string(object.at("method").as_string()),
                        object.at("seed").to_number<std::int64_t>(),
                        folder.parent_path() / relative});
    }
  } catch (const IoError&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(file.string() + ": not the provenance of a run: " + error.what());
  }
  return result;
}

}  // namespace winnow
