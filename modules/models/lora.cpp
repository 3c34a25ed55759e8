#include "models/lora.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "models/config_json.h"
#include "models/safetensors.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr std::int64_t kLargestRank = 1 << 16;

std::string without_suffix(const std::string& name, const std::string& suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

// "text.layers.0.query", and what it is called in published checkpoints.
std::string layer_name(const TableEntry& entry) { return without_suffix(entry.name, ".weight"); }
std::string module_name(const TableEntry& entry) {
  return without_suffix(entry.published, ".weight");
}

std::string published_name(const TableEntry& entry, const char* matrix) {
  return fmt::format("base_model.model.{}.lora_{}.weight", module_name(entry), matrix);
}

// Whether `pattern` is the name or its end, in whole words between dots; as PEFT reads
// target_modules.
bool is_named(const std::string& name, const std::string& pattern) {
  return name == pattern || name.ends_with("." + pattern);
}

[[noreturn]] void refuse_pattern(const std::string& pattern,
                                 const std::vector<TableEntry>& layers) {
  std::vector<std::string> whole;
  std::set<std::string> last;
  for (const TableEntry& entry : layers) {
    whole.push_back(layer_name(entry));
    last.insert(whole.back().substr(whole.back().rfind('.') + 1));
  }
  const std::string near = nearest_name(pattern, whole);
  throw ConfigError(fmt::format(
      "model.lora.layers: \"{}\" is neither the name nor the end of the name of a linear layer "
      "that model.freeze leaves to training.{}",
      pattern,
      near.empty() ? suggestion(pattern, {last.begin(), last.end()})
                   : " Did you mean '" + near + "'?"));
}

// The layers that the options name, in the table's order.
std::vector<TableEntry> named_layers(const std::vector<TableEntry>& table,
                                     const LoraOptions& options, const IsFrozen& is_frozen) {
  std::vector<TableEntry> layers, named;
  for (const TableEntry& entry : table) {
    if (entry.layer != nullptr && !is_frozen(entry.name)) layers.push_back(entry);
  }
  if (options.layers.empty()) {
    throw ConfigError("model.lora.layers is empty; it names the layers that get adapters");
  }
  std::set<std::string> used;
  for (const TableEntry& entry : layers) {
    bool is_wanted = false;
    for (const std::string& pattern : options.layers) {
      if (!is_named(layer_name(entry), pattern)) continue;
      is_wanted = true;
      used.insert(pattern);
    }
    if (is_wanted) named.push_back(entry);
  }
  for (const std::string& pattern : options.layers) {
    if (used.count(pattern) == 0) refuse_pattern(pattern, layers);
  }
  return named;
}

void add_adapter(const TableEntry& entry, std::int64_t rank, double alpha) {
  const torch::TensorOptions kind = entry.tensor->options().requires_grad(false);
  entry.layer->adapter = {torch::zeros({rank, entry.shape[1]}, kind),
                          torch::zeros({entry.shape[0], rank}, kind), alpha};
}

// For each layer with an adapter the shortest end of its published name that no layer without one
// has: "q_proj" when all have one, "self_attn.q_proj" when those of the tower have none.
std::set<std::string> target_modules(const std::vector<TableEntry>& table) {
  std::set<std::string> targets;
  for (const TableEntry& entry : table) {
    if (entry.layer == nullptr || !entry.layer->adapter.defined()) continue;
    const std::string module = module_name(entry);
    std::string target = module;
    for (std::size_t dot = module.rfind('.'); dot != std::string::npos;
         dot = module.rfind('.', dot - 1)) {
      const std::string end = module.substr(dot + 1);
      const bool finds_others = std::any_of(table.begin(), table.end(), [&](const auto& other) {
        return other.layer != nullptr && !other.layer->adapter.defined() &&
               is_named(module_name(other), end);
      });
      if (finds_others) continue;
      target = end;
      break;
    }
    targets.insert(target);
  }
  return targets;
}

struct AdapterConfig {
  std::int64_t rank = 0;
  double alpha = 0.0;
};

AdapterConfig read_adapter_config(const fs::path& path) {
  const json::object object = parse_config_object(read_file(path), path.string());
  const ConfigTable config(path.string(), "", object);
  config.expect_text("peft_type", "LORA");
  for (const char* key : {"use_rslora", "use_dora", "lora_bias", "fan_in_fan_out"}) {
    config.expect_if_there(key, false);
  }
  // Ranks and scales of single layers, and further weights that are trained as a whole.
  for (const char* key : {"rank_pattern", "alpha_pattern", "modules_to_save"}) {
    if (!config.has(key)) continue;
    const json::value& value = object.at(key);
    const bool is_empty = (value.is_object() && value.get_object().empty()) ||
                          (value.is_array() && value.get_array().empty());
    if (!is_empty) config.refuse(key, "empty");
  }
  if (config.has("bias")) config.expect_text("bias", "none");
  return {config.integer("r", 1, kLargestRank), config.positive("lora_alpha")};
}

void check_wanted(const LoraOptions& options, const AdapterConfig& saved, const fs::path& path) {
  if (saved.rank == options.rank && saved.alpha == options.alpha) return;
  throw DataError(fmt::format(
      "{}: has r = {} and lora_alpha = {}, but model.lora.rank = {} and model.lora.alpha = {}; "
      "model.lora.rank = 0 merges it into the weights",
      path.string(), saved.rank, saved.alpha, options.rank, options.alpha));
}

// Fills the table's adapters with exactly the tensors of the file.
void fill_adapters(const std::vector<TableEntry>& table, const fs::path& path) {
  const SafetensorsFile file(path);
  std::set<std::string> surplus;
  for (const auto& [name, entry] : file.entries()) surplus.insert(name);
  for (const TableEntry& entry : adapter_table(table)) {
    const auto found = file.entries().find(entry.published);
    if (found == file.entries().end()) {
      throw DataError(fmt::format("{}: lacks tensor '{}', which model.lora asks for", path.string(),
                                  entry.published));
    }
    if (found->second.shape != entry.shape || !torch::isFloatingType(found->second.type)) {
      throw DataError(fmt::format("{}: tensor '{}' must be of shape [{}] and hold floats",
                                  path.string(), entry.published, fmt::join(entry.shape, ", ")));
    }
    entry.tensor->copy_(file.tensor(entry.published));
    surplus.erase(entry.published);
  }
  if (surplus.empty()) return;
  throw DataError(fmt::format("{}: holds tensor '{}', for which the model has no such layer",
                              path.string(), *surplus.begin()));
}

}  // namespace

