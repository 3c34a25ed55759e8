#pragma once
// AdamW with decoupled weight decay, as the training recipe uses it. Its state is plain tensors by
// parameter name, so that a run can be stopped and resumed to the same bits.
//
// Parameters of lower precision (bfloat16) have a master copy in float32: steps are taken there,
// and the parameter is its rounding. A step below half a unit in the parameter's last place would
// be lost otherwise, and at a learning rate of 2e-5 nearly all are.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/torch.h"

namespace winnow {

struct AdamWSettings {
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
};

class AdamW {
 public:
  // Takes the parameters that require a gradient, at their values now. No decay on biases and
  // norms: everything whose name contains "bias" or "norm".
  AdamW(const std::vector<std::pair<std::string, torch::Tensor>>& parameters,
        AdamWSettings settings);

  void zero_gradients();
  // Global L2 norm of the gradients, added up in float32 at least; scales them down to `maximum`
  // when it is larger.
  double clip_gradients(double maximum);
  void step(double learning_rate);

  // Moments, master copies and step count, by name. load_state expects the same parameters, and
  // sets those that have a master copy to its rounding.
  std::map<std::string, torch::Tensor> state() const;
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  struct Slot {
    std::string name;
    torch::Tensor parameter;
    torch::Tensor value;  // what steps change: the parameter itself or its master copy
    torch::Tensor first, second;
    bool decays = true;
    bool has_master() const { return !value.is_same(parameter); }
  };
  std::vector<Slot> slots_;
  AdamWSettings settings_;
  std::int64_t steps_ = 0;
};

}  // namespace winnow
