#include "utility/anchors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "core/errors.h"
#include "core/hash.h"
#include "core/registry.h"
#include "pool/sample_table.h"

namespace winnow {
namespace {

constexpr std::size_t kDifficultyStrata = 4;

struct Stratum {
  std::vector<std::pair<std::uint64_t, std::size_t>> members;  // hash of content, index
  std::size_t wanted = 0;
  double remainder = 0.0;
};

// The candidates' quarters by difficulty.
std::vector<std::string> quarters(const std::vector<AnchorCandidate>& candidates,
                                  const std::vector<std::size_t>& eligible) {
  std::vector<std::pair<double, std::string>> order;
  for (const std::size_t i : eligible) {
    if (!std::isfinite(candidates[i].difficulty)) {
      throw DataError("held-out sample '" + candidates[i].sample.id +
                      "' has a difficulty that is no finite number");
    }
    order.emplace_back(candidates[i].difficulty, candidates[i].sample.content_digest());
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> result(candidates.size());
  for (const std::size_t i : eligible) {
    const auto place = std::lower_bound(
        order.begin(), order.end(),
        std::make_pair(candidates[i].difficulty, candidates[i].sample.content_digest()));
    const auto rank = static_cast<std::size_t>(place - order.begin());
    result[i] = "quarter " + std::to_string(kDifficultyStrata * rank / order.size() + 1);
  }
  return result;
}

std::string stratum_of(const AnchorCandidate& candidate, AnchorOptions::StratifyBy by) {
  using By = AnchorOptions::StratifyBy;
  switch (by) {
    case By::subtask:
      return candidate.subtask;
    case By::modality:
      return to_string(candidate.sample.modality());
    case By::question_type:
      return row_facts(candidate.sample).question_type;
    case By::answer:
      return candidate.sample.answer();
    case By::none:
    case By::difficulty:
      return "";
  }
  throw std::logic_error("unknown stratification");
}

std::string text_digest(const Sample& sample) {
  Digest digest;
  for (const Turn& turn : sample.turns) {
    digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
  }
  return digest.hex();
}

std::string media_digest(const Sample& sample, std::unordered_map<std::string, std::string>& read) {
  Digest digest;
  for (const Media& medium : sample.media) {
    digest.add(static_cast<std::uint64_t>(medium.paths.size()));
    for (std::size_t i = 0; i < medium.paths.size(); ++i) {
      std::string& bytes = read[medium.paths[i].string()];
      if (bytes.empty()) bytes = medium.file_digest(i);
      digest.add(bytes);
    }
  }
  return digest.hex();
}

}  // namespace

config::Help help(const AnchorOptions&) {
  return {{"count", "anchors to draw from the held-out samples", config::at_least(1)},
          {"stratify_by",
           "what the anchors have in the same shares as the held-out samples; difficulty: quarters "
           "by the proxy's loss"},
          {"subtasks", "only held-out samples of these subtasks; empty: all"}};
}

std::vector<std::size_t> draw_anchors(const std::vector<AnchorCandidate>& candidates,
                                      const AnchorOptions& options, const std::string& name,
                                      std::uint64_t seed) {
  std::vector<std::string> known;
  for (const AnchorCandidate& candidate : candidates) known.push_back(candidate.subtask);
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  for (const std::string& subtask : options.subtasks) {
    if (std::binary_search(known.begin(), known.end(), subtask)) continue;
    throw ConfigError("anchor set '" + name + "': no held-out sample is of the subtask '" +
                      subtask + "'." + suggestion(subtask, known));
  }
  std::vector<std::size_t> eligible;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool wanted =
        options.subtasks.empty() || std::find(options.subtasks.begin(), options.subtasks.end(),
                                              candidates[i].subtask) != options.subtasks.end();
    if (wanted) eligible.push_back(i);
  }
  const auto count = static_cast<std::size_t>(options.count);
  if (eligible.size() < count) {
    throw ConstraintError(fmt::format(
        "anchor set '{}': {} anchors are wanted and only {} held-out samples can be drawn", name,
        count, eligible.size()));
  }
  std::vector<std::string> quarter;
  if (options.stratify_by == AnchorOptions::StratifyBy::difficulty) {
    quarter = quarters(candidates, eligible);
  }
  std::map<std::string, Stratum> strata;
  const std::uint64_t salt = hash64("utility/anchors/" + name, seed);
  for (const std::size_t i : eligible) {
    const std::string key =
        quarter.empty() ? stratum_of(candidates[i], options.stratify_by) : quarter[i];
    strata[key].members.emplace_back(hash64(candidates[i].sample.content_digest(), salt), i);
  }
  std::size_t given = 0;
  std::vector<Stratum*> by_remainder;
  for (auto& [key, stratum] : strata) {
    const double share = static_cast<double>(count) * static_cast<double>(stratum.members.size()) /
                         static_cast<double>(eligible.size());
    stratum.wanted = static_cast<std::size_t>(std::floor(share));
    stratum.remainder = share - std::floor(share);
    given += stratum.wanted;
    by_remainder.push_back(&stratum);
  }
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [](const Stratum* a, const Stratum* b) { return a->remainder > b->remainder; });
  for (std::size_t i = 0; given < count; i = (i + 1) % by_remainder.size()) {
    if (by_remainder[i]->wanted == by_remainder[i]->members.size()) continue;
    ++by_remainder[i]->wanted;
    ++given;
  }
  std::vector<std::size_t> result;
  for (auto& [key, stratum] : strata) {
    std::sort(stratum.members.begin(), stratum.members.end());
    for (std::size_t i = 0; i < stratum.wanted; ++i) result.push_back(stratum.members[i].second);
  }
  std::sort(result.begin(), result.end());
  return result;
}

void refuse_overlap(const std::vector<Sample>& anchors, const std::vector<Sample>& others,
                    const std::string& where) {
  std::unordered_map<std::string, std::vector<const Sample*>> by_text;
  for (const Sample& anchor : anchors) by_text[text_digest(anchor)].push_back(&anchor);
  std::unordered_map<std::string, std::string> read;  // path -> digest of its bytes
  std::string examples;
  std::size_t found = 0;
  for (const Sample& other : others) {
    const auto alike = by_text.find(text_digest(other));
    if (alike == by_text.end()) continue;
    for (const Sample* anchor : alike->second) {
      if (media_digest(*anchor, read) != media_digest(other, read)) continue;
      constexpr std::size_t kShown = 3;
      if (++found <= kShown) {
        examples += fmt::format("\n  anchor '{}' is '{}' of {}", anchor->id, other.id, where);
      }
    }
  }
  if (found == 0) return;
  throw DataError(fmt::format(
      "{} samples of {} are anchors, too: utility would measure how well they help themselves.{}",
      found, where, examples));
}

}  // namespace winnow
