#pragma once
// The pool as the selection sees it: 56 bytes a pair, and the names and numbers that pairs share.
// Texts stay in the files and are read again when a pair is written.

#include <cstdint>
#include <string>
#include <vector>

#include "gdo_release/select/scan/chunked_vector.h"
#include "gdo_release/select/scan/exclusion.h"
#include "gdo_release/select/scan/key_table.h"
#include "gdo_release/select/scan/ordered_counts.h"
#include "gdo_release/select/scan/pair.h"

namespace winnow::gdo_release {

struct Candidate {
  static constexpr int kOffsetBits = 40, kTurnBits = 23;

  std::uint64_t uid = 0, text = 0, video = 0;  // keys; video 0: no video's cap applies
  std::uint64_t place = 0;  // from the lowest bit: 1 for a video row, the byte offset, the turn
  std::uint32_t line = 0;
  std::uint32_t stratum = 0, source = 0;   // numbers in CandidatePool
  std::uint32_t fluency = 0;               // number in CandidatePool
  std::uint32_t length = 0;                // 2 * question tokens + answer tokens
  std::uint32_t metric = KeyTable::kNone;  // number in the metrics table

  bool is_video() const { return (place & 1) != 0; }
  std::int64_t offset() const {
    return static_cast<std::int64_t>(place >> 1 & ((std::uint64_t{1} << kOffsetBits) - 1));
  }
  std::int64_t turn() const { return static_cast<std::int64_t>(place >> (1 + kOffsetBits)); }
};
static_assert(sizeof(Candidate) == 56);

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
  std::vector<double> fluencies;  // the values that quality_score takes, the first seen first
  OrderedCounts excluded;         // by reason
  ParseErrors parse_errors;

  // Fetches a candidate into the cache that will be looked at soon.
  void prefetch(std::uint32_t row) const { __builtin_prefetch(&candidates[row]); }
};

// One pass over the pool files. `metrics` are the uids of the metrics table.
CandidatePool read_candidates(const ScanOptions& options, Exclusion& exclusion,
                              const KeyTable& metrics);

}  // namespace winnow::gdo_release
