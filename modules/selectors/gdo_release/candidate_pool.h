#pragma once
// The pool as the selection sees it: 64 bytes a pair, and the names that pairs share. Texts stay in
// the files and are read again when a pair is written.

#include <cstdint>
#include <string>
#include <vector>

#include "selectors/gdo_release/chunked_vector.h"
#include "selectors/gdo_release/exclusion.h"
#include "selectors/gdo_release/key_table.h"
#include "selectors/gdo_release/ordered_counts.h"
#include "selectors/gdo_release/release_pair.h"

namespace winnow::gdo_release {

struct Candidate {
  std::uint64_t uid = 0, text = 0, video = 0;  // keys; video 0: no video's cap applies
  std::uint64_t place = 0;                     // byte offset * 2 + (1 for a video row)
  double fluency = 0.0;                        // quality_score
  std::uint32_t line = 0, turn = 0;
  std::uint32_t stratum = 0, source = 0;   // numbers in CandidatePool
  std::uint32_t length = 0;                // 2 * question tokens + answer tokens
  std::uint32_t metric = KeyTable::kNone;  // number in the metrics table

  bool is_video() const { return (place & 1) != 0; }
  std::int64_t offset() const { return static_cast<std::int64_t>(place >> 1); }
};
static_assert(sizeof(Candidate) == 64);

struct Stratum {
  bool video = false;
  std::string duration, temporal, form, question_length, answer_length, source_group;
  std::int64_t count = 0;

  std::string bucket() const { return video ? "short_video" : "image_qa"; }
  // All seven parts, joined by '|'.
  std::string name() const;
};

struct CandidatePool {
  ChunkedVector<Candidate> candidates;  // in the order of the files
  std::vector<Stratum> strata;          // the first seen first
  OrderedCounts sources;
  OrderedCounts excluded;  // by reason
  ParseErrors parse_errors;

  // Fetches a candidate into the cache that will be looked at soon.
  void prefetch(std::uint32_t row) const { __builtin_prefetch(&candidates[row]); }
};

// One pass over the pool files. `metrics` are the uids of the metrics table.
CandidatePool read_candidates(const ScanOptions& options, Exclusion& exclusion,
                              const KeyTable& metrics);

}  // namespace winnow::gdo_release
