#pragma once
// The columns of descriptors over a setting's pool. Each descriptor is a stage by itself; those
// that are not there yet are measured together, in one walk over the pool.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "descriptors/pass.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"

namespace winnow {

// The config's table `descriptors`.
class DescriptorOptions {
 public:
  // None without such a table. Throws ConfigError for bad options.
  static DescriptorOptions from(const config::Value& config);

  // Of each descriptor by its name: the columns that it adds.
  const std::map<std::string, std::vector<std::string>>& columns() const { return columns_; }
  // Whether a descriptor asks a model.
  bool needs_model(const std::string& name) const { return needs_model_.at(name); }
  const DescriptorPassOptions& pass() const { return pass_; }
  // Those of these names, to run.
  DescriptorPass pass_of(const std::vector<std::string>& names) const;
  // What a descriptor's columns depend on beside rows, media and weights.
  config::Value identity(const std::string& name) const;

 private:
  std::map<std::string, std::vector<std::string>> columns_;
  std::map<std::string, bool> needs_model_;
  std::map<std::string, config::Value> tables_;
  DescriptorPassOptions pass_;
  config::Value pass_table_;
};

struct DescriptorStage {
  const DescriptorOptions& options;
  Setting& setting;
  std::function<Weights()> proxy;  // asked for where a descriptor needs a model

  // The outputs of these descriptors. Facts: rows, failed_rows, walk (the address of the walk that
  // measured it) and walk_cpu_seconds. Throws DataError where more rows failed than
  // descriptors.maximum_failed_share allows.
  std::vector<MeasuredColumns> run(const std::vector<std::string>& names) const;

 private:
  Stage column_stage(const std::string& name) const;
  StageOutput walk(const std::vector<std::string>& names) const;
};

}  // namespace winnow
