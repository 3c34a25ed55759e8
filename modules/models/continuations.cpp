#include "models/continuations.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "models/byte_pair_tokenizer.h"

namespace winnow {
namespace {

const PromptStates& states_of(const Prefix& prefix) {
  return dynamic_cast<const PromptPrefix&>(prefix).states;
}

std::int64_t prompt_length(const PromptStates& prompts) { return prompts.allowed.size(3); }

torch::Tensor indices(const std::vector<std::int64_t>& values, const torch::Tensor& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

// One text among the continuations of a prompt.
struct Piece {
  std::int64_t begin;                // of its tokens that are fed, in the prompt's sequence
  std::vector<std::int64_t> tokens;  // with the end of turn, which is only predicted
  std::int64_t fed() const { return static_cast<std::int64_t>(tokens.size()) - 1; }
};

using Pieces = std::vector<std::vector<Piece>>;  // by prompt

// [B, S, D] states of all pieces' fed tokens; a token sees the prompt and the earlier tokens of its
// own piece.
torch::Tensor states_of(const PromptStates& prompts, Continuation& continuation,
                        const Pieces& pieces, std::int64_t width) {
  const auto batch = static_cast<std::int64_t>(pieces.size());
  const std::int64_t length = prompt_length(prompts);
  torch::Tensor tokens = torch::zeros({batch, width}, torch::kInt64);
  torch::Tensor places = torch::zeros({batch, width}, torch::kInt64);
  torch::Tensor own = torch::full({batch, 1, width, width}, kMasked);
  auto token_at = tokens.accessor<std::int64_t, 2>();
  auto place_at = places.accessor<std::int64_t, 2>();
  auto own_at = own.accessor<float, 4>();
  for (std::int64_t b = 0; b < batch; ++b) {
    for (const Piece& piece : pieces[static_cast<std::size_t>(b)]) {
      for (std::int64_t i = 0; i < piece.fed(); ++i) {
        const std::int64_t s = piece.begin + i;
        token_at[b][s] = piece.tokens[static_cast<std::size_t>(i)];
        place_at[b][s] = i;
        for (std::int64_t j = piece.begin; j <= s; ++j) own_at[b][0][s][j] = 0.0F;
      }
    }
  }
  const torch::Tensor mask = torch::cat(
      {prompts.allowed.expand({batch, 1, width, length}), own.to(prompts.allowed.options())}, 3);
  return continuation.extend(tokens, places, mask);
}

// What of a head's output can be drawn. A padded vocabulary has ids without a token, behind the
// tokenizer's and in gaps between them.
class DrawableLogits {
 public:
  explicit DrawableLogits(const Tokenizer& tokenizer)
      : size_(tokenizer.size()), gaps_(tokenizer.gaps()) {}

  // [..., V] -> [..., tokens of the tokenizer]
  torch::Tensor operator()(const torch::Tensor& logits) const {
    const torch::Tensor known = logits.narrow(-1, 0, std::min(size_, logits.size(-1)));
    if (gaps_.empty()) return known;
    return known.index_fill(-1, indices(gaps_, known), -std::numeric_limits<double>::infinity());
  }

 private:
  std::int64_t size_;
  std::vector<std::int64_t> gaps_;
};

// Draws a token for each answer that is not finished; -1 for the others.
class AnswerSampler {
 public:
  AnswerSampler(std::int64_t end_of_turn, double temperature, std::vector<RandomStream>& streams)
      : end_of_turn_(end_of_turn), temperature_(temperature), streams_(streams) {}

  // logits: [B, K, V]. Appends to `answers`, marks the finished ones, and returns the tokens to
  // feed, [B, K] int64 (0 for finished ones); undefined when there is none.
  torch::Tensor draw(const torch::Tensor& logits,
                     std::vector<std::vector<std::vector<std::int64_t>>>& answers,
                     std::vector<std::vector<bool>>& finished) const {
    check_numbers(logits);
    // At temperature 0 all the probability is the likeliest token's.
    const torch::Tensor cumulative =
        (temperature_ > 0.0 ? torch::softmax(logits / temperature_, 2)
                            : torch::one_hot(logits.argmax(2), logits.size(2)))
            .cpu()
            .to(torch::kFloat64)
            .cumsum(2)
            .contiguous();
    const std::int64_t batch = cumulative.size(0), count = cumulative.size(1),
                       vocabulary = cumulative.size(2);
    torch::Tensor tokens = torch::zeros({batch, count}, torch::kInt64);
    auto token_at = tokens.accessor<std::int64_t, 2>();
    bool any = false;
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t k = 0; k < count; ++k) {
        const auto row = static_cast<std::size_t>(b), column = static_cast<std::size_t>(k);
        // Finished answers draw too, so that a stream's position does not depend on its siblings.
        const double draw = streams_[row].uniform();
        if (finished[row][column]) continue;
        const double* begin = cumulative.data_ptr<double>() + (b * count + k) * vocabulary;
        const std::int64_t token = std::min<std::int64_t>(
            std::upper_bound(begin, begin + vocabulary, draw * begin[vocabulary - 1]) - begin,
            vocabulary - 1);
        if (token == end_of_turn_) {
          finished[row][column] = true;
          continue;
        }
        answers[row][column].push_back(token);
        token_at[b][k] = token;
        any = true;
      }
    }
    return any ? tokens : torch::Tensor();
  }

