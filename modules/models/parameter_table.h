#pragma once
// The one table of a model's parameters: what each is called here, what it is called in published
// checkpoints, and its shape. Loading, checking and saving go through it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/layers.h"
#include "models/torch.h"

namespace winnow {

struct TableEntry {
  std::string name;       // ours: "text.layers.3.query"
  std::string published;  // "model.language_model.layers.3.self_attn.q_proj.weight"
  std::vector<std::int64_t> shape;
  torch::Tensor* tensor;    // into the weights the table was made for
  Affine* layer = nullptr;  // whose weight this is, of a linear layer's
};

// Collects the entries of a table in order.
class TableMaker {
 public:
  void add(const std::string& name, const std::string& published, std::vector<std::int64_t> shape,
           torch::Tensor& tensor) {
    table_.push_back({name, published, std::move(shape), &tensor});
  }
  // The weight [out, in] of a layer without a bias; its name is the layer's.
  void add_linear(const std::string& name, const std::string& published,
                  std::vector<std::int64_t> shape, Affine& layer) {
    add(name, published + ".weight", std::move(shape), layer.weight);
    table_.back().layer = &layer;
  }
  // A weight and, unless it has none, a bias as long as the weight's first dimension.
  void add_affine(const std::string& name, const std::string& published,
                  const std::vector<std::int64_t>& shape, Affine& affine, bool with_bias = true) {
    add(name + ".weight", published + ".weight", shape, affine.weight);
    if (shape.size() == 2) table_.back().layer = &affine;  // norms and convolutions have other
    if (with_bias) add(name + ".bias", published + ".bias", {shape[0]}, affine.bias);
  }
  std::vector<TableEntry> take() { return std::move(table_); }

 private:
  std::vector<TableEntry> table_;
};

// A tensor that some tools write although the config says that it is another one: the output layer
// of a tied model. Published names; empty: there is none.
struct TiedTensor {
  std::string name, original;
};

// Fills the table's tensors from a checkpoint folder (see Checkpoint), brought to the dtype and
// device of `kind` one at a time. Throws DataError naming the file's tensor: missing, of another
// shape or not of floats, one for which `family` has no place, or `tied` with values of its own.
// Nothing is allocated before every name and shape is checked.
void load_parameters(const std::vector<TableEntry>& table, const std::filesystem::path& folder,
                     const torch::TensorOptions& kind, const std::string& family,
                     const TiedTensor& tied = {});

// Writes the tensors under their published names; see write_checkpoint.
void save_parameters(const std::vector<TableEntry>& table, const std::filesystem::path& folder,
                     std::uint64_t maximum_bytes);

// Seeded random values: norms 1, biases 0, all else of standard deviation 0.02. A tensor's values
// depend on the stream's name, its own, its shape and the seed alone.
void draw_parameters(const std::vector<TableEntry>& table, std::uint64_t seed,
                     const std::string& stream);

}  // namespace winnow
