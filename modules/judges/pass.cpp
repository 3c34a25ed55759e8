#include "judges/pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "core/errors.h"
#include "core/hash.h"

namespace winnow {
namespace {

// One judge as a maker of its column.
class JudgeMaker : public ColumnMaker {
 public:
  JudgeMaker(Judge& judge, std::string name, std::size_t samples)
      : judge_(judge), name_(std::move(name)), samples_(samples) {}

  std::vector<std::string> columns() const override { return {name_}; }
  Identity identity() const override { return {{"judge", judge_.identity()}}; }
  MeasuredChunk measure(const std::vector<Sample>& samples) override {
    MeasuredChunk chunk;
    for (const Sample& sample : samples) {
      const Verdict verdict = judge_.judge(sample);
      check_available(verdict);
      chunk.rows.push_back(
          {{verdict.score ? Cell::number(*verdict.score) : Cell::failed(verdict.reason)}});
    }
    return chunk;
  }
  void stop() override { judge_.stop(); }

 private:
  void check_available(const Verdict& verdict) {
    const std::lock_guard lock(mutex_);
    if (verdict.score) ++judged_;
    const bool unavailable = !verdict.score && verdict.unavailable;
    unavailable_ = unavailable ? unavailable_ + 1 : 0;
    if (unavailable_ < judge_.limits().maximum_unavailable_in_a_row) return;
    throw IoError(fmt::format(
        "judge '{}': {} samples in a row had no answer ({}); {} of {} are judged and kept. Run "
        "again when the judge is back.",
        name_, unavailable_, verdict.reason, judged_, samples_));
  }

  Judge& judge_;
  const std::string name_;
  const std::size_t samples_;     // all of them
  std::mutex mutex_;              // guards the rest
  std::int64_t unavailable_ = 0;  // in a row
  std::size_t judged_ = 0;
};

}  // namespace

config::Help help(const JudgeLimits&) {
  return {{"concurrency", "samples that wait for an answer at once", config::at_least(1)},
          {"maximum_failed_share", "share of samples that may be left without a score",
           config::between(0, 1)},
          {"maximum_unavailable_in_a_row",
           "samples without an answer, one after the other, that mean the judge is gone",
           config::at_least(1)}};
}

config::ComponentKind<Judge>& judges() {
  static config::ComponentKind<Judge> kind("judge");
  return kind;
}

JudgePass::JudgePass(std::map<std::string, std::unique_ptr<Judge>> judges)
    : judges_(std::move(judges)) {}

JudgePass JudgePass::from_config(const config::Value& table, const std::string& path) {
  std::map<std::string, std::unique_ptr<Judge>> made;
  if (!table.is_table()) config::fail_value(table, path, "expected a table");
  if (table.child("type") != nullptr) {
    made.emplace(path, judges().create(table, path));
  } else {
    for (const auto& [key, value] : table.table()) {
      made.emplace(key, judges().create(value, config::join_key(path, key)));
    }
  }
  return JudgePass(std::move(made));
}

std::vector<std::string> JudgePass::columns() const {
  std::vector<std::string> names;
  for (const auto& [name, judge] : judges_) names.push_back(name);
  return names;
}

std::string JudgePass::identity() const {
  Digest digest;
  for (const auto& [name, judge] : judges_) digest.add(name).add(judge->identity());
  return digest.hex();
}

std::map<std::string, double> JudgePass::maximum_failed_shares() const {
  std::map<std::string, double> shares;
  for (const auto& [name, judge] : judges_) shares[name] = judge->limits().maximum_failed_share;
  return shares;
}

JudgePassResult JudgePass::run(const Pool& pool, const std::filesystem::path& cache,
                               std::uint64_t seed, const WantedRows& rows) const {
  for (const auto& [name, judge] : judges_) judge->open(cache, seed);
  // One by one: a judge waits for answers, and each may end the walk.
  const ChunkPlan plan = plan_in_order(pool, rows, 1);
  JudgePassResult result;
  result.table = SampleTable(pool.shared_rows());
  for (const auto& [name, judge] : judges_) {
    JudgeMaker maker(*judge, name, plan.rows().size());
    WalkRequest request{pool, plan};
    request.options.maximum_failed_share = judge->limits().maximum_failed_share;
    request.words = {
        "judge '" + name + "'", "have no score", "maximum_failed_share",
        "Answers are kept. Repair prompt, data or judge and run again, or raise the share."};
    request.workers = static_cast<std::size_t>(judge->limits().concurrency);
    WalkResult walked = walk(maker, request);
    result.table.add(walked.table.column(name));
    for (FailedRow& failure : walked.failures)
      result.failures.push_back({std::move(failure), name});
    result.costs[name] = judge->cost();
  }
  return result;
}

}  // namespace winnow
