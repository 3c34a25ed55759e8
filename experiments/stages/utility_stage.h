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

  // Of estimators: one by the name of the table, where it has a type, else one for each sub-table.
  const std::vector<std::string>& names() const { return names_; }
  std::vector<std::string> columns() const { return columns_of(names_); }
  // Of some of them.
  std::vector<std::string> columns_of(const std::vector<std::string>& names) const;
  bool uses_anchors() const { return pass_of(names_).uses_anchors(); }
  const AnchorSource& anchors() const { return anchors_; }
  const UtilityPassOptions& pass() const { return pass_; }
  std::int64_t rows() const { return rows_.count; }
  // Some of the estimators, to run.
  UtilityPass pass_of(const std::vector<std::string>& names) const;
  // An estimator with all its defaults.
  config::Value estimator(const std::string& name) const;

 private:
  bool is_single() const { return table_.child("type") != nullptr; }

  config::Value table_;
  std::vector<std::string> names_;
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

  // All estimators' columns in one table; each is a stage by itself before. Facts: rows,
  // failed_rows, walks (CPU seconds by the address of a walk that measured some of them) and, by
  // estimator, prepare_cpu_seconds, cpu_seconds and flops. Throws DataError where more rows failed
  // than utility_pass.maximum_failed_share allows.
  StageOutput run() const;

 private:
  std::uint64_t draw() const;
  Stage estimator_stage(const std::string& name) const;
  StageOutput walk(const std::vector<std::string>& names) const;
  void measure(const std::vector<std::string>& names, StageWork& work) const;
  StageOutput join(const std::vector<StageOutput>& estimators) const;
};

}  // namespace winnow
