#include "measuring/walk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "core/cpu_clock.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "measuring/row_journal.h"

namespace winnow {
namespace {

// What of the walk itself decides whether a journal is its own. Rows go by their place in the plan,
// so that a pool whose rows are in another order keeps its journal.
Identity identity_of(const ColumnMaker& maker, const Pool& pool, const ChunkPlan& plan) {
  Identity identity = maker.identity();
  Digest samples, chunks, columns;
  for (const std::uint32_t row : plan.rows()) {
    const ContentDigest& content = pool.rows().content(row);
    samples.add(pool.rows().id(row)).add(content.first).add(content.second);
  }
  for (const std::uint32_t end : plan.ends()) chunks.add(std::uint64_t{end});
  for (const std::string& column : maker.columns()) columns.add(column);
  identity["samples"] = samples.hex();
  identity["chunks"] = chunks.hex();
  identity["columns"] = columns.hex();
  return identity;
}

// Beside the journal, as the system's folder for temporary files may lie in memory.
std::filesystem::path scratch_folder(const WalkRequest& request) {
  const std::filesystem::path beside = request.journal.parent_path();
  return beside.empty() ? std::filesystem::temp_directory_path() : beside;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class Walk {
 public:
  Walk(ColumnMaker& maker, const WalkRequest& request)
      : maker_(maker),
        request_(request),
        pool_(request.pool),
        plan_(request.plan),
        progress_(request.words.title, static_cast<std::int64_t>(plan_.rows().size()), "samples"),
        finished_(plan_.chunks()) {
    for (const std::string& name : maker.columns()) {
      columns_.push_back(Column::missing(name, pool_.size()));
    }
    for (std::size_t kind = 0; kind < maker.vector_kinds(); ++kind) {
      result_.vectors.emplace_back(pool_.size(), scratch_folder(request));
    }
  }

  WalkResult run() {
    const double start = thread_cpu_seconds();
    if (!request_.journal.empty()) resume();
    check_failures();
    const double before = thread_cpu_seconds();
    measure_pending();
    const double after = thread_cpu_seconds();
    finish();
    result_.cpu_seconds = (before - start) + chunk_seconds_ + (thread_cpu_seconds() - after);
    return std::move(result_);
  }

 private:
  void resume() {
    journal_ = std::make_unique<RowJournal>(request_.journal, identity_of(maker_, pool_, plan_));
    // A chunk that a retry measured again is there twice: the last version counts.
    std::map<std::uint64_t, const RowJournal::Entry*> last;
    for (const RowJournal::Entry& entry : journal_->entries()) {
      result_.earlier_cpu_seconds += entry.cpu_seconds;
      last[entry.index] = &entry;
    }
    for (const auto& [index, entry] : last) {
      if (request_.options.retry_failed && entry->has_failure) continue;
      finished_[index] = true;
      result_.resumed_rows += plan_.chunk(index).size();
      take(index, journal_->read(*entry).measured);
    }
    progress_.resume(static_cast<std::int64_t>(result_.resumed_rows));
  }

  void measure_pending() {
    std::vector<std::uint32_t> pending;
    for (std::size_t i = 0; i < plan_.chunks(); ++i) {
      if (!finished_[i]) pending.push_back(static_cast<std::uint32_t>(i));
    }
    parallel_for(
        pending.size(),
        [&](std::size_t i) {
          if (stopped_) return;
          try {
            measure(pending[i]);
          } catch (...) {
            end_with(std::current_exception());
          }
        },
        request_.workers);
    if (error_) std::rethrow_exception(error_);
  }

  void measure(std::size_t index) {
    const double start = thread_cpu_seconds();
    JournalChunk chunk;
    chunk.index = index;
    chunk.measured = measured(plan_.chunk(index));
    chunk.cpu_seconds = thread_cpu_seconds() - start;
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    chunk_seconds_ += chunk.cpu_seconds;
    if (journal_) journal_->append(chunk);
    take(index, chunk.measured);
    check_failures();
    progress_.advance(static_cast<std::int64_t>(plan_.chunk(index).size()));
  }

  MeasuredChunk measured(std::span<const std::uint32_t> rows) {
    std::vector<Sample> samples;
    samples.reserve(rows.size());
    std::vector<std::string> unreadable(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      try {
        samples.push_back(pool_.sample(rows[i]));
      } catch (const DataError& error) {
        unreadable[i] = first_line(error.what());
      }
    }
    MeasuredChunk found = maker_.measure(samples);
    check(found, samples.size());
    if (samples.size() == rows.size()) return found;
    std::vector<MeasuredRow> all;
    std::size_t next = 0;
    for (const std::string& reason : unreadable) {
      if (reason.empty()) {
        all.push_back(std::move(found.rows[next++]));
      } else {
        all.push_back({std::vector<Cell>(columns_.size(), Cell::failed(reason)),
                       std::vector<std::vector<float>>(result_.vectors.size())});
      }
    }
    found.rows = std::move(all);
    return found;
  }

  void check(const MeasuredChunk& found, std::size_t samples) const {
    if (found.rows.size() != samples) {
      throw std::logic_error(
          fmt::format("{} rows were measured of {}", found.rows.size(), samples));
    }
    for (const MeasuredRow& row : found.rows) {
      if (row.cells.size() == columns_.size() && row.vectors.size() == result_.vectors.size()) {
        continue;
      }
      throw std::logic_error(fmt::format("{} cells and {} vectors for {} columns and {} kinds",
                                         row.cells.size(), row.vectors.size(), columns_.size(),
                                         result_.vectors.size()));
    }
  }

  void take(std::size_t index, const MeasuredChunk& chunk) {
    const std::span<const std::uint32_t> rows = plan_.chunk(index);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const MeasuredRow& found = chunk.rows[i];
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const Cell& cell = found.cells[c];
        if (cell.state == CellState::valid) {
          columns_[c].set(rows[i], cell.value);
        } else {
          columns_[c].set(rows[i], cell.state);
        }
      }
      for (std::size_t k = 0; k < found.vectors.size(); ++k) {
        if (!found.vectors[k].empty()) result_.vectors[k].set(rows[i], found.vectors[k]);
      }
      if (const Cell* failure = found.failure()) {
        result_.failures.push_back(
            {rows[i], std::string(pool_.rows().id(rows[i])), failure->reason});
      }
    }
    if (!chunk.totals.empty()) totals_[index] = chunk.totals;
  }

