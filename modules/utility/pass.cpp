#include "utility/pass.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <set>
#include <span>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "descriptors/row_journal.h"
#include "models/model_pool.h"
#include "utility/chunk_scoring.h"

namespace winnow {
namespace {

using detail::ChunkScoring;
using detail::kCostCells;
using detail::Prepared;
using detail::thread_cpu_seconds;

// Raised when the same inputs give other numbers than before.
constexpr std::uint64_t kFormatVersion = 2;

// Rows by id: which samples share a batch, and with it the last bits of a number, does not depend
// on the order of a pool's files.
std::vector<std::size_t> rows_by_id(const std::vector<Sample>& samples) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return samples[a].id < samples[b].id; });
  return order;
}

// Columns being filled, failures and costs.
class Collected {
 public:
  Collected(const std::vector<std::string>& names, const UtilityPassRequest& request,
            const std::vector<Prepared>& prepared, double maximum_failed_share)
      : request_(request), prepared_(prepared), maximum_failed_share_(maximum_failed_share) {
    for (const std::string& name : names) {
      columns.push_back(Column::missing(name, request.samples.size()));
    }
  }

  void add(const MeasuredChunk& chunk) {
    for (const MeasuredRow& row : chunk.rows) {
      const Cell* failed = nullptr;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const Cell& cell = row.cells.at(i);
        if (cell.state == CellState::valid) {
          columns[i].set(row.row, cell.value);
        } else {
          columns[i].set(row.row, cell.state);
        }
        if (cell.state == CellState::failed && failed == nullptr) failed = &cell;
      }
      if (failed != nullptr) {
        failures.push_back({row.row, request_.samples[row.row].id, failed->reason});
      }
      for (std::size_t e = 0; e < prepared_.size(); ++e) {
        const Cell* cells = &row.cells.at(columns.size() + kCostCells * e);
        costs[prepared_[e].name].cpu_seconds += cells[0].value;
        costs[prepared_[e].name].flops += cells[1].value;
      }
    }
    const double allowed = maximum_failed_share_ * static_cast<double>(request_.samples.size());
    if (static_cast<double>(failures.size()) <= allowed) return;
    std::map<std::string, std::size_t> counts;
    for (const FailedRow& failure : failures) ++counts[failure.reason];
    const auto most =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    throw DataError(fmt::format(
        "{} of {} samples could not be scored so far, more than utility_pass.maximum_failed_share "
        "= {} allows; most often ({} x): {}\nRepair the data and run again with "
        "utility_pass.retry_failed=true, or raise the share.",
        failures.size(), request_.samples.size(), maximum_failed_share_, most->second,
        most->first));
  }

  std::vector<Column> columns;
  std::vector<FailedRow> failures;
  std::map<std::string, UtilityCost> costs;

 private:
  const UtilityPassRequest& request_;
  const std::vector<Prepared>& prepared_;
  double maximum_failed_share_;
};

const bool registered = config::add_table<UtilityPassOptions>(
    "utility_pass", "the walk over the pool that computes a utility");

}  // namespace

config::Help help(const UtilityPassOptions&) {
  return {{"batch_size", "samples the model takes at once", config::at_least(1)},
          {"chunk_samples", "samples a thread scores and the journal stores at once",
           config::at_least(1)},
          {"maximum_failed_share", "share of samples that may fail before the pass stops",
           config::between(0, 1)},
          {"retry_failed",
           "score the chunks again that have failed samples, of an interrupted pass or a complete "
           "one"}};
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
    for (const std::string& set : anchor_sets) names.push_back(name + "." + set);
  }
  return names;
}

std::string UtilityPass::identity(const UtilityPassRequest& request, const RowTable& facts) const {
  Digest digest;
  digest.add(kFormatVersion).add(config_digest_).add(request.identity).add(request.seed);
  for (const auto& [name, estimator] : estimators_) digest.add(name);
  digest.add(static_cast<std::uint64_t>(options_.batch_size));
  digest.add(static_cast<std::uint64_t>(options_.chunk_samples));
  for (std::size_t row = 0; row < facts.size(); ++row) {
    digest.add(facts.id(row)).add(facts.content_digest(row));
  }
  for (const AnchorSet& set : request.anchors) {
    digest.add(set.name);
    for (const ModelInput& input : set.inputs) {
      for (const std::int64_t token : input.tokens) digest.add(static_cast<std::uint64_t>(token));
      for (const VisualTokens& visual : input.visual) add_to(digest, visual);
    }
  }
  digest.add(weights_digest(request.model));
  return digest.hex();
}

