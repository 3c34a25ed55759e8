#include "experiments/runs/run_difference.h"

#include <fmt/format.h>

#include <set>

#include "core/errors.h"
#include "experiments/stages/run_files.h"

namespace winnow {
namespace json = boost::json;
namespace {

TableCell cell(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  if (found == values.end()) return TableCell::Missing{"not there"};
  return found->second;
}

std::set<std::string> keys_of(const std::map<std::string, std::string>& a,
                              const std::map<std::string, std::string>& b) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a) keys.insert(key);
  for (const auto& [key, value] : b) keys.insert(key);
  return keys;
}

Table differing(const std::string& title, const std::string& of_what, const Run& a, const Run& b,
                const std::map<std::string, std::string>& left,
                const std::map<std::string, std::string>& right) {
  Table table;
  table.title = title;
  table.columns = {{of_what}, {a.name}, {b.name}};
  std::size_t same = 0;
  for (const std::string& key : keys_of(left, right)) {
    const auto in_left = left.find(key), in_right = right.find(key);
    if (in_left != left.end() && in_right != right.end() && in_left->second == in_right->second) {
      ++same;
      continue;
    }
    table.rows.push_back({{key, cell(left, key), cell(right, key)}});
  }
  if (table.rows.empty() && same == 0) {
    table.notes = {"Neither run says anything of it."};
  } else {
    table.notes = {table.rows.empty() ? fmt::format("No difference; {} are the same.", same)
                                      : fmt::format("{} are the same.", same)};
  }
  return table;
}

Table config_table(const Run& a, const Run& b) {
  std::map<std::string, std::string> left, right;
  const auto collect = [](const Run& run, std::map<std::string, std::string>& values) {
    for (const auto& [key, entry] : run.config()) {
      if (!key.starts_with("run.")) values[key] = entry.value;
    }
  };
  collect(a, left);
  collect(b, right);
  Table table = differing("Config", "Key", a, b, left, right);
  table.columns.push_back({"Written in", a.name});
  table.columns.push_back({"Written in", b.name});
  for (TableRow& row : table.rows) {
    const std::string key = std::get<TableCell::Text>(row.cells.front().content).text;
    for (const Run* run : {&a, &b}) {
      const auto found = run->config().find(key);
      row.cells.push_back(found == run->config().end() ? TableCell(TableCell::Missing{"not there"})
                                                       : TableCell(found->second.origin));
    }
  }
  return table;
}

std::string shown(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

std::map<std::string, std::string> code_of(const json::object& origin) {
  std::map<std::string, std::string> values;
  for (const char* key :
       {"winnow", "commit", "modified", "build", "compiler", "libtorch", "opencv", "blas",
        "blas_kernel", "processor", "machine", "cores", "stages_by_commit"}) {
    const json::value* value = origin.if_contains(key);
    if (value != nullptr && !value->is_null()) values[key] = shown(*value);
  }
  return values;
}

std::map<std::string, std::string> inputs_of(const Run& run, const json::object& origin) {
  std::map<std::string, std::string> values;
  const auto add = [&](const std::string& name, const json::object& entry, const char* key) {
    const json::value* digest = entry.if_contains(key);
    if (digest == nullptr || !digest->is_string() || digest->as_string().empty()) return;
    values[fmt::format("{}: {}", name, key)] = shown(*digest);
  };
  try {
    if (const json::value* worlds = origin.if_contains("worlds")) {
      for (const json::value& value : worlds->as_array()) {
        const json::object& world = value.as_object();
        const std::string name = "world " + shown(world.at("seed"));
        if (const json::value* pool = world.if_contains("world")) {
          values[name + ": pool"] = shown(*pool);
        }
        add(name, world, "base");
      }
    }
    if (const json::value* runs = origin.if_contains("runs")) {
      for (const json::value& value : runs->as_array()) {
        const json::object& one = value.as_object();
        const std::string name = shown(one.at("method")) + ", seed " + shown(one.at("seed"));
        add(name, one, "subset");
        add(name, one, "weights");
      }
    }
  } catch (const std::exception& error) {
    throw DataError((run.folder / kProvenanceFile).string() + ": " + error.what());
  }
  return values;
}

}  // namespace

std::vector<Table> run_difference(const Run& a, const Run& b) {
  const json::object left = provenance_file(a), right = provenance_file(b);
  return {config_table(a, b), differing("Code", "What", a, b, code_of(left), code_of(right)),
          differing("Inputs and results, by digest", "What", a, b, inputs_of(a, left),
                    inputs_of(b, right))};
}

}  // namespace winnow