 private:
  std::int64_t end_of_turn_;
  double temperature_;
  std::vector<RandomStream>& streams_;
};

}  // namespace

ModelInput prompt_of(const ModelInput& input) {
  std::size_t begin = input.labels.size();
  while (begin > 0 && input.labels[begin - 1] != -100) --begin;
  ModelInput prompt = input;
  prompt.tokens.resize(begin);
  prompt.labels.resize(begin);
  return prompt;
}

PromptStates prompt_states(const torch::Tensor& hidden, const std::vector<std::int64_t>& lengths) {
  const std::int64_t batch = hidden.size(0), length = hidden.size(1);
  std::vector<std::int64_t> last;
  torch::Tensor valid = torch::zeros({batch, length});
  for (std::int64_t b = 0; b < batch; ++b) {
    last.push_back(lengths[static_cast<std::size_t>(b)] - 1);
    valid[b].slice(0, 0, lengths[static_cast<std::size_t>(b)]).fill_(1.0);
  }
  valid = valid.to(hidden.options());
  const torch::Tensor rows =
      torch::arange(batch, torch::TensorOptions(torch::kInt64).device(hidden.device()));
  return {((1.0 - valid) * kMasked).view({batch, 1, 1, length}),
          hidden.index({rows, indices(last, hidden)}),
          (hidden * valid.unsqueeze(2)).sum(1) / valid.sum(1, true)};
}

std::vector<std::vector<std::pair<double, std::int64_t>>> ContinuedModel::score_continuations(
    const Prefix& prefix, const std::vector<std::vector<std::string>>& texts) {
  const torch::NoGradGuard no_grad;
  const PromptStates& prompts = states_of(prefix);
  const auto continuation = continue_from(prefix);
  const std::int64_t batch = prompts.last.size(0);
  Pieces pieces(static_cast<std::size_t>(batch));
  std::int64_t width = 1;
  for (std::size_t b = 0; b < pieces.size(); ++b) {
    std::int64_t begin = 0;
    for (const std::string& text : texts[b]) {
      std::vector<std::int64_t> tokens = tokenizer().encode(text);
      tokens.push_back(tokenizer().end_of_turn());
      pieces[b].push_back({begin, std::move(tokens)});
      begin += pieces[b].back().fed();
    }
    width = std::max(width, begin);
  }
  const torch::Tensor hidden = states_of(prompts, *continuation, pieces, width);  // [B, S, D]

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
  const torch::Tensor states = torch::cat({prompts.last, hidden.reshape({batch * width, -1})}, 0)
                                   .index_select(0, indices(rows, hidden));
  const torch::Tensor log_probabilities =
      torch::log_softmax(continuation->head(states).to(torch::kFloat32), 1)
          .gather(1, indices(targets, hidden).unsqueeze(1))
          .cpu()
          .to(torch::kFloat64)
          .contiguous();
  const double* next = log_probabilities.data_ptr<double>();
  std::vector<std::vector<std::pair<double, std::int64_t>>> result(pieces.size());
  for (std::size_t b = 0; b < result.size(); ++b) {
    for (const Piece& piece : pieces[b]) {
      double sum = 0.0;
      for (std::size_t i = 0; i < piece.tokens.size(); ++i) sum += *next++;
      result[b].emplace_back(sum, static_cast<std::int64_t>(piece.tokens.size()));
    }
  }
  return result;
}

