// How much the model agrees with itself: GDO's SC.

#include "descriptors/descriptor.h"
#include "descriptors/words.h"

namespace winnow {
namespace {

struct SelfConsistencyOptions {
  std::int64_t answers = 5;
  double temperature = 1.0;
  std::int64_t maximum_tokens = 32;
};
BOOST_DESCRIBE_STRUCT(SelfConsistencyOptions, (), (answers, temperature, maximum_tokens))
config::Help help(const SelfConsistencyOptions&) {
  return {{"answers", "number of sampled answers compared", config::at_least(2)},
          {"temperature", "of sampling", config::above(0)},
          {"maximum_tokens", "tokens after which a sampled answer is cut", config::at_least(1)}};
}

class SelfConsistency : public Descriptor {
 public:
  explicit SelfConsistency(const SelfConsistencyOptions& options) : options_(options) {}

  std::vector<std::string> columns() const override { return {"self_consistency"}; }

  Needs needs() const override {
    Needs needs;
    needs.sampled_answers = options_.answers;
    needs.answer_tokens = options_.maximum_tokens;
    needs.temperature = options_.temperature;
    return needs;
  }

  std::vector<Cell> measure(const Observation& observation) const override {
    const auto count = static_cast<std::size_t>(options_.answers);
    const auto& answers = observation.sampled_answers;
    if (answers.size() < count) return {observation.absent()};
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = i + 1; j < count; ++j) sum += jaccard_similarity(answers[i], answers[j]);
    }
    return {Cell::number(sum / (static_cast<double>(count * (count - 1)) / 2.0))};
  }

 private:
  SelfConsistencyOptions options_;
};

const bool registered = descriptors().add<SelfConsistency, SelfConsistencyOptions>(
    "self_consistency", "mean pairwise word overlap (Jaccard) of sampled answers, in [0, 1]");

}  // namespace
}  // namespace winnow
