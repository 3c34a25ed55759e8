#pragma once
// A pool of texts and a maker whose numbers can be worked out by hand.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/progress.h"
#include "measuring/walk.h"
#include "temporary_folder.h"

namespace winnow::test {

inline Sample text_sample(const std::string& id, const std::string& question,
                          const std::string& medium = {}) {
  Sample sample;
  sample.id = id;
  sample.source = "test";
  if (!medium.empty()) {
    Media picture;
    picture.paths = {"/" + medium};
    sample.media = {picture};
  }
  sample.turns = {{Turn::Role::user, question}, {Turn::Role::assistant, "yes"}};
  return sample;
}

// Questions of 1, 2, 3 ... letters.
inline std::vector<Sample> text_samples(std::size_t count) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back(text_sample("s" + std::to_string(i), std::string(i + 1, 'q')));
  }
  return samples;
}

// Columns: `length` of the question in letters; `among`, the same over that of all samples of the
// chunk, which shows what was measured together; `even`, 1 for an even length and not applicable
// for an odd one. A vector of each sample but the shortest, and the letters as a total.
class LengthMaker : public ColumnMaker {
 public:
  std::vector<std::string> columns() const override { return {"length", "among", "even"}; }
  std::size_t vector_kinds() const override { return 1; }
  Identity identity() const override { return {{"version", version}}; }
  MeasuredChunk measure(const std::vector<Sample>& samples) override {
    MeasuredChunk chunk{{}, {0.0}};
    for (const Sample& sample : samples) chunk.totals[0] += length(sample);
    for (const Sample& sample : samples) {
      ++measured;
      if (before) before(sample);
      const double own = length(sample);
      MeasuredRow row;
      const auto failed = failures.find(sample.id);
      row.cells = {Cell::number(own), Cell::number(own / chunk.totals[0]),
                   static_cast<int>(own) % 2 == 0 ? Cell::number(1.0) : Cell::not_applicable()};
      if (failed != failures.end()) row.cells[1] = Cell::failed(failed->second);
      row.vectors.resize(1);
      if (own > 1.0) row.vectors[0] = {static_cast<float>(own), -static_cast<float>(own)};
      chunk.rows.push_back(std::move(row));
    }
    return chunk;
  }
  void stop() override { ++stopped; }

  std::string version = "1";
  std::map<std::string, std::string> failures;  // by id
  std::function<void(const Sample&)> before;
  std::atomic<std::size_t> measured{0};
  std::atomic<int> stopped{0};

 private:
  static double length(const Sample& sample) {
    return static_cast<double>(sample.question().size());
  }
};

// Every bit of a result, costs and what was resumed aside, by sample id.
inline std::map<std::string, std::string> content(const WalkResult& result) {
  std::map<std::string, std::string> all;
  for (std::size_t row = 0; row < result.table.size(); ++row) {
    std::string& own = all[std::string(result.table.rows().id(row))];
    for (const std::string& name : result.table.column_names()) {
      const Column& column = result.table.column(name);
      const double value = column.valid(row) ? column.values(row) : 0.0;
      own += name + std::string(reinterpret_cast<const char*>(&value), sizeof value);
      own += static_cast<char>('0' + column.states(row));
    }
    for (const RowVectors& vectors : result.vectors) {
      if (!vectors.has(row)) continue;
      for (const float number : vectors[row]) own += std::to_string(number) + " ";
    }
  }
  for (const FailedRow& failure : result.failures) all[failure.id] += failure.reason;
  return all;
}

class WalkTest : public testing::Test {
 protected:
  WalkTest() { Progress::set_enabled(false); }

  WalkResult walk_over(LengthMaker& maker, const Pool& pool) const {
    const ChunkPlan plan =
        plan_by_id(pool, rows_, static_cast<std::size_t>(options_.chunk_samples));
    WalkRequest request{pool, plan, options_};
    request.journal = journal_;
    request.words.share_option = "test.maximum_failed_share";
    return walk(maker, request);
  }
  WalkResult walk_over(LengthMaker& maker) const { return walk_over(maker, Pool(samples_)); }

  const std::filesystem::path folder_ = testing_support::temporary_folder();
  std::vector<Sample> samples_ = text_samples(14);
  WantedRows rows_;
  WalkOptions options_ = {4, 0.0, false};
  std::filesystem::path journal_;
};

}  // namespace winnow::test
