// A judge that is a model of this program: it is asked for a rating, and the probabilities it gives
// to the ratings make an expected one, finer than any word it would say.

#include <cmath>

#include "core/errors.h"
#include "descriptors/descriptor.h"
#include "pool/prompt.h"
#include "utility/estimator.h"

namespace winnow {
namespace {

// Short, as small models have little room for text.
JudgePrompt short_prompt() {
  JudgePrompt prompt;
  prompt.user = "{media}{question}\n{answer}\nRate 1-5:";
  prompt.score_pattern = "([0-9]+)";
  return prompt;
}

struct ModelJudgeOptions {
  JudgePrompt prompt = short_prompt();
};
BOOST_DESCRIBE_STRUCT(ModelJudgeOptions, (), (prompt))
config::Help help(const ModelJudgeOptions&) {
  return {{"prompt",
           "what is asked; the ratings are the whole numbers from lowest to highest, and the ways "
           "to find a score in words are not used"}};
}

class ModelJudgeScorer : public UtilityScorer {
 public:
  ModelJudgeScorer(PromptTemplate prompt, std::vector<std::string> ratings)
      : prompt_(std::move(prompt)), ratings_(std::move(ratings)) {}

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::NoGradGuard no_gradients;
    std::vector<ModelInput> inputs;
    for (const UtilityInput& entry : batch) {
      inputs.push_back(model.input(question_about(*entry.sample), entry.input.visual));
    }
    const auto prefix = model.prefill(inputs);
    const auto likelihoods = model.score_continuations(
        *prefix, std::vector<std::vector<std::string>>(batch.size(), ratings_));
    torch::Tensor scores =
        torch::empty({static_cast<std::int64_t>(batch.size()), 1}, torch::kDouble);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      scores[static_cast<std::int64_t>(b)][0] = expected(likelihoods[b]);
    }
    return scores;
  }

 private:
  // The sample as a question: one user turn with its media, and the place of an answer.
  Sample question_about(const Sample& sample) const {
    Sample question = sample;
    question.turns.clear();
    if (std::string system = prompt_.system_text(sample); !system.empty()) {
      question.turns.push_back({Turn::Role::system, std::move(system)});
    }
    const PromptTemplate::UserText text = prompt_.user_text(sample);
    std::string user = text.before_media;
    for (std::size_t i = 0; i < sample.media.size(); ++i) user += kMediaPlaceholder;
    question.turns.push_back({Turn::Role::user, user + text.behind_media});
    question.turns.push_back({Turn::Role::assistant, ratings_.front()});
    return question;
  }

  // Of the ratings, by their probabilities among each other. Not finite where a likelihood is none.
  double expected(const std::vector<std::pair<double, std::int64_t>>& likelihoods) const {
    double highest = -HUGE_VAL;
    for (const auto& [logarithm, tokens] : likelihoods) {
      if (std::isnan(logarithm)) return logarithm;
      highest = std::max(highest, logarithm);
    }
    double weights = 0.0, sum = 0.0;
    for (std::size_t i = 0; i < likelihoods.size(); ++i) {
      const double weight = std::exp(likelihoods[i].first - highest);
      weights += weight;
      sum += weight * (prompt_.prompt().lowest + static_cast<double>(i));
    }
    return sum / weights;
  }

  PromptTemplate prompt_;
  std::vector<std::string> ratings_;
};

class ModelJudge : public UtilityEstimator {
 public:
  explicit ModelJudge(ModelJudgeOptions options) : prompt_(std::move(options.prompt)) {
    const double lowest = prompt_.prompt().lowest, highest = prompt_.prompt().highest;
    if (lowest != std::floor(lowest) || highest != std::floor(highest) || highest - lowest > 99) {
      throw ConfigError(
          "model_judge: lowest and highest must be whole numbers, at most 99 apart, as each rating "
          "between them is tried");
    }
    for (auto rating = std::llround(lowest); rating <= std::llround(highest); ++rating) {
      ratings_.push_back(std::to_string(rating));
    }
  }

  bool uses_anchors() const override { return false; }
  // The prompt, which holds the sample, and a few tokens for each rating.
  PassCount passes() const override { return {1.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel&, const std::vector<AnchorSet>&,
                                         std::uint64_t) const override {
    return std::make_unique<ModelJudgeScorer>(prompt_, ratings_);
  }

 private:
  PromptTemplate prompt_;
  std::vector<std::string> ratings_;
};

const bool registered = utilities().add<ModelJudge, ModelJudgeOptions>(
    "model_judge", "rating the proxy itself expects to give the sample when it is asked");

}  // namespace
}  // namespace winnow
