#pragma once
// Which held-out samples stand for what training is meant to improve.

#include <cstdint>
#include <string>
#include <vector>

#include "config/options.h"
#include "pool/sample.h"

namespace winnow {

// A held-out sample that may become an anchor, and what it may be stratified by.
struct AnchorCandidate {
  Sample sample;
  std::string subtask;
  double difficulty = 0.0;  // e.g. the proxy's loss; read for StratifyBy::difficulty alone
};

struct AnchorOptions {
  enum class StratifyBy { none, subtask, modality, question_type, answer, difficulty };
  BOOST_DESCRIBE_NESTED_ENUM(StratifyBy, none, subtask, modality, question_type, answer, difficulty)

  std::int64_t count = 100;
  StratifyBy stratify_by = StratifyBy::subtask;
  std::vector<std::string> subtasks;
};
BOOST_DESCRIBE_STRUCT(AnchorOptions, (), (count, stratify_by, subtasks))
config::Help help(const AnchorOptions&);

// Indices of drawn candidates, ascending: each stratum is represented by its share of the
// candidates, rounded so that the counts sum up (largest remainder, ties to the lower name); within
// a stratum the draw is uniform. Independent of the order of candidates but for the indices. Throws
// ConstraintError when there are fewer candidates than wanted and ConfigError for a subtask that
// none has. `name` is the set's, for messages and the draw.
std::vector<std::size_t> draw_anchors(const std::vector<AnchorCandidate>& candidates,
                                      const AnchorOptions& options, const std::string& name,
                                      std::uint64_t seed);

// Throws DataError naming anchors whose content is that of another sample: `where` says of what
// ("the pool"). Content is the conversation and the bytes of its media files, which are read only
// where a conversation is the same: paths and ids may differ. Throws IoError for a missing file.
void refuse_overlap(const std::vector<Sample>& anchors, const std::vector<Sample>& others,
                    const std::string& where);

}  // namespace winnow