std::vector<std::vector<std::string>> ContinuedModel::sample_answers(
    const Prefix& prefix, std::int64_t count, std::int64_t maximum_tokens, double temperature,
    std::vector<RandomStream>& streams) {
  const torch::NoGradGuard no_grad;
  const PromptStates& prompts = states_of(prefix);
  const auto continuation = continue_from(prefix);
  const std::int64_t batch = prompts.last.size(0);
  const auto samples = static_cast<std::size_t>(count);
  std::vector<std::vector<std::vector<std::int64_t>>> answers(
      static_cast<std::size_t>(batch), std::vector<std::vector<std::int64_t>>(samples));
  std::vector<std::vector<bool>> finished(static_cast<std::size_t>(batch),
                                          std::vector<bool>(samples, false));
  const AnswerSampler sampler(tokenizer().end_of_turn(), temperature, streams);
  const DrawableLogits drawable(tokenizer());

  torch::Tensor logits = drawable(continuation->head(prompts.last))
                             .to(torch::kFloat32)
                             .unsqueeze(1)
                             .expand({batch, count, -1});
  torch::Tensor mask = prompts.allowed.expand({batch, 1, count, prompt_length(prompts)});
  // LibTorch 1.13 has no identity in bfloat16.
  const torch::Tensor own = torch::eye(count, prompts.allowed.options().dtype(torch::kFloat32))
                                .to(prompts.allowed.scalar_type())
                                .sub(1.0)
                                .mul(-kMasked)
                                .view({1, 1, count, count})
                                .expand({batch, 1, count, count});  // each answer sees only itself
  for (std::int64_t step = 0; step < maximum_tokens; ++step) {
    const torch::Tensor tokens = sampler.draw(logits, answers, finished);
    if (!tokens.defined() || step + 1 == maximum_tokens) break;
    mask = torch::cat({mask, own}, 3);
    const torch::Tensor states =
        continuation->extend(tokens, torch::full({batch, count}, step, torch::kInt64), mask);
    logits = drawable(continuation->head(states)).to(torch::kFloat32);
  }
  std::vector<std::vector<std::string>> result(static_cast<std::size_t>(batch));
  for (std::size_t b = 0; b < result.size(); ++b) {
    for (const std::vector<std::int64_t>& answer : answers[b]) {
      result[b].push_back(tokenizer().decode(answer));
    }
  }
  return result;
}

bool ContinuedModel::stream_answer(const Prefix& prefix, const TokenSampling& sampling,
                                   std::int64_t maximum_tokens, RandomStream& stream,
                                   const std::function<void(std::string_view)>& piece) {
  const torch::NoGradGuard no_grad;
  const PromptStates& prompts = states_of(prefix);
  const auto continuation = continue_from(prefix);
  if (prompts.last.size(0) != 1) throw std::logic_error("an answer is streamed for one prompt");
  torch::Tensor mask = prompts.allowed;  // [1, 1, 1, T + tokens so far]
  torch::Tensor state = prompts.last;    // [1, D]
  const DrawableLogits drawable(tokenizer());
  StreamingDecoder decoder(tokenizer());
  bool ended = false;
  for (std::int64_t step = 0; step < maximum_tokens; ++step) {
    const std::int64_t token =
        sample_token(drawable(continuation->head(state))[0], sampling, stream);
    ended = token == tokenizer().end_of_turn();
    if (ended) break;
    const std::string text = decoder.push(token);
    if (!text.empty()) piece(text);
    if (step + 1 == maximum_tokens) break;
    mask = torch::cat({mask, torch::zeros({1, 1, 1, 1}, mask.options())}, 3);
    state = continuation
                ->extend(torch::full({1, 1}, token, torch::kInt64),
                         torch::full({1, 1}, step, torch::kInt64), mask)
                .squeeze(1);
  }
  const std::string rest = decoder.finish();
  if (!rest.empty()) piece(rest);
  return ended;
}

torch::Tensor ContinuedModel::prompt_features(const Prefix& prefix) {
  return states_of(prefix).mean.to(torch::kFloat32);
}

}  // namespace winnow
