#pragma once
// Gradient checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost"): what
// a block computes on its way is not kept for the backward pass, but computed again in it. That
// costs one more forward pass of the block and leaves only its inputs in memory.

#include <functional>
#include <vector>

#include "models/torch.h"

namespace winnow {

// Outputs from inputs, all defined. It is called again in the backward pass, perhaps on another
// thread and after the model is gone: it holds by value what it needs, draws nothing at random and
// changes nothing. Parameters need not be named, but a tensor that was computed from others and
// carries a gradient is either among the inputs or not used at all.
using Block = std::function<std::vector<torch::Tensor>(const std::vector<torch::Tensor>& inputs)>;

// block(inputs), with the same values and the same gradients to inputs and parameters. Where
// nothing is kept anyway (no gradients wanted) or a forward-mode derivative is taken, this is the
// plain call. Gradients can be taken of its gradients, too, as long as no other part of the
// computation uses the block's parameters. A parameter changed before the backward pass is a
// c10::Error there, as it is for LibTorch's own operations; a block that breaks its contract is a
// std::logic_error.
std::vector<torch::Tensor> recomputed(const Block& block, const std::vector<torch::Tensor>& inputs);

// While it lives, `by_block` on this thread does so.
class RecomputeBlocks {
 public:
  explicit RecomputeBlocks(bool enabled);
  ~RecomputeBlocks();
  RecomputeBlocks(const RecomputeBlocks&) = delete;
  RecomputeBlocks& operator=(const RecomputeBlocks&) = delete;

 private:
  bool before_;
};

// One block of a tower or a text model, by the rule above for `block`.
torch::Tensor by_block(const std::function<torch::Tensor(const torch::Tensor&)>& block,
                       const torch::Tensor& x);

}  // namespace winnow
