#include "experiments/comparison/selection_from_files.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <sstream>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kFile = "filed.toml";
constexpr const char* kNames = "names.jsonl";

config::Value text(std::string value) { return {std::move(value), {}}; }

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? "" : std::string(value->as_string());
}

}  // namespace

std::unique_ptr<MeasuredPoolWriter> SelectionFromFiles::writer() const {
  return measured_pool_writers().create(measured_pool, "measured_pool");
}

std::unique_ptr<PoolSelector> SelectionFromFiles::make_selector(const std::string& path) const {
  config::Value table = selector;
  const config::Value keys = writer()->selector_keys(files, seed);
  for (const auto& [key, value] : keys.table()) {
    table.set(config::join_key("", key), value);
  }
  return pool_selectors().create(table, path);
}

void write_sample_names(const fs::path& files, const std::vector<NamedSample>& names) {
  std::string lines;
  for (const NamedSample& name : names) {
    json::object line{{"id", name.id}};
    if (name.in_files.left_out.empty()) {
      line["name"] = name.in_files.name;
    } else {
      line["left_out"] = name.in_files.left_out;
    }
    lines += json::serialize(line) + "\n";
  }
  write_file(files / kNames, lines);
}

std::vector<NamedSample> read_sample_names(const fs::path& files) {
  std::vector<NamedSample> names;
  std::istringstream lines(read_file(files / kNames));
  for (std::string line; std::getline(lines, line);) {
    try {
      const json::object object = json::parse(line).as_object();
      names.push_back(
          {text_of(object, "id"), {text_of(object, "name"), text_of(object, "left_out")}});
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: not a sample's name: {}", (files / kNames).string(),
                                  names.size() + 1, error.what()));
    }
  }
  return names;
}

void write_selection_from_files(const fs::path& folder, const fs::path& place,
                                const SelectionFromFiles& selection) {
  config::Value content;
  content.set("files", text(selection.files.lexically_relative(place).generic_string()));
  content.set("seed", config::Value(static_cast<std::int64_t>(selection.seed), {}));
  content.set("measured_pool", selection.measured_pool);
  content.set("selector", selection.selector);
  write_file(folder / kFile, content.to_toml());
}

bool is_selection_from_files(const fs::path& folder) { return fs::exists(folder / kFile); }

std::string explain_selection_from_files(const fs::path& folder, const std::string& sample) {
  const config::Value content = config::read_toml(folder / kFile);
  const SelectionFromFiles selection{
      content.at("measured_pool"), content.at("selector"),
      static_cast<std::uint64_t>(content.at("seed").integer()),
      (fs::absolute(folder) / content.at("files").string()).lexically_normal()};
  std::vector<std::string> known;
  for (const NamedSample& name : read_sample_names(selection.files)) {
    known.push_back(name.id);
    if (name.id != sample) continue;
    if (!name.in_files.left_out.empty()) {
      return fmt::format("{}: not taken. It is not among the files that are chosen from: {}\n",
                         sample, name.in_files.left_out);
    }
    return fmt::format(
        "{} is {} in the files.\n{}", sample, name.in_files.name,
        selection.make_selector("selector")->explain(selection.pool_table(), name.in_files.name));
  }
  throw DataError(fmt::format("{}: there is no sample '{}' in the pool.{}",
                              selection.files.string(), sample, suggestion(sample, known)));
}

}  // namespace winnow
