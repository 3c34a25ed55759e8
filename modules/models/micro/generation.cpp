// The shared-prefix half of the micro model: one prefill, any number of continuations.

#include <algorithm>
#include <cmath>

#include "models/micro/batch.h"
#include "models/micro/micro_model.h"

namespace winnow::micro {
namespace {

struct MicroPrefix : Prefix {
  std::vector<LayerCache> layers;      // per layer [B, H, T, D / H]
  torch::Tensor allowed;               // [B, 1, 1, T] additive: 0 at prompt tokens
  torch::Tensor last;                  // [B, D] state of the last prompt token
  torch::Tensor mean;                  // [B, D] mean state over the prompt
  std::vector<std::int64_t> position;  // [B] text position of the next token
};

const MicroPrefix& micro(const Prefix& prefix) { return dynamic_cast<const MicroPrefix&>(prefix); }

}  // namespace

std::unique_ptr<Prefix> MicroModel::prefill(const std::vector<ModelInput>& inputs) {
  const torch::NoGradGuard no_grad;
  std::vector<ModelInput> prompts;
  for (const ModelInput& input : inputs) prompts.push_back(prompt_of(input));
  auto prefix = std::make_unique<MicroPrefix>();
  const torch::Tensor hidden = hidden_states(prompts, &prefix->layers);  // [B, T, D]
  const std::int64_t batch = hidden.size(0), length = hidden.size(1);
  std::vector<std::int64_t> last;
  torch::Tensor valid = torch::zeros({batch, length});
  for (std::int64_t b = 0; b < batch; ++b) {
    const ModelInput& prompt = prompts[static_cast<std::size_t>(b)];
    last.push_back(prompt.length() - 1);
    valid[b].slice(0, 0, prompt.length()).fill_(1.0);
    prefix->position.push_back(
        std::count_if(prompt.tokens.begin(), prompt.tokens.end(),
                      [&](std::int64_t token) { return !tokenizer_->is_visual_slot(token); }));
  }
  prefix->allowed = ((1.0 - valid) * kMasked).view({batch, 1, 1, length});
  prefix->last = hidden.index({torch::arange(batch), torch::tensor(last, torch::kInt64)});
  prefix->mean = (hidden * valid.unsqueeze(2)).sum(1) / valid.sum(1, true);
  return prefix;
}

std::vector<std::vector<std::pair<double, std::int64_t>>> MicroModel::score_continuations(
    const Prefix& prefix, const std::vector<std::vector<std::string>>& continuations) {
  const torch::NoGradGuard no_grad;
  const MicroPrefix& state = micro(prefix);
  const std::int64_t batch = state.last.size(0), prompt_length = state.allowed.size(3);

  // All continuations of a prompt lie one after another in one sequence; the mask lets a token see
  // the prompt and the earlier tokens of its own continuation.
  struct Piece {
    std::int64_t begin;
    std::vector<std::int64_t> tokens;  // with the end of turn
  };
  std::vector<std::vector<Piece>> pieces(static_cast<std::size_t>(batch));
  std::int64_t width = 1;
  for (std::int64_t b = 0; b < batch; ++b) {
    std::int64_t begin = 0;
    for (const std::string& text : continuations[static_cast<std::size_t>(b)]) {
      std::vector<std::int64_t> tokens = tokenizer_->encode(text);
      tokens.push_back(tokenizer_->end_of_turn());
      const auto fed = static_cast<std::int64_t>(tokens.size()) - 1;  // the last is only predicted
      pieces[static_cast<std::size_t>(b)].push_back({begin, std::move(tokens)});
      begin += fed;
    }
    width = std::max(width, begin);
  }
  torch::Tensor tokens = torch::zeros({batch, width}, torch::kInt64);
  torch::Tensor positions = torch::zeros({batch, width}, torch::kInt64);
  torch::Tensor mask = torch::full({batch, 1, width, prompt_length + width}, kMasked);
  mask.slice(3, 0, prompt_length).copy_(state.allowed.expand({batch, 1, width, prompt_length}));
  auto token_at = tokens.accessor<std::int64_t, 2>();
  auto position_at = positions.accessor<std::int64_t, 2>();
  auto mask_at = mask.accessor<float, 4>();
  for (std::int64_t b = 0; b < batch; ++b) {
    for (const Piece& piece : pieces[static_cast<std::size_t>(b)]) {
      const auto fed = static_cast<std::int64_t>(piece.tokens.size()) - 1;
      for (std::int64_t i = 0; i < fed; ++i) {
        const std::int64_t s = piece.begin + i;
        token_at[b][s] = piece.tokens[static_cast<std::size_t>(i)];
        position_at[b][s] =
            std::min(state.position[static_cast<std::size_t>(b)] + i, options_.maximum_text - 1);
        for (std::int64_t j = piece.begin; j <= s; ++j) mask_at[b][0][s][prompt_length + j] = 0.0F;
      }
    }
  }
  std::vector<LayerCache> grown;
  const torch::Tensor hidden = network_->extend(
      network_->embed(tokens, positions, torch::empty({0}, torch::kInt64), {}), state.layers, grown,
      mask);  // [B, S, D]

  // The state before each token predicts it: the prompt's last state, then the fed tokens'.
  std::vector<std::int64_t> rows, targets;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (const Piece& piece : pieces[static_cast<std::size_t>(b)]) {
      for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
        rows.push_back(i == 0 ? b
                              : batch + b * width + piece.begin + static_cast<std::int64_t>(i) - 1);
        targets.push_back(piece.tokens[i]);
      }
    }
  }
  const torch::Tensor states = torch::cat({state.last, hidden.reshape({batch * width, -1})}, 0)
                                   .index_select(0, torch::tensor(rows, torch::kInt64));
  const torch::Tensor log_probabilities =
      torch::log_softmax(network_->head(states), 1)
          .gather(1, torch::tensor(targets, torch::kInt64).unsqueeze(1))
          .to(torch::kFloat64)
          .contiguous();
  const double* next = log_probabilities.data_ptr<double>();
  std::vector<std::vector<std::pair<double, std::int64_t>>> result(static_cast<std::size_t>(batch));
  for (std::size_t b = 0; b < result.size(); ++b) {
    for (const Piece& piece : pieces[b]) {
      double sum = 0.0;
      for (std::size_t i = 0; i < piece.tokens.size(); ++i) sum += *next++;
      result[b].emplace_back(sum, static_cast<std::int64_t>(piece.tokens.size()));
    }
  }
  return result;
}

