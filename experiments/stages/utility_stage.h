#pragma once
// The columns of utility estimators over a setting's pool, for a run with one seed.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/stages/anchor_source.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"
#include "utility/pass.h"

namespace winnow {

// The table `utility_rows`: how much of the pool is measured.
struct UtilityRows {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(UtilityRows, (), (count))
config::Help help(const UtilityRows&);

// The tables utility, utility_pass, utility_rows and anchors.
class UtilityOptions {
 public:
  // Nothing without a table `utility`. Throws ConfigError for bad options and for a table that
  // belongs to one that is not there.
  static std::optional<UtilityOptions> from(const config::Value& config);

  std::vector<std::string> columns() const;
  bool uses_anchors() const { return make_pass().uses_anchors(); }
  const AnchorSource& anchors() const { return anchors_; }
  const UtilityPassOptions& pass() const { return pass_; }
  std::int64_t rows() const { return rows_.count; }
  UtilityPass make_pass() const { return UtilityPass::from_config(table_, "utility", pass_); }
  // The estimators with all their defaults.
  config::Value estimators() const;

 private:
  config::Value table_;
  UtilityPassOptions pass_;
  UtilityRows rows_;
  AnchorSource anchors_;
};

// Checks where its anchors come from and sets their share of the pool aside. Does nothing for
// estimators without anchors. Throws what AnchorSource::check throws.
void prepare_anchors(const UtilityOptions& options, SettingOptions& setting);

struct UtilityStage {
  const UtilityOptions& options;
  Setting& setting;
  Weights proxy;
  std::uint64_t seed = 0;  // of the run

  // Facts: rows, failed_rows, and by estimator prepare_cpu_seconds, cpu_seconds and flops. Throws
  // DataError where more rows failed than utility_pass.maximum_failed_share allows.
  StageOutput run() const;
};

}  // namespace winnow
