#include "gdo_release/select/scan/candidate_pool.h"

#include <fmt/format.h>

#include <bit>

#include "core/errors.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

std::uint64_t narrow_to(int bits, std::int64_t value, const Pair& pair) {
  if (value >> bits == 0) return static_cast<std::uint64_t>(value);
  throw DataError(
      fmt::format("line {}: {} is more than a row or a file may have", pair.line, value));
}
std::uint32_t narrow(std::int64_t value, const Pair& pair) {
  return static_cast<std::uint32_t>(narrow_to(32, value, pair));
}

std::uint64_t place_of(const Pair& pair) {
  const std::uint64_t offset = narrow_to(Candidate::kOffsetBits, pair.offset, pair);
  const std::uint64_t turn = narrow_to(Candidate::kTurnBits, pair.turn, pair);
  return turn << (1 + Candidate::kOffsetBits) | offset << 1 | (pair.video ? 1 : 0);
}

class Reader {
 public:
  Reader(Exclusion& exclusion, CandidatePool& pool)
      : exclusion_(exclusion), excludes_(exclusion.enabled()), pool_(pool) {}

  void take(const Pair& pair) {
    if (excludes_) {
      const std::string_view reason = exclusion_.reason(pair.question, pair.answer);
      if (!reason.empty()) {
        pool_.excluded.add(reason);
        return;
      }
    }
    Candidate candidate;
    candidate.uid = key_of(pair.uid);
    candidate.text = text_key(pair);
    candidate.video = pair.video_uid.empty() ? 0 : key_of(pair.video_uid) | 1;
    candidate.place = place_of(pair);
    candidate.fluency =
        fluency_of(quality_score(pair.question_tokens, pair.answer_tokens, pair.answer));
    candidate.line = narrow(pair.line, pair);
    candidate.source = source_of(pair);
    candidate.stratum = stratum_of(pair);
    candidate.length = narrow(2 * pair.question_tokens + pair.answer_tokens, pair);
    pool_.candidates.push_back(candidate);
    if (pool_.candidates.size() == KeyTable::kNone) {
      throw DataError(fmt::format("the pool has more than {} pairs", KeyTable::kNone - 1));
    }
  }

 private:
  // Of question and answer together, as the release joins them.
  std::uint64_t text_key(const Pair& pair) {
    scratch_.assign(pair.question).append("|||").append(pair.answer);
    return key_of(scratch_);
  }

  std::uint32_t fluency_of(double value) {
    const std::uint32_t number = fluencies_.add(std::bit_cast<std::uint64_t>(value));
    if (number == pool_.fluencies.size()) pool_.fluencies.push_back(value);
    return number;
  }

  std::uint32_t source_of(const Pair& pair) {
    if (pool_.sources.empty() || pair.raw_source != last_source_) {
      last_source_ = pair.raw_source;
      const std::size_t known = pool_.sources.entries().size();
      pool_.sources.add(pair.raw_source, 0);
      last_source_place_ = pool_.sources.place(pair.raw_source);
      if (last_source_place_ == known) {
        group_of_source_.push_back(groups_.add(key_of(pair.source_group)));
      }
    }
    pool_.sources.increment(last_source_place_);
    return static_cast<std::uint32_t>(last_source_place_);
  }

  // The names of a part of a stratum differ in these five bits: see text.h.
  static std::uint64_t letter(std::string_view name, std::size_t place) {
    return static_cast<std::uint64_t>(name[place]) & 31;
  }
  std::uint32_t stratum_of(const Pair& pair) {
    const std::uint64_t duration =
        (static_cast<std::uint64_t>(pair.duration[0]) + pair.duration.size()) & 31;
    std::uint64_t key = group_of_source_[last_source_place_];
    key = key << 1 | (pair.video ? 1 : 0);
    key = key << 5 | duration;
    key = key << 5 | letter(pair.temporal, 0);
    key = key << 5 | letter(pair.form, 0);
    key = key << 5 | letter(pair.question_length, 2);
    key = key << 5 | letter(pair.answer_length, 2);
    const std::uint32_t number = strata_.add(key);
    if (number == pool_.strata.size()) {
      Stratum stratum{pair.video,
                      std::string(pair.duration),
                      std::string(pair.temporal),
                      std::string(pair.form),
                      std::string(pair.question_length),
                      std::string(pair.answer_length),
                      std::string(pair.source_group)};
      pool_.strata.push_back(std::move(stratum));
    }
    ++pool_.strata[number].count;
    return number;
  }

  Exclusion& exclusion_;
  const bool excludes_;
  CandidatePool& pool_;
  KeyTable strata_, groups_, fluencies_;
  std::vector<std::uint64_t> group_of_source_;
  std::string scratch_, last_source_;
  std::size_t last_source_place_ = 0;
};

void find_metrics(const KeyTable& metrics, ChunkedVector<Candidate>& candidates) {
  constexpr std::size_t kAhead = 16;  // far enough for memory to answer
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i + kAhead < candidates.size()) metrics.prefetch(candidates[i + kAhead].uid);
    candidates[i].metric = metrics.find(candidates[i].uid);
  }
}

}  // namespace

std::string Stratum::name() const {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", bucket(), duration, temporal, form, question_length,
                     answer_length, source_group);
}

CandidatePool read_candidates(const ScanOptions& options, Exclusion& exclusion,
                              const KeyTable& metrics) {
  CandidatePool pool;
  Reader reader(exclusion, pool);
  pool.parse_errors = scan(options, [&](const Pair& pair) { reader.take(pair); });
  find_metrics(metrics, pool.candidates);
  return pool;
}

}  // namespace winnow::gdo_release