std::vector<std::vector<std::string>> MicroModel::sample_answers(
    const Prefix& prefix, std::int64_t count, std::int64_t maximum_tokens, double temperature,
    std::vector<RandomStream>& streams) {
  const torch::NoGradGuard no_grad;
  const MicroPrefix& state = micro(prefix);
  const std::int64_t batch = state.last.size(0), prompt_length = state.allowed.size(3);
  const auto samples = static_cast<std::size_t>(count);
  std::vector<std::vector<std::vector<std::int64_t>>> answers(
      static_cast<std::size_t>(batch), std::vector<std::vector<std::int64_t>>(samples));
  std::vector<std::vector<bool>> finished(static_cast<std::size_t>(batch),
                                          std::vector<bool>(samples, false));

  torch::Tensor logits = network_->head(state.last).unsqueeze(1).expand({batch, count, -1});
  std::vector<LayerCache> grown;
  torch::Tensor mask = state.allowed.expand({batch, 1, count, prompt_length}).clone();
  const torch::Tensor own = torch::eye(count)
                                .sub(1.0)
                                .mul(-kMasked)
                                .view({1, 1, count, count})
                                .expand({batch, 1, count, count});  // each answer sees only itself
  for (std::int64_t step = 0; step < maximum_tokens; ++step) {
    // At temperature 0 all the probability is the likeliest token's.
    const torch::Tensor cumulative =
        (temperature > 0.0 ? torch::softmax(logits / temperature, 2)
                           : torch::one_hot(logits.argmax(2), logits.size(2)))
            .to(torch::kFloat64)
            .cumsum(2)
            .contiguous();
    const std::int64_t vocabulary = cumulative.size(2);
    torch::Tensor tokens = torch::zeros({batch, count}, torch::kInt64);
    auto token_at = tokens.accessor<std::int64_t, 2>();
    bool any = false;
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t k = 0; k < count; ++k) {
        const auto row = static_cast<std::size_t>(b), column = static_cast<std::size_t>(k);
        // Finished answers draw too, so that a stream's position does not depend on its siblings.
        const double draw = streams[row].uniform();
        if (finished[row][column]) continue;
        const double* begin = cumulative.data_ptr<double>() + (b * count + k) * vocabulary;
        const std::int64_t token = std::min<std::int64_t>(
            std::upper_bound(begin, begin + vocabulary, draw * begin[vocabulary - 1]) - begin,
            vocabulary - 1);
        if (token == tokenizer_->end_of_turn()) {
          finished[row][column] = true;
          continue;
        }
        answers[row][column].push_back(token);
        token_at[b][k] = token;
        any = true;
      }
    }
    if (!any || step + 1 == maximum_tokens) break;
    torch::Tensor positions = torch::empty({batch, count}, torch::kInt64);
    for (std::int64_t b = 0; b < batch; ++b) {
      positions[b].fill_(
          std::min(state.position[static_cast<std::size_t>(b)] + step, options_.maximum_text - 1));
    }
    mask = torch::cat({mask, own}, 3);
    const torch::Tensor hidden =
        network_->extend(network_->embed(tokens, positions, torch::empty({0}, torch::kInt64), {}),
                         state.layers, grown, mask);
    logits = network_->head(hidden);
  }
  std::vector<std::vector<std::string>> result(static_cast<std::size_t>(batch));
  for (std::size_t b = 0; b < result.size(); ++b) {
    for (const std::vector<std::int64_t>& answer : answers[b]) {
      result[b].push_back(tokenizer_->decode(answer));
    }
  }
  return result;
}

torch::Tensor MicroModel::prompt_features(const Prefix& prefix) { return micro(prefix).mean; }

}  // namespace winnow::micro
