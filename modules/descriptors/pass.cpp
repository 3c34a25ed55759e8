#include "descriptors/pass.h"

#include <spdlog/spdlog.h>
#include <time.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "descriptors/chunk.h"
#include "descriptors/row_journal.h"
#include "models/model_pool.h"

namespace winnow {
namespace {

// Raised when the same inputs give other numbers than before.
constexpr std::uint64_t kFormatVersion = 1;

double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Columns being filled, and the ledger of failures.
class Collected {
 public:
  Collected(const std::vector<std::string>& names, const std::vector<Sample>& samples)
      : samples_(samples) {
    for (const std::string& name : names) {
      columns.push_back(Column::missing(name, samples.size()));
    }
    features.prompt.resize(samples.size());
    features.question.resize(samples.size());
  }

  void add(MeasuredChunk chunk) {
    for (MeasuredRow& row : chunk.rows) {
      const std::string* reason = nullptr;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const Cell& cell = row.cells.at(i);
        if (cell.state == CellState::valid) {
          columns[i].set(row.row, cell.value);
        } else {
          columns[i].set(row.row, cell.state);
        }
        if (cell.state == CellState::failed && reason == nullptr) reason = &cell.reason;
      }
      if (reason != nullptr) failures.push_back({row.row, samples_[row.row].id, *reason});
      features.prompt[row.row] = std::move(row.prompt_features);
      features.question[row.row] = std::move(row.question_features);
    }
  }

  void check_failures(double maximum_share) const {
    const auto total = static_cast<double>(samples_.size());
    if (static_cast<double>(failures.size()) <= maximum_share * total) return;
    throw DataError(fmt::format(
        "{} of {} samples could not be measured so far, more than "
        "descriptors.maximum_failed_share = {} allows:{}\nRepair the data and run again with "
        "descriptors.retry_failed=true, or raise the share.",
        failures.size(), samples_.size(), maximum_share, summary()));
  }

  // The most frequent reasons, each with an example.
  std::string summary() const {
    std::map<std::string, std::pair<std::size_t, std::string>> by_reason;
    for (const FailedRow& failure : failures) {
      auto& [count, example] = by_reason[failure.reason];
      if (++count == 1) example = failure.id;
    }
    std::vector<std::pair<std::size_t, std::string>> lines;
    for (const auto& [reason, found] : by_reason) {
      lines.emplace_back(found.first, fmt::format("\n  {} x {} (e.g. sample '{}')", found.first,
                                                  reason, found.second));
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, lines.size()); ++i) text += lines[i].second;
    if (lines.size() > kShown) text += fmt::format("\n  {} other reasons", lines.size() - kShown);
    return text;
  }

  std::vector<Column> columns;
  PoolFeatures features;
  std::vector<FailedRow> failures;

 private:
  const std::vector<Sample>& samples_;
};

const bool registered = config::add_table<DescriptorPassOptions>(
    "descriptors",
    "the walk over the pool that computes descriptors; its sub-tables are descriptors");

}  // namespace

config::Help help(const DescriptorPassOptions&) {
  return {
      {"batch_size", "samples the model takes at once", config::at_least(1)},
      {"chunk_samples", "samples a thread measures and the journal stores at once",
       config::at_least(1)},
      {"maximum_failed_share", "share of samples that may fail before the pass stops",
       config::between(0, 1)},
      {"retry_failed",
       "measure the chunks again that have failed samples, of an interrupted pass or a complete "
       "one"},
      {"feature_dimensions", "wider features of the model are projected to this width at random",
       config::at_least(1)}};
}

DescriptorPass::DescriptorPass(std::map<std::string, std::unique_ptr<Descriptor>> descriptors,
                               DescriptorPassOptions options)
    : descriptors_(std::move(descriptors)), options_(options) {
  std::map<std::string, std::string> owners;
  std::string sampler;
  for (const auto& [name, descriptor] : descriptors_) {
    for (const std::string& column : descriptor->columns()) {
      const auto [owner, first] = owners.emplace(column, name);
      if (!first) {
        throw ConfigError("descriptors '" + owner->second + "' and '" + name +
                          "' both fill the column '" + column + "'");
      }
    }
    const Needs own = descriptor->needs();
    needs_.frames |= own.frames;
    needs_.loss_with_vision |= own.loss_with_vision;
    needs_.loss_without_vision |= own.loss_without_vision;
    needs_.loss_single_frame |= own.loss_single_frame;
    needs_.prompt_features |= own.prompt_features;
    needs_.question_features |= own.question_features;
    if (own.sampled_answers == 0) continue;
    if (!sampler.empty() && own.temperature != needs_.temperature) {
      throw ConfigError(
          fmt::format("descriptors '{}' and '{}' want answers sampled at different temperatures, "
                      "{} and {}: sampling is shared",
                      sampler, name, needs_.temperature, own.temperature));
    }
    sampler = name;
    needs_.temperature = own.temperature;
    needs_.sampled_answers = std::max(needs_.sampled_answers, own.sampled_answers);
    needs_.answer_tokens = std::max(needs_.answer_tokens, own.answer_tokens);
  }
}

