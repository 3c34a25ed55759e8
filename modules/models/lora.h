#pragma once
// LoRA (Hu et al. 2022): linear layers keep their weights, and two small matrices beside each are
// trained. They are kept in a folder of their own in that of a saved model, in PEFT's format:
// adapter_config.json and adapter_model.safetensors.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/options.h"
#include "models/parameter_table.h"

namespace winnow {

inline constexpr const char* kAdapterFolder = "adapter";

struct LoraOptions {
  std::int64_t rank = 0;
  double alpha = 16.0;
  std::vector<std::string> layers = {"query", "key", "value", "output"};
  std::int64_t seed = 0;
};
BOOST_DESCRIBE_STRUCT(LoraOptions, (), (rank, alpha, layers, seed))
config::Help help(const LoraOptions&);

// Of a parameter, by our name.
using IsFrozen = std::function<bool(const std::string&)>;

// Entries of the adapters that the table's layers have: "<layer>.lora_A" and "<layer>.lora_B",
// published as "base_model.model.<published layer>.lora_A.weight" and so on.
std::vector<TableEntry> adapter_table(const std::vector<TableEntry>& table);
// The table and those entries after it.
std::vector<TableEntry> with_adapters(std::vector<TableEntry> table);

// Gives new adapters to the layers that the options name, those with frozen weights left out: A is
// uniform up to 1 / sqrt(in), B zero, so that nothing changes before training. A rank of 0 does
// nothing. Throws ConfigError, with the nearest name, for a pattern that finds no layer.
void add_adapters(const std::vector<TableEntry>& table, const LoraOptions& options,
                  const IsFrozen& is_frozen);

// Adds what the adapters do to the weights, and drops them.
void merge_adapters(const std::vector<TableEntry>& table);

// Writes the folder's adapter; nothing when the layers have none.
void save_adapters(const std::vector<TableEntry>& table, const std::filesystem::path& folder);

// Gives the layers the adapter of a model's folder. Without one, new adapters; with one that the
// options do not ask for (rank 0), it is merged. Throws DataError naming file and value when the
// adapter is not what the options ask for, is of a kind that is more than A and B, or does not fit
// the table; ConfigError as add_adapters.
void load_adapters(const std::vector<TableEntry>& table, const LoraOptions& options,
                   const IsFrozen& is_frozen, const std::filesystem::path& folder);

}  // namespace winnow
