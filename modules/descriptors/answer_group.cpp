// Which answer a sample gives, as a group number: strata and standardisation within equal answers
// keep a subset from being all "yes" because the model likes to say so. Not one of GDO's six.

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/hash.h"
#include "descriptors/descriptor.h"
#include "descriptors/words.h"
#include "pool/words.h"

namespace winnow {
namespace {

struct AnswerGroupOptions {
  std::int64_t last_words = 0;
  std::int64_t maximum_words = 3;
  double minimum_share = 0.002;
};
BOOST_DESCRIBE_STRUCT(AnswerGroupOptions, (), (last_words, maximum_words, minimum_share))
config::Help help(const AnswerGroupOptions&) {
  return {{"last_words",
           "how many words at its end are the answer, as with solutions that end in it; 0: all",
           config::at_least(0)},
          {"maximum_words", "longer answers are one group", config::at_least(1)},
          {"minimum_share", "answers of a smaller share of the rows are one group",
           config::between(0, 1)}};
}

class AnswerGroup : public Descriptor {
 public:
  explicit AnswerGroup(const AnswerGroupOptions& options) : options_(options) {}

  std::vector<std::string> columns() const override { return {"answer_group"}; }
  Needs needs() const override { return {}; }

  // A digest of the answer's words; finish() makes group numbers of them.
  std::vector<Cell> measure(const Observation& observation) const override {
    const std::set<std::string> words = words_of(observation.sample.answer());
    if (words.empty() || words.size() > static_cast<std::size_t>(options_.maximum_words)) {
      return {Cell::number(0.0)};
    }
    std::string text;
    for (const std::string& word : words) text += word + " ";
    // 52 bits are exact in a double; 0 is kept for long answers.
    return {Cell::number(static_cast<double>((hash64(text) >> 12) | 1U))};
  }

  void finish(SampleTable& table, const PoolFeatures&, std::uint64_t) const override {
    Column column = table.column("answer_group");
    std::map<double, std::int64_t> sizes;
    std::size_t measured = 0;
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (!column.valid(row)) continue;
      ++sizes[column.values(row)];
      ++measured;
    }
    const double minimum = options_.minimum_share * static_cast<double>(measured);
    std::vector<std::pair<std::int64_t, double>> common;  // size, digest
    for (const auto& [digest, size] : sizes) {
      if (digest != 0.0 && static_cast<double>(size) >= minimum) common.emplace_back(-size, digest);
    }
    std::sort(common.begin(), common.end());
    std::map<double, double> number;  // long and rare answers: 0
    for (std::size_t i = 0; i < common.size(); ++i) {
      number[common[i].second] = static_cast<double>(i + 1);
    }
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (column.valid(row)) column.set(row, number[column.values(row)]);
    }
    table.add(std::move(column));
  }

 private:
  std::set<std::string> words_of(std::string_view answer) const {
    if (options_.last_words == 0) return word_set(answer);
    std::vector<std::string> all;
    for_each_word(answer, [&](std::string_view word) { all.emplace_back(word); });
    const auto wanted = std::min(all.size(), static_cast<std::size_t>(options_.last_words));
    return {all.end() - static_cast<std::ptrdiff_t>(wanted), all.end()};
  }

  AnswerGroupOptions options_;
};

const bool registered = descriptors().add<AnswerGroup, AnswerGroupOptions>(
    "answer_group", "number of the sample's short answer; 0 for long and rare ones");

}  // namespace
}  // namespace winnow