UtilityPassResult UtilityPass::run(const UtilityPassRequest& request) const {
  const double start = thread_cpu_seconds();
  RowTable facts = facts_of(request.samples);
  std::vector<std::string> set_names;
  for (const AnchorSet& set : request.anchors) set_names.push_back(set.name);
  const std::vector<std::string> names = columns(set_names);

  const OneThreadInside one_thread_inside;
  std::vector<Prepared> prepared;
  std::map<std::string, UtilityCost> costs;
  std::size_t next_column = 0;
  for (const auto& [name, estimator] : estimators_) {
    const double before = thread_cpu_seconds();
    Prepared entry{name, estimator->passes(), estimator->uses_anchors(), next_column, 1, {}};
    if (entry.uses_anchors) entry.columns = std::max<std::size_t>(1, request.anchors.size());
    entry.scorer = estimator->prepare(request.model, request.anchors, request.seed);
    next_column += entry.columns;
    costs[name].prepare_cpu_seconds = thread_cpu_seconds() - before;
    prepared.push_back(std::move(entry));
  }
  Collected collected(names, request, prepared, options_.maximum_failed_share);
  collected.costs = std::move(costs);
  UtilityPassResult result;
  Progress progress("Utility", static_cast<std::int64_t>(request.samples.size()), "samples");

  std::unique_ptr<RowJournal> journal;
  std::set<std::size_t> finished;
  if (!request.journal.empty()) {
    journal = std::make_unique<RowJournal>(request.journal, identity(request, facts));
    // A chunk that a retry scored again is there twice: the last version counts.
    std::map<std::size_t, MeasuredChunk> last;
    for (MeasuredChunk& chunk : journal->take_chunks()) {
      result.earlier_cpu_seconds += chunk.cpu_seconds;
      last[chunk.index] = std::move(chunk);
    }
    for (const auto& [index, chunk] : last) {
      if (options_.retry_failed && has_failure(chunk)) continue;
      finished.insert(index);
      result.resumed_rows += chunk.rows.size();
      collected.add(chunk);
    }
    progress.advance(static_cast<std::int64_t>(result.resumed_rows));
  }
  const std::vector<std::size_t> order = rows_by_id(request.samples);
  const auto size = static_cast<std::size_t>(options_.chunk_samples);
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i * size < request.samples.size(); ++i) {
    if (finished.count(i) == 0) pending.push_back(i);
  }

  ModelPool models(&request.model);
  models.reserve(std::min(worker_count(), std::max<std::size_t>(1, pending.size())));
  const double before_chunks = thread_cpu_seconds();
  double chunk_seconds = 0.0;
  std::mutex mutex;
  parallel_for(pending.size(), [&](std::size_t i) {
    const double chunk_start = thread_cpu_seconds();
    VisionLanguageModel* model = models.take();
    MeasuredChunk chunk;
    chunk.index = pending[i];
    chunk.rows = ChunkScoring(request, prepared, names.size(),
                              static_cast<std::size_t>(options_.batch_size), *model)
                     .run(std::span(order).subspan(
                         pending[i] * size, std::min(size, order.size() - pending[i] * size)));
    models.give_back(model);
    chunk.cpu_seconds = thread_cpu_seconds() - chunk_start;
    const std::lock_guard lock(mutex);
    chunk_seconds += chunk.cpu_seconds;
    if (journal) journal->append(chunk);
    collected.add(chunk);
    progress.advance(static_cast<std::int64_t>(chunk.rows.size()));
  });
  const double after_chunks = thread_cpu_seconds();

  result.table = SampleTable(std::move(facts));
  for (Column& column : collected.columns) result.table.add(std::move(column));
  std::sort(collected.failures.begin(), collected.failures.end(),
            [](const FailedRow& a, const FailedRow& b) { return a.row < b.row; });
  if (!collected.failures.empty()) {
    spdlog::warn("{} of {} samples could not be scored, e.g. '{}': {}", collected.failures.size(),
                 request.samples.size(), collected.failures.front().id,
                 collected.failures.front().reason);
  }
  result.failures = std::move(collected.failures);
  result.costs = std::move(collected.costs);
  result.cpu_seconds =
      (before_chunks - start) + chunk_seconds + (thread_cpu_seconds() - after_chunks);
  return result;
}

}  // namespace winnow
