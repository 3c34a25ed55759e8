// A uniform draw without replacement: the control of both papers (Uni-1x, Uni-10x). With one seed a
// smaller draw is part of a larger one.

#include <fmt/format.h>

#include <cmath>

#include "core/errors.h"
#include "selectors/budget.h"
#include "selectors/candidates.h"

namespace winnow {

enum class ModalityFilter { any, text, image, video };
BOOST_DESCRIBE_ENUM(ModalityFilter, any, text, image, video)

struct UniformOptions : BudgetOptions {
  std::int64_t multiple = 1;
  ModalityFilter modality = ModalityFilter::any;
};
BOOST_DESCRIBE_STRUCT(UniformOptions, (BudgetOptions), (multiple, modality))
inline config::Help help(const UniformOptions&) {
  return help_with_budget(
      {{"multiple",
        "rows taken for each of `budget`, not of a share: 10 beside the budget of a selection is "
        "the release's "
        "Uni-10x; the paper's has a fixed budget",
        config::between(1, 1000)},
       {"modality", "draw only from rows of this modality, which a share is then of"}});
}

namespace {

class Uniform : public Selector {
 public:
  explicit Uniform(UniformOptions options) : options_(options) { options_.check(); }

  std::vector<std::string> required_columns() const override { return {}; }

  Selection select(const SelectionInput& input) const override {
    Selection selection;
    const auto rows = candidate_rows(input, "selector/uniform", selection, [&](std::size_t row) {
      return reject(input.table.rows().modality(row));
    });
    std::int64_t budget = options_.of(static_cast<std::int64_t>(rows.size()), input);
    if (!options_.is_share()) budget *= options_.multiple;
    require_rows(input, options_.option(), budget, static_cast<std::int64_t>(rows.size()),
                 selection);
    selection.rows.reserve(static_cast<std::size_t>(budget));
    for (std::int64_t i = 0; i < budget; ++i) {
      selection.rows.emplace_back(rows[static_cast<std::size_t>(i)], 0.0, "uniform");
    }
    selection.account.rank_rows("all", rows, budget, budget);
    return selection;
  }

 private:
  std::string reject(Modality modality) const {
    const auto wanted = options_.modality;
    const bool keep = wanted == ModalityFilter::any ||
                      (wanted == ModalityFilter::text && modality == Modality::text) ||
                      (wanted == ModalityFilter::image && modality == Modality::image) ||
                      (wanted == ModalityFilter::video && modality == Modality::video);
    return keep ? "" : "of another modality";
  }

  UniformOptions options_;
};

const bool registered =
    selectors().add<Uniform, UniformOptions>("uniform", "a uniform draw without replacement");

}  // namespace
}  // namespace winnow
