#pragma once
// Which samples of a pool stand in an evaluation set, and which repeat each other, by what they say
// and by what they show, whatever their ids and files are called.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "media/fingerprint.h"
#include "pool/evaluation_set.h"
#include "pool/pool.h"

namespace winnow {

struct ContaminationRule {
  // Length of the word sequences that are looked for. Shorter questions are compared whole.
  std::int64_t words = 13;
  // Bits of difference up to which a medium is the same by itself, and beside an equal question.
  std::int64_t media_distance = 24;
  std::int64_t media_distance_with_text = 48;
  // A text that is asked about so many different media, give or take a fifth of its words, is a way
  // of asking: it counts only beside an equal medium.
  std::int64_t template_media = 10;
};

struct Contamination {
  std::size_t row = 0;
  std::string reason;  // "evaluation medium", "evaluation text" or "evaluation question and medium"
  std::string detail;  // which set, which question, by what
};

// Of every medium of the pool and of the questions, by Media::key().
using Fingerprints = std::unordered_map<std::string, MediaFingerprint>;

// Samples of a pool that stand in an evaluation set, in the order of the pool. One is found
//  - when it shows a medium of a question: of equal bytes, or nearly equal in all frames;
//  - when one of its turns shares `words` successive words with a question, unless both have media
//    and the text is a template;
//  - when one of its user turns is, word for word, a question (a template or shorter than `words`)
//    and it shows, less strictly, the same medium.
// Words are those of pool/words.h. Reads the pool two or three times; memory grows with the
// questions and with what shares words with them.
std::vector<Contamination> find_contamination(const Pool& pool,
                                              const std::vector<EvaluationQuestion>& questions,
                                              const Fingerprints& fingerprints,
                                              const ContaminationRule& rule);

// For every row the one that stands for it: of those with equal turns and equal media (of equal
// bytes, or of frames that differ in at most `media_distance` bits), chained, the one with the
// smallest id. A row that repeats none stands for itself. Takes 40 bytes a row.
std::vector<std::size_t> find_duplicates(const Pool& pool, const Fingerprints& fingerprints,
                                         std::int64_t media_distance);

}  // namespace winnow