  void check_failures() const {
    const std::vector<FailedRow>& failures = result_.failures;
    const std::size_t total = plan_.rows().size();
    const double share = request_.options.maximum_failed_share;
    if (static_cast<double>(failures.size()) <= share * static_cast<double>(total)) return;
    throw TooManyFailed(
        fmt::format("{}: {} of {} samples {} so far, more than {} = {} allows:{}\n{}",
                    request_.words.title, failures.size(), total, request_.words.failed,
                    request_.words.share_option, share, summary_of(failures),
                    request_.words.remedy),
        failures.size(), total);
  }

  void finish() {
    result_.table = SampleTable(pool_.shared_rows());
    for (Column& column : columns_) result_.table.add(std::move(column));
    // In the order of the plan, whatever was finished first.
    for (const auto& [index, totals] : totals_) {
      result_.totals.resize(std::max(result_.totals.size(), totals.size()));
      for (std::size_t i = 0; i < totals.size(); ++i) result_.totals[i] += totals[i];
    }
    std::sort(result_.failures.begin(), result_.failures.end(),
              [](const FailedRow& a, const FailedRow& b) { return a.row < b.row; });
    if (result_.failures.empty()) return;
    spdlog::warn("{}: {} of {} samples {}:{}", request_.words.title, result_.failures.size(),
                 plan_.rows().size(), request_.words.failed, summary_of(result_.failures));
  }

  // The first error counts; what others throw since they were stopped does not.
  void end_with(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    error_ = std::move(error);
    stopped_ = true;
    maker_.stop();
  }

  ColumnMaker& maker_;
  const WalkRequest& request_;
  const Pool& pool_;
  const ChunkPlan& plan_;
  Progress progress_;
  std::unique_ptr<RowJournal> journal_;
  std::vector<bool> finished_;  // chunks of the journal
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // guards the rest
  std::vector<Column> columns_;
  WalkResult result_;
  std::map<std::size_t, std::vector<double>> totals_;  // by chunk
  double chunk_seconds_ = 0.0;
  std::exception_ptr error_;
};

}  // namespace

const Cell* MeasuredRow::failure() const {
  const auto failed = std::find_if(
      cells.begin(), cells.end(), [](const Cell& cell) { return cell.state == CellState::failed; });
  return failed == cells.end() ? nullptr : &*failed;
}

config::Help help(const WalkOptions&) {
  return {
      {"chunk_samples", "samples a thread measures and the journal stores at once",
       config::at_least(1)},
      {"maximum_failed_share", "share of samples that may fail before the pass stops",
       config::between(0, 1)},
      {"retry_failed",
       "measure the chunks again that have failed samples, of an interrupted pass or a complete "
       "one"}};
}

WalkResult walk(ColumnMaker& maker, const WalkRequest& request) {
  return Walk(maker, request).run();
}

}  // namespace winnow
