#include "judges/pass.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/errors.h"
#include "core/hash.h"
#include "core/progress.h"

namespace winnow {
namespace {

// The most frequent reasons, each with an example.
std::string summary(const std::vector<UnjudgedRow>& failures) {
  std::map<std::string, std::pair<std::size_t, std::string>> by_reason;
  for (const UnjudgedRow& failure : failures) {
    auto& [count, example] = by_reason[failure.reason];
    if (++count == 1 || failure.id < example) example = failure.id;
  }
  std::vector<std::pair<std::size_t, std::string>> lines;
  for (const auto& [reason, found] : by_reason) {
    lines.emplace_back(found.first, fmt::format("\n  {} x {} (e.g. sample '{}')", found.first,
                                                reason, found.second));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr std::size_t shown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, lines.size()); ++i) text += lines[i].second;
  if (lines.size() > shown) text += fmt::format("\n  {} other reasons", lines.size() - shown);
  return text;
}

// One judge's walk over the samples.
class Walk {
 public:
  Walk(Judge& judge, std::string name, const std::vector<Sample>& samples)
      : judge_(judge),
        name_(std::move(name)),
        samples_(samples),
        verdicts_(samples.size()),
        progress_("Judge: " + name_, static_cast<std::int64_t>(samples.size()), "samples") {}

  void run() {
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(judge_.limits().concurrency),
                                             std::max<std::size_t>(1, samples_.size()));
    std::vector<std::thread> threads;
    try {
      for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    } catch (...) {  // the system has no more threads; those there are can do it
      if (threads.empty()) throw;
    }
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

  Column column() const {
    Column column = Column::missing(name_, samples_.size());
    for (std::size_t row = 0; row < samples_.size(); ++row) {
      if (verdicts_[row].score) {
        column.set(row, *verdicts_[row].score);
      } else {
        column.set(row, CellState::failed);
      }
    }
    return column;
  }

  std::vector<UnjudgedRow> take_failures() {
    std::sort(failures_.begin(), failures_.end(),
              [](const UnjudgedRow& a, const UnjudgedRow& b) { return a.row < b.row; });
    return std::move(failures_);
  }

 private:
  void work() {
    while (!stopped_) {
      const std::size_t row = next_++;
      if (row >= samples_.size()) return;
      try {
        Verdict verdict = judge_.judge(samples_[row]);
        if (stopped_) return;
        take(row, std::move(verdict));
      } catch (...) {
        end_with(std::current_exception());
      }
    }
  }

  void take(std::size_t row, Verdict verdict) {
    const std::lock_guard lock(mutex_);
    if (!verdict.score) {
      failures_.push_back({row, name_, samples_[row].id, verdict.reason});
      const JudgeLimits& limits = judge_.limits();
      unavailable_ = verdict.unavailable ? unavailable_ + 1 : 0;
      if (unavailable_ >= limits.maximum_unavailable_in_a_row) {
        throw IoError(fmt::format(
            "judge '{}': {} samples in a row had no answer ({}); {} of {} are judged and kept. Run "
            "again when the judge is back.",
            name_, unavailable_, verdict.reason, done_ - failures_.size() + 1, samples_.size()));
      }
      check_unjudged(failures_, samples_.size(), limits.maximum_failed_share);
    } else {
      unavailable_ = 0;
    }
    verdicts_[row] = std::move(verdict);
    ++done_;
    progress_.advance();
  }

  void end_with(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    error_ = std::move(error);
    stopped_ = true;
    judge_.stop();
  }

  Judge& judge_;
  const std::string name_;
  const std::vector<Sample>& samples_;
  std::vector<Verdict> verdicts_;
  Progress progress_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // guards the rest
  std::vector<UnjudgedRow> failures_;
  std::int64_t unavailable_ = 0;  // in a row
  std::size_t done_ = 0;
  std::exception_ptr error_;
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

void check_unjudged(const std::vector<UnjudgedRow>& failures, std::size_t total,
                    double maximum_share) {
  if (static_cast<double>(failures.size()) <= maximum_share * static_cast<double>(total)) return;
  throw DataError(fmt::format(
      "judge '{}': {} of {} samples have no score so far, more than maximum_failed_share = {} "
      "allows:{}\nAnswers are kept. Repair prompt, data or judge and run again, or raise the "
      "share.",
      failures.front().column, failures.size(), total, maximum_share, summary(failures)));
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

JudgePassResult JudgePass::run(const std::vector<Sample>& samples,
                               const std::filesystem::path& cache, std::uint64_t seed) const {
  for (const auto& [name, judge] : judges_) judge->open(cache, seed);
  JudgePassResult result;
  result.table = SampleTable(facts_of(samples));
  for (const auto& [name, judge] : judges_) {
    Walk walk(*judge, name, samples);
    walk.run();
    result.table.add(walk.column());
    const std::vector<UnjudgedRow> failures = walk.take_failures();
    if (!failures.empty()) {
      spdlog::warn("judge '{}': {} of {} samples have no score:{}", name, failures.size(),
                   samples.size(), summary(failures));
    }
    result.failures.insert(result.failures.end(), failures.begin(), failures.end());
    result.costs[name] = judge->cost();
  }
  return result;
}

}  // namespace winnow
