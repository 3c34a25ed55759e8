#pragma once
// One walk over a pool that makes columns: chunk by chunk on several threads, with a journal of
// what is finished. Results depend neither on threads nor on the order of chunks nor on
// interruptions. Memory beyond the columns does not grow with the pool but by its plan and a few
// bytes a chunk, also when a walk is resumed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/options.h"
#include "measuring/chunk_plan.h"
#include "measuring/column_maker.h"
#include "measuring/failed_rows.h"
#include "measuring/row_vectors.h"

namespace winnow {

// What every walk can be told in a config.
struct WalkOptions {
  std::int64_t chunk_samples = 256;
  double maximum_failed_share = 0.01;
  bool retry_failed = false;
};
BOOST_DESCRIBE_STRUCT(WalkOptions, (), (chunk_samples, maximum_failed_share, retry_failed))
config::Help help(const WalkOptions&);

// How a walk speaks to the user.
struct WalkWords {
  std::string title = "Measuring";               // of the progress
  std::string failed = "could not be measured";  // samples that failed
  std::string share_option = "maximum_failed_share";
  std::string remedy = "Repair the data and run again, or raise the share.";
};

struct WalkRequest {
  const Pool& pool;
  const ChunkPlan& plan;
  // Of these `chunk_samples` is the plan's.
  WalkOptions options = {};
  WalkWords words = {};
  // Where finished chunks are kept (row_journal.h); empty: nowhere. The caller removes it once it
  // has stored the result.
  std::filesystem::path journal = {};
  std::size_t workers = 0;  // threads; 0: as many as the program uses
};

struct WalkResult {
  SampleTable table;                 // the pool's rows; those that are not in the plan are missing
  std::vector<FailedRow> failures;   // by row; a row counts when any of its cells failed
  double cpu_seconds = 0.0;          // of the threads that measured, this run
  double earlier_cpu_seconds = 0.0;  // spent on what the journal had
  std::size_t resumed_rows = 0;
  std::vector<RowVectors> vectors;  // by kind, each of the pool's rows
  std::vector<double> totals;       // sums over all chunks, interrupted runs included
};

// A sample that its file does not have any more as it was fails as one that cannot be measured
// does. With `retry_failed` chunks with failed samples are measured again, as a whole: numbers
// depend in their last bits on those a sample shares a batch with. A journal of another identity is
// dropped with a warning. Throws what the maker throws, TooManyFailed, and IoError when the pool
// cannot be read or the journal not be written.
WalkResult walk(ColumnMaker& maker, const WalkRequest& request);

}  // namespace winnow