DescriptorPass DescriptorPass::from_config(const config::Value& table, const std::string& path) {
  std::map<std::string, std::unique_ptr<Descriptor>> made;
  std::vector<std::string> names;
  if (table.is_table()) {
    for (const auto& [key, value] : table.table()) {
      if (!value.is_table()) continue;
      names.push_back(key);
      made.emplace(key, winnow::descriptors().create(value, config::join_key(path, key)));
    }
  }
  const auto options = config::bind<DescriptorPassOptions>(table, path, names);
  DescriptorPass pass(std::move(made), options);
  config::Value measured = table;
  measured.erase("maximum_failed_share");
  measured.erase("retry_failed");
  pass.config_digest_ = digest_of(measured.to_json());
  return pass;
}

std::vector<std::string> DescriptorPass::columns() const {
  std::vector<std::string> names;
  for (const auto& [name, descriptor] : descriptors_) {
    for (std::string& column : descriptor->columns()) names.push_back(std::move(column));
  }
  return names;
}

std::string DescriptorPass::identity(const DescriptorPassRequest& request,
                                     const RowTable& facts) const {
  Digest digest;
  digest.add(kFormatVersion).add(config_digest_).add(request.identity).add(request.seed);
  for (const std::string& column : columns()) digest.add(column);
  for (const std::int64_t option :
       {options_.batch_size, options_.chunk_samples, options_.feature_dimensions}) {
    digest.add(static_cast<std::uint64_t>(option));
  }
  for (std::size_t row = 0; row < facts.size(); ++row) {
    digest.add(facts.id(row)).add(facts.content_digest(row));
  }
  if (needs_.model()) digest.add(weights_digest(*request.model));
  return digest.hex();
}

DescriptorPassResult DescriptorPass::run(const DescriptorPassRequest& request) const {
  if (needs_.model() && request.model == nullptr) {
    throw ConfigError("these descriptors need a model and there is none");
  }
  const double start = thread_cpu_seconds();
  RowTable facts = facts_of(request.samples);
  const auto chunks =
      detail::chunks_of(request.samples, static_cast<std::size_t>(options_.chunk_samples));
  Collected collected(columns(), request.samples);
  DescriptorPassResult result;
  Progress progress("Descriptors", static_cast<std::int64_t>(request.samples.size()), "samples");

  std::unique_ptr<RowJournal> journal;
  std::set<std::size_t> finished;
  if (!request.journal.empty()) {
    journal = std::make_unique<RowJournal>(request.journal, identity(request, facts));
    // A chunk that a retry measured again is there twice: the last version counts.
    std::map<std::size_t, MeasuredChunk> last;
    for (MeasuredChunk& chunk : journal->take_chunks()) {
      result.earlier_cpu_seconds += chunk.cpu_seconds;
      last[chunk.index] = std::move(chunk);
    }
    for (auto& [index, chunk] : last) {
      if (options_.retry_failed && has_failure(chunk)) continue;
      finished.insert(index);
      result.resumed_rows += chunk.rows.size();
      collected.add(std::move(chunk));
    }
    progress.advance(static_cast<std::int64_t>(result.resumed_rows));
  }
  collected.check_failures(options_.maximum_failed_share);
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (finished.count(i) == 0) pending.push_back(i);
  }

  const double before_chunks = thread_cpu_seconds();
  double chunk_seconds = 0.0;
  {
    const OneThreadInside one_thread_inside;
    ModelPool models(needs_.model() ? request.model : nullptr);
    std::mutex mutex;
    parallel_for(pending.size(), [&](std::size_t i) {
      const double chunk_start = thread_cpu_seconds();
      VisionLanguageModel* model = models.take();
      MeasuredChunk chunk;
      chunk.index = pending[i];
      chunk.rows = detail::ChunkMeasurement(request, descriptors_, needs_, options_, model,
                                            chunks[pending[i]])
                       .run();
      models.give_back(model);
      chunk.cpu_seconds = thread_cpu_seconds() - chunk_start;
      const auto count = static_cast<std::int64_t>(chunk.rows.size());
      const std::lock_guard lock(mutex);
      chunk_seconds += chunk.cpu_seconds;
      if (journal) journal->append(chunk);
      collected.add(std::move(chunk));
      collected.check_failures(options_.maximum_failed_share);
      progress.advance(count);
    });
  }
  const double after_chunks = thread_cpu_seconds();

  result.table = SampleTable(std::move(facts));
  for (Column& column : collected.columns) result.table.add(std::move(column));
  for (const auto& [name, descriptor] : descriptors_) {
    descriptor->finish(result.table, collected.features, request.seed);
  }
  std::sort(collected.failures.begin(), collected.failures.end(),
            [](const FailedRow& a, const FailedRow& b) { return a.row < b.row; });
  if (!collected.failures.empty()) {
    spdlog::warn("{} of {} samples could not be measured:{}", collected.failures.size(),
                 request.samples.size(), collected.summary());
  }
  result.failures = std::move(collected.failures);
  result.cpu_seconds =
      (before_chunks - start) + chunk_seconds + (thread_cpu_seconds() - after_chunks);
  return result;
}

}  // namespace winnow