config::Help help(const LoraOptions&) {
  using config::above;
  using config::at_least;
  return {{"rank", "of the adapters; 0: none, and those of a checkpoint are merged", at_least(0)},
          {"alpha", "an adapter's share is alpha / rank of its product", above(0)},
          {"layers", "linear layers that get one: ends of their names, in whole words"},
          {"seed", "of the first matrices; the second ones begin at zero", at_least(0)}};
}

std::vector<TableEntry> adapter_table(const std::vector<TableEntry>& table) {
  std::vector<TableEntry> adapters;
  for (const TableEntry& entry : table) {
    if (entry.layer == nullptr || !entry.layer->adapter.defined()) continue;
    Adapter& adapter = entry.layer->adapter;
    adapters.push_back({layer_name(entry) + ".lora_A", published_name(entry, "A"),
                        adapter.a.sizes().vec(), &adapter.a});
    adapters.push_back({layer_name(entry) + ".lora_B", published_name(entry, "B"),
                        adapter.b.sizes().vec(), &adapter.b});
  }
  return adapters;
}

std::vector<TableEntry> with_adapters(std::vector<TableEntry> table) {
  const std::vector<TableEntry> adapters = adapter_table(table);
  table.insert(table.end(), adapters.begin(), adapters.end());
  return table;
}

void add_adapters(const std::vector<TableEntry>& table, const LoraOptions& options,
                  const IsFrozen& is_frozen) {
  if (options.rank == 0) return;
  for (const TableEntry& entry : named_layers(table, options, is_frozen)) {
    add_adapter(entry, options.rank, options.alpha);
    torch::Tensor a = torch::empty({options.rank, entry.shape[1]}, torch::kFloat32);
    const double most = 1.0 / std::sqrt(static_cast<double>(entry.shape[1]));
    RandomStream draws(static_cast<std::uint64_t>(options.seed), "model/lora/" + layer_name(entry));
    float* data = a.data_ptr<float>();
    for (std::int64_t i = 0; i < a.numel(); ++i) {
      data[i] = static_cast<float>(draws.uniform(-most, most));
    }
    entry.layer->adapter.a.copy_(a);
  }
}

void merge_adapters(const std::vector<TableEntry>& table) {
  const torch::NoGradGuard no_grad;
  for (const TableEntry& entry : table) {
    if (entry.layer == nullptr || !entry.layer->adapter.defined()) continue;
    const Adapter& adapter = entry.layer->adapter;
    const torch::Tensor change =
        torch::mm(adapter.b.to(torch::kFloat32), adapter.a.to(torch::kFloat32)) * adapter.scale();
    entry.tensor->copy_(entry.tensor->to(torch::kFloat32) + change);
    entry.layer->adapter = {};
  }
}

void save_adapters(const std::vector<TableEntry>& table, const fs::path& folder) {
  const std::vector<TableEntry> adapters = adapter_table(table);
  if (adapters.empty()) return;
  std::map<std::string, torch::Tensor> tensors;
  for (const TableEntry& entry : adapters) tensors.emplace(entry.published, *entry.tensor);
  const auto any = std::find_if(table.begin(), table.end(), [](const TableEntry& entry) {
    return entry.layer != nullptr && entry.layer->adapter.defined();
  });
  const double alpha = any->layer->adapter.alpha;
  const bool is_whole = alpha == std::floor(alpha) && alpha < 1e9;  // other tools write an integer
  const json::object config = {
      {"peft_type", "LORA"},
      {"base_model_name_or_path", nullptr},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"inference_mode", true},
      {"lora_alpha", is_whole ? json::value(static_cast<std::int64_t>(alpha)) : json::value(alpha)},
      {"lora_dropout", 0.0},
      {"r", any->layer->adapter.a.size(0)},
      {"target_modules", json::value_from(target_modules(table))},
      {"task_type", "CAUSAL_LM"}};
  write_file(folder / kAdapterFolder / kConfig, json::serialize(config) + "\n");
  write_safetensors(folder / kAdapterFolder / kWeights, tensors, {{"format", "pt"}});
}

void load_adapters(const std::vector<TableEntry>& table, const LoraOptions& options,
                   const IsFrozen& is_frozen, const fs::path& folder) {
  const fs::path config = folder / kAdapterFolder / kConfig,
                 weights = folder / kAdapterFolder / kWeights;
  add_adapters(table, options, is_frozen);
  if (!fs::exists(folder / kAdapterFolder)) return;
  const AdapterConfig saved = read_adapter_config(config);
  if (options.rank > 0) {
    check_wanted(options, saved, config);
    fill_adapters(table, weights);
    return;
  }
  const SafetensorsFile file(weights);
  for (const TableEntry& entry : table) {
    if (entry.layer == nullptr || file.entries().count(published_name(entry, "A")) == 0) continue;
    add_adapter(entry, saved.rank, saved.alpha);
  }
  fill_adapters(table, weights);
  merge_adapters(table);
}

}  // namespace winnow
