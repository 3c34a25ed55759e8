#include "utility/pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cpu_clock.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "models/model_pool.h"
#include "utility/chunk_scoring.h"

namespace winnow {
namespace {

using detail::ChunkScoring;
using detail::kCostTotals;
using detail::Prepared;

// Raised when the same inputs give other numbers than before.
constexpr std::uint64_t kFormatVersion = 2;

// All estimators of a pass as one maker of columns.
class UtilityMaker : public ColumnMaker {
 public:
  UtilityMaker(const UtilityPassRequest& request, const std::vector<Prepared>& prepared,
               std::vector<std::string> columns, std::size_t batch_size, Identity identity)
      : request_(request),
        prepared_(prepared),
        columns_(std::move(columns)),
        batch_size_(batch_size),
        identity_(std::move(identity)),
        models_(&request.model) {}

  void reserve_models(std::size_t count) { models_.reserve(count); }

  std::vector<std::string> columns() const override { return columns_; }
  Identity identity() const override { return identity_; }
  MeasuredChunk measure(const std::vector<Sample>& samples) override {
    const ModelPool::Loan model(models_);
    return ChunkScoring(request_, prepared_, columns_.size(), batch_size_, *model).run(samples);
  }

 private:
  const UtilityPassRequest& request_;
  const std::vector<Prepared>& prepared_;
  const std::vector<std::string> columns_;
  const std::size_t batch_size_;
  const Identity identity_;
  ModelPool models_;
};

const bool registered = config::add_table<UtilityPassOptions>(
    "utility_pass", "the walk over the pool that computes a utility");

}  // namespace

config::Help help(const UtilityPassOptions&) {
  config::Help all = help(WalkOptions{});
  all.push_back({"batch_size", "samples the model takes at once", config::at_least(1)});
  return all;
}

UtilityPass::UtilityPass(std::map<std::string, std::unique_ptr<UtilityEstimator>> estimators,
                         UtilityPassOptions options)
    : estimators_(std::move(estimators)), options_(options) {}

UtilityPass UtilityPass::from_config(const config::Value& table, const std::string& path,
                                     UtilityPassOptions options) {
  std::map<std::string, std::unique_ptr<UtilityEstimator>> made;
  if (!table.is_table()) config::fail_value(table, path, "expected a table");
  if (table.child("type") != nullptr) {
    made.emplace(path, utilities().create(table, path));
  } else {
    for (const auto& [key, value] : table.table()) {
      made.emplace(key, utilities().create(value, config::join_key(path, key)));
    }
  }
  UtilityPass pass(std::move(made), options);
  pass.config_digest_ = digest_of(table.to_json());
  return pass;
}

bool UtilityPass::uses_anchors() const {
  return std::any_of(estimators_.begin(), estimators_.end(),
                     [](const auto& entry) { return entry.second->uses_anchors(); });
}

std::vector<std::string> UtilityPass::columns(const std::vector<std::string>& anchor_sets) const {
  std::vector<std::string> names;
  for (const auto& [name, estimator] : estimators_) {
    if (!estimator->uses_anchors() || anchor_sets.size() < 2) {
      names.push_back(name);
      continue;
    }
    for (const std::string& set : anchor_sets) names.push_back(fmt::format("{}.{}", name, set));
  }
  return names;
}

Identity UtilityPass::identity(const UtilityPassRequest& request) const {
  Digest estimators, anchors;
  estimators.add(kFormatVersion).add(config_digest_);
  for (const auto& [name, estimator] : estimators_) estimators.add(name);
  estimators.add(static_cast<std::uint64_t>(options_.batch_size));
  for (const AnchorSet& set : request.anchors) {
    anchors.add(set.name);
    for (const ModelInput& input : set.inputs) {
      for (const std::int64_t token : input.tokens) anchors.add(static_cast<std::uint64_t>(token));
      for (const VisualTokens& visual : input.visual) add_to(anchors, visual);
    }
  }
  Identity identity = {{"estimators", estimators.hex()},
                       {"anchors", anchors.hex()},
                       {"seed", std::to_string(request.seed)},
                       {"model", weights_digest(request.model)}};
  if (!request.identity.empty()) identity["setting"] = request.identity;
  return identity;
}

UtilityPassResult UtilityPass::run(const UtilityPassRequest& request) const {
  const double start = thread_cpu_seconds();
  std::vector<std::string> set_names;
  for (const AnchorSet& set : request.anchors) set_names.push_back(set.name);

  const OneThreadInside one_thread_inside;
  std::vector<Prepared> prepared;
  UtilityPassResult result;
  std::size_t next_column = 0;
  for (const auto& [name, estimator] : estimators_) {
    const double before = thread_cpu_seconds();
    Prepared entry{name, estimator->passes(), estimator->uses_anchors(), next_column, 1, {}};
    if (entry.uses_anchors) entry.columns = std::max<std::size_t>(1, request.anchors.size());
    entry.scorer = estimator->prepare(request.model, request.anchors, request.seed);
    next_column += entry.columns;
    result.costs[name].prepare_cpu_seconds = thread_cpu_seconds() - before;
    prepared.push_back(std::move(entry));
  }
  // By id: which samples share a batch, and with it the last bits of a number, does not depend on
  // the order of a pool's files.
  const ChunkPlan plan =
      plan_by_id(request.pool, request.rows, static_cast<std::size_t>(options_.chunk_samples));
  UtilityMaker maker(request, prepared, columns(set_names),
                     static_cast<std::size_t>(options_.batch_size),
                     request.journal.empty() ? Identity{} : identity(request));
  maker.reserve_models(std::min(worker_count(), std::max<std::size_t>(1, plan.chunks())));
  WalkRequest walked{request.pool, plan, static_cast<const WalkOptions&>(options_)};
  walked.words = {"Utility", "could not be scored", "utility_pass.maximum_failed_share",
                  "Repair the data and run again with utility_pass.retry_failed=true, or raise the "
                  "share."};
  walked.journal = request.journal;
  const double before = thread_cpu_seconds();
  static_cast<WalkResult&>(result) = walk(maker, walked);
  result.cpu_seconds += before - start;
  result.totals.resize(kCostTotals * prepared.size());
  for (std::size_t e = 0; e < prepared.size(); ++e) {
    UtilityCost& cost = result.costs[prepared[e].name];
    cost.cpu_seconds = result.totals[kCostTotals * e];
    cost.flops = result.totals[kCostTotals * e + 1];
  }
  return result;
}

}  // namespace winnow
