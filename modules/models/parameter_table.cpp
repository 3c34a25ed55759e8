#include "models/parameter_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "core/errors.h"
#include "core/random.h"
#include "models/checkpoint.h"

namespace winnow {
namespace {

void check_tied(const Checkpoint& checkpoint, const std::filesystem::path& folder,
                const TiedTensor& tied) {
  const SafetensorsFile::Entry &copy = checkpoint.entry(tied.name),
                               &original = checkpoint.entry(tied.original);
  if (copy.type == original.type && copy.shape == original.shape &&
      torch::equal(checkpoint.tensor(tied.name), checkpoint.tensor(tied.original))) {
    return;
  }
  throw DataError(
      fmt::format("{}: holds tensor '{}' with values of its own, but config.json has "
                  "tie_word_embeddings = true, which makes it '{}'",
                  folder.string(), tied.name, tied.original));
}

}  // namespace

void load_parameters(const std::vector<TableEntry>& table, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind, const std::string& family,
                     const TiedTensor& tied) {
  const Checkpoint checkpoint(folder);
  std::set<std::string> expected;
  for (const TableEntry& entry : table) {
    expected.insert(entry.published);
    if (!checkpoint.contains(entry.published)) {
      throw DataError(
          fmt::format("{}: lacks tensor '{}' of shape [{}], which its config.json asks "
                      "for",
                      folder.string(), entry.published, fmt::join(entry.shape, ", ")));
    }
    const SafetensorsFile::Entry& found = checkpoint.entry(entry.published);
    if (found.shape != entry.shape) {
      throw DataError(fmt::format("{}: tensor '{}' has shape [{}]; its config.json asks for [{}]",
                                  folder.string(), entry.published, fmt::join(found.shape, ", "),
                                  fmt::join(entry.shape, ", ")));
    }
    if (!torch::isFloatingType(found.type)) {
      throw DataError(fmt::format("{}: tensor '{}' holds {}; F32, F16 or BF16 is needed",
                                  folder.string(), entry.published, torch::toString(found.type)));
    }
  }
  for (const std::string& name : checkpoint.names()) {
    if (expected.count(name) > 0) continue;
    if (name == tied.name) {
      check_tied(checkpoint, folder, tied);
      continue;
    }
    throw DataError(
        fmt::format("{}: holds tensor '{}', for which {} of its config.json has no place",
                    folder.string(), name, family));
  }
  for (const TableEntry& entry : table) {
    *entry.tensor = torch::empty(entry.shape, kind);
    entry.tensor->copy_(checkpoint.tensor(entry.published));
    checkpoint.release(entry.published);  // the weights are in memory once, not once more as a file
  }
}

void save_parameters(const std::vector<TableEntry>& table, const std::filesystem::path& folder,
                     std::uint64_t maximum_bytes) {
  std::map<std::string, torch::Tensor> tensors;
  for (const TableEntry& entry : table) tensors.emplace(entry.published, *entry.tensor);
  write_checkpoint(folder, tensors, maximum_bytes);
}

void draw_parameters(const std::vector<TableEntry>& table, std::uint64_t seed,
                     const std::string& stream) {
  for (const TableEntry& entry : table) {
    const bool is_bias = entry.name.ends_with(".bias");
    const bool is_norm = entry.name.ends_with("norm") || entry.name.ends_with("norm.weight");
    torch::Tensor values = torch::full(entry.shape, is_norm ? 1.0 : 0.0, torch::kFloat32);
    if (!is_bias && !is_norm) {
      RandomStream draws(seed, stream + entry.name);
      float* data = values.data_ptr<float>();
      for (std::int64_t i = 0; i < values.numel(); ++i) {
        data[i] = static_cast<float>(0.02 * draws.normal());
      }
    }
    *entry.tensor = values;
  }
}

}  // namespace winnow
