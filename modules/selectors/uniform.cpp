// A uniform draw without replacement: the control of both papers (Uni-1x, Uni-10x). With one seed a
// smaller draw is part of a larger one.

#include "selectors/candidates.h"

namespace winnow {

enum class ModalityFilter { any, text, image, video };
BOOST_DESCRIBE_ENUM(ModalityFilter, any, text, image, video)

struct UniformOptions {
  std::int64_t budget = 1000;
  ModalityFilter modality = ModalityFilter::any;
};
BOOST_DESCRIBE_STRUCT(UniformOptions, (), (budget, modality))
inline config::Help help(const UniformOptions&) {
  return {{"budget", "number of rows to take", config::at_least(1)},
          {"modality", "draw only from rows of this modality"}};
}

namespace {

class Uniform : public Selector {
 public:
  explicit Uniform(UniformOptions options) : options_(options) {}

  std::vector<std::string> required_columns() const override { return {}; }

  Selection select(const SampleTable& table, std::uint64_t seed) const override {
    Selection selection;
    const auto rows = candidate_rows(table, seed, "selector/uniform", selection,
                                     [&](std::size_t row) { return reject(table.rows()[row]); });
    require_rows("uniform", options_.budget, static_cast<std::int64_t>(rows.size()), selection);
    for (std::int64_t i = 0; i < options_.budget; ++i) {
      selection.rows.push_back({rows[static_cast<std::size_t>(i)], 0.0, "uniform", {}});
    }
    selection.account.rank_rows("all", rows, options_.budget, options_.budget);
    return selection;
  }

 private:
  std::string reject(const RowFacts& facts) const {
    const auto wanted = options_.modality;
    const bool keep = wanted == ModalityFilter::any ||
                      (wanted == ModalityFilter::text && facts.modality == Modality::text) ||
                      (wanted == ModalityFilter::image && facts.modality == Modality::image) ||
                      (wanted == ModalityFilter::video && facts.modality == Modality::video);
    return keep ? "" : "of another modality";
  }

  UniformOptions options_;
};

const bool registered =
    selectors().add<Uniform, UniformOptions>("uniform", "a uniform draw without replacement");

}  // namespace
}  // namespace winnow
