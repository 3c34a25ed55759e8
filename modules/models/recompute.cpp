#include "models/recompute.h"

#include <ATen/SequenceNumber.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include "models/forward_mode.h"

namespace winnow {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

thread_local bool blocks_are_recomputed = false;

// Leaves that the outputs' graph ends in, other than the inputs: the parameters that the block
// used. first_number: sequence number of the first node that the block made.
variable_list parameters_used(const variable_list& outputs, const variable_list& inputs,
                              std::uint64_t first_number) {
  std::unordered_set<const Node*> seen;
  for (const torch::Tensor& input : inputs) {
    if (input.requires_grad())
      seen.insert(torch::autograd::impl::gradient_edge(input).function.get());
  }
  std::vector<Node*> open;
  const auto visit = [&](Node* node) {
    if (node != nullptr && seen.insert(node).second) open.push_back(node);
  };
  for (const torch::Tensor& output : outputs) {
    if (output.requires_grad()) visit(torch::autograd::impl::gradient_edge(output).function.get());
  }
  variable_list parameters;
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    if (const auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node)) {
      parameters.push_back(leaf->variable);
      continue;
    }
    if (node->sequence_nr() < first_number) {
      throw std::logic_error("a block uses the result of " + node->name() +
                             ", which carries a gradient and is not among its inputs");
    }
    for (const torch::autograd::Edge& edge : node->next_edges()) visit(edge.function.get());
  }
  return parameters;
}

// What the backward pass needs beside the saved tensors.
struct Recipe : torch::CustomClassHolder {
  Recipe(Block run, std::size_t count) : block(std::move(run)), inputs(count) {}
  Block block;
  std::size_t inputs;  // how many of the saved tensors; parameters follow
};

class Recomputation : public torch::autograd::Function<Recomputation> {
 public:
  // tensors: the inputs, then the parameters. results: what the block gave for them.
  static variable_list forward(torch::autograd::AutogradContext* context,
                               const c10::intrusive_ptr<Recipe>& recipe,
                               const variable_list& results, at::TensorList tensors) {
    context->save_for_backward(tensors.vec());
    context->saved_data["recipe"] = c10::IValue::make_capsule(recipe);
    variable_list outputs, constant;
    for (const torch::Tensor& result : results) {
      outputs.push_back(result.detach());
      if (!result.requires_grad()) constant.push_back(outputs.back());
    }
    context->mark_non_differentiable(constant);
    return outputs;
  }

  static variable_list backward(torch::autograd::AutogradContext* context,
                                const variable_list& output_gradients) {
    const auto holder = context->saved_data.at("recipe").toCapsule();
    const auto& recipe = static_cast<const Recipe&>(*holder);
    const variable_list saved = context->get_saved_variables();
    // With a graph of the gradient, the inputs keep their history.
    const bool with_graph = torch::GradMode::is_enabled();
    const torch::AutoGradMode recording(true);
    variable_list inputs;
    for (std::size_t i = 0; i < recipe.inputs; ++i) {
      inputs.push_back(with_graph ? torch::alias(saved[i])
                                  : saved[i].detach().set_requires_grad(saved[i].requires_grad()));
    }
    const variable_list outputs = recipe.block(inputs);

    variable_list wanted, reached, along;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < saved.size(); ++i) {
      const torch::Tensor& source = i < recipe.inputs ? inputs[i] : saved[i];
      if (!source.requires_grad() || !context->needs_input_grad(i)) continue;
      wanted.push_back(source);
      places.push_back(kFirstTensor + i);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].requires_grad()) continue;
      reached.push_back(outputs[i]);
      along.push_back(output_gradients[i]);
    }
    variable_list result(kFirstTensor + saved.size());
    if (wanted.empty()) return result;
    const variable_list gradients = torch::autograd::grad(reached, wanted, along, with_graph,
                                                          with_graph, /*allow_unused=*/true);
    for (std::size_t i = 0; i < places.size(); ++i) result[places[i]] = gradients[i];
    return result;
  }

 private:
  static constexpr std::size_t kFirstTensor = 2;  // forward() has two arguments before them
};

}  // namespace

std::vector<torch::Tensor> recomputed(const Block& block,
                                      const std::vector<torch::Tensor>& inputs) {
  if (!torch::GradMode::is_enabled() || forward_derivative_is_taken()) return block(inputs);
  const std::uint64_t first_number = at::sequence_number::peek();
  variable_list own;
  for (const torch::Tensor& input : inputs) {
    own.push_back(input.detach().set_requires_grad(input.requires_grad()));
  }
  // The graph that this run leaves says which parameters were used; it goes on return.
  const variable_list results = block(own);
  const bool is_constant = std::none_of(results.begin(), results.end(),
                                        [](const auto& result) { return result.requires_grad(); });
  if (is_constant) return results;
  variable_list tensors = inputs;
  const variable_list parameters = parameters_used(results, own, first_number);
  tensors.insert(tensors.end(), parameters.begin(), parameters.end());
  return Recomputation::apply(c10::make_intrusive<Recipe>(block, inputs.size()), results,
                              at::TensorList(tensors));
}

RecomputeBlocks::RecomputeBlocks(bool enabled) : before_(blocks_are_recomputed) {
  blocks_are_recomputed = enabled;
}

RecomputeBlocks::~RecomputeBlocks() { blocks_are_recomputed = before_; }

torch::Tensor by_block(const std::function<torch::Tensor(const torch::Tensor&)>& block,
                       const torch::Tensor& x) {
  if (!blocks_are_recomputed) return block(x);
  return recomputed(
      [block](const variable_list& inputs) { return variable_list{block(inputs[0])}; }, {x})[0];
}

}  // namespace winnow
