// A uniform draw without replacement: the control of both papers (Uni-1x, Uni-10x). With one seed a
// smaller draw is part of a larger one.

#include <fmt/format.h>

#include <cmath>

#include "core/errors.h"
#include "selectors/candidates.h"

namespace winnow {

enum class ModalityFilter { any, text, image, video };
BOOST_DESCRIBE_ENUM(ModalityFilter, any, text, image, video)

struct UniformOptions {
  std::int64_t budget = 1000;
  std::int64_t multiple = 1;
  double share = 0.0;
  ModalityFilter modality = ModalityFilter::any;
};
BOOST_DESCRIBE_STRUCT(UniformOptions, (), (budget, multiple, share, modality))
inline config::Help help(const UniformOptions&) {
  return {{"budget", "number of rows to take, before `multiple`; 0 when share is given",
           config::at_least(0)},
          {"multiple",
           "rows taken for each of `budget`: 10 beside the budget of a selection is the release's "
           "Uni-10x; the paper's has a fixed budget",
           config::between(1, 1000)},
          {"share", "share of the distinct rows to take; 0 when budget is given",
           config::between(0, 1)},
          {"modality", "draw only from rows of this modality"}};
}

namespace {

class Uniform : public Selector {
 public:
  explicit Uniform(UniformOptions options) : options_(options) {
    if ((options_.budget > 0) == (options_.share > 0)) {
      throw ConfigError(fmt::format(
          "selector uniform: set either budget or share and leave the other at 0; they are {} and "
          "{}",
          options_.budget, options_.share));
    }
  }

  std::vector<std::string> required_columns() const override { return {}; }

  Selection select(const SampleTable& table, std::uint64_t seed) const override {
    Selection selection;
    const auto rows =
        candidate_rows(table, seed, "selector/uniform", selection,
                       [&](std::size_t row) { return reject(table.rows().modality(row)); });
    const std::int64_t budget =
        options_.share > 0 ? std::llround(options_.share * static_cast<double>(rows.size()))
                           : options_.budget * options_.multiple;
    require_rows("uniform", budget, static_cast<std::int64_t>(rows.size()), selection);
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
