#include "pool/decontamination.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/hash.h"
#include "core/parallel.h"
#include "pool/text.h"
#include "pool/words.h"

namespace winnow {
namespace {

using Words = std::vector<std::uint64_t>;  // hashes of a text's words, in order

Words words_in(std::string_view text) {
  Words words;
  for_each_word(without_placeholders(text),
                [&](std::string_view word) { words.push_back(hash64(word)); });
  return words;
}

std::uint64_t hash_of(const std::uint64_t* words, std::size_t count) {
  return hash64({reinterpret_cast<const char*>(words), count * sizeof(std::uint64_t)}, count);
}

// Names what a sample or a question shows: its media's bytes, or their paths where unreadable.
std::uint64_t identity_of(const std::vector<Media>& media,
                          const std::vector<MediaFingerprint>& prints) {
  Digest digest;
  for (std::size_t i = 0; i < media.size(); ++i) {
    digest.add(prints[i].bytes.empty() ? media[i].key() : prints[i].bytes);
  }
  return hash64(digest.hex());
}

bool same_bytes(const MediaFingerprint& a, const MediaFingerprint& b) {
  return !a.bytes.empty() && a.bytes == b.bytes;
}

// Of distinct things so many as are needed to know that they are many.
class Distinct {
 public:
  void add(std::uint64_t thing, std::int64_t enough) {
    if (many(enough) || std::find(things_.begin(), things_.end(), thing) != things_.end()) return;
    things_.push_back(thing);
  }
  bool many(std::int64_t enough) const {
    return static_cast<std::int64_t>(things_.size()) >= enough;
  }

 private:
  std::vector<std::uint64_t> things_;
};

// A turn that shares words with questions.
struct Hit {
  std::size_t turn = 0;
  std::size_t position = 0;    // of the first shared word
  std::uint64_t sequence = 0;  // its hash; 0 when the whole turn is a question
  std::vector<std::size_t> questions;
};

class Search {
 public:
  Search(const std::vector<Sample>& samples, const Fingerprints& sample_media,
         const std::vector<EvaluationQuestion>& questions, const Fingerprints& question_media,
         const ContaminationRule& rule)
      : samples_(samples),
        sample_media_(sample_media),
        questions_(questions),
        question_media_(question_media),
        rule_(rule),
        length_(static_cast<std::size_t>(rule.words)) {
    for (std::size_t q = 0; q < questions_.size(); ++q) index_question(q);
  }

  std::vector<Contamination> run() {
    std::vector<std::vector<Hit>> hits(samples_.size());
    parallel_for(samples_.size(), [&](std::size_t s) { hits[s] = hits_of(samples_[s]); });
    find_templates(hits);
    std::vector<Contamination> found(samples_.size());
    parallel_for(samples_.size(), [&](std::size_t s) { found[s] = judge(s, hits[s]); });
    std::vector<Contamination> result;
    for (std::size_t s = 0; s < found.size(); ++s) {
      if (found[s].reason.empty()) continue;
      found[s].sample = s;
      result.push_back(std::move(found[s]));
    }
    return result;
  }

 private:
  void index_question(std::size_t q) {
    words_.push_back(words_in(questions_[q].text));
    const Words& words = words_.back();
    if (!words.empty()) wholes_[hash_of(words.data(), words.size())].push_back(q);
    for (std::size_t i = 0; i + length_ <= words.size(); ++i) {
      std::vector<std::size_t>& holders = sequences_[hash_of(&words[i], length_)];
      if (holders.empty() || holders.back() != q) holders.push_back(q);
    }
    identities_.push_back(identity_of(questions_[q].media, question_media_[q]));
    for (const MediaFingerprint& medium : question_media_[q]) {
      if (!medium.bytes.empty()) by_bytes_.emplace(medium.bytes, q);
      if (!medium.frames.empty()) shown_.emplace_back(&medium, q);
    }
  }

  std::vector<Hit> hits_of(const Sample& sample) const {
    std::vector<Hit> hits;
    for (std::size_t t = 0; t < sample.turns.size(); ++t) {
      const Words words = words_in(sample.turns[t].text);
      if (sample.turns[t].role == Turn::Role::user && !words.empty()) {
        const auto found = wholes_.find(hash_of(words.data(), words.size()));
        if (found != wholes_.end()) hits.push_back({t, 0, 0, found->second});
      }
      std::set<std::size_t> seen;
      for (std::size_t i = 0; i + length_ <= words.size(); ++i) {
        const std::uint64_t sequence = hash_of(&words[i], length_);
        const auto found = sequences_.find(sequence);
        if (found == sequences_.end()) continue;
        std::vector<std::size_t> fresh;
        for (const std::size_t q : found->second) {
          if (seen.insert(q).second) fresh.push_back(q);
        }
        if (!fresh.empty()) hits.push_back({t, i, sequence, std::move(fresh)});
      }
    }
    return hits;
  }

  // Which sequences, and which turns with a sequence, are ways of asking about many media.
  void find_templates(const std::vector<std::vector<Hit>>& hits) {
    for (const auto& [sequence, holders] : sequences_) {
      for (const std::size_t q : holders) {
        if (!questions_[q].media.empty()) note(sequence, identities_[q]);
      }
    }
    std::map<std::size_t, std::map<Words, Distinct>> patterns;  // by length
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      if (hits[s].empty() || samples_[s].media.empty()) continue;
      const std::uint64_t identity = identity_of(samples_[s].media, sample_media_[s]);
      for (const Hit& hit : hits[s]) {
        if (hit.sequence == 0) continue;
        note(hit.sequence, identity);
        Words words = words_in(samples_[s].turns[hit.turn].text);
        patterns[words.size()][std::move(words)];
        for (const std::size_t q : hit.questions) patterns[words_[q].size()][words_[q]];
      }
    }
    if (patterns.empty()) return;
    const auto compare = [&](const Words& words, std::uint64_t identity) {
      const auto of_length = patterns.find(words.size());
      if (of_length == patterns.end()) return;
      for (auto& [pattern, media] : of_length->second) {
        if (media.many(rule_.template_media)) continue;
        std::size_t different = 0;
        for (std::size_t i = 0; i < words.size(); ++i) different += words[i] != pattern[i] ? 1 : 0;
        if (5 * different <= words.size()) media.add(identity, rule_.template_media);
      }
    };
    for (std::size_t q = 0; q < questions_.size(); ++q) {
      if (!questions_[q].media.empty()) compare(words_[q], identities_[q]);
    }
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      if (samples_[s].media.empty()) continue;
      const std::uint64_t identity = identity_of(samples_[s].media, sample_media_[s]);
      for (const Turn& turn : samples_[s].turns) {
        if (turn.role == Turn::Role::user) compare(words_in(turn.text), identity);
      }
    }
    for (const auto& [count, of_length] : patterns) {
      for (const auto& [words, media] : of_length) {
        if (media.many(rule_.template_media)) {
          templates_.insert(hash_of(words.data(), words.size()));
        }
      }
    }
  }

  void note(std::uint64_t sequence, std::uint64_t identity) {
    media_of_sequence_[sequence].add(identity, rule_.template_media);
  }

  bool is_template(const Hit& hit, const Words& turn, std::size_t question) const {
    const auto media = media_of_sequence_.find(hit.sequence);
    if (media != media_of_sequence_.end() && media->second.many(rule_.template_media)) return true;
    const Words& asked = words_[question];
    return templates_.count(hash_of(turn.data(), turn.size())) > 0 ||
           templates_.count(hash_of(asked.data(), asked.size())) > 0;
  }

  std::string name_of(std::size_t q) const {
    return fmt::format("{}, question {}", questions_[q].set, questions_[q].id);
  }

  Contamination judge(std::size_t s, const std::vector<Hit>& hits) const {
    for (const MediaFingerprint& medium : sample_media_[s]) {
      Contamination found = judge_medium(medium);
      if (!found.reason.empty()) return found;
    }
    for (const Hit& hit : hits) {
      const Words words = words_in(samples_[s].turns[hit.turn].text);
      for (const std::size_t q : hit.questions) {
        const int bits = nearest(sample_media_[s], question_media_[q]);
        if (bits <= rule_.media_distance_with_text) {
          return {s, "evaluation question and medium",
                  fmt::format("{}: equal words, frames differ in {} of {} bits", name_of(q), bits,
                              kFrameHashBits)};
        }
        const bool both_show = !samples_[s].media.empty() && !questions_[q].media.empty();
        if (hit.sequence == 0 || (both_show && is_template(hit, words, q))) continue;
        return {s, "evaluation text", fmt::format("{}: \"{}\"", name_of(q), quote(s, hit))};
      }
    }
    return {};
  }

  Contamination judge_medium(const MediaFingerprint& medium) const {
    if (const auto found = by_bytes_.find(medium.bytes); found != by_bytes_.end()) {
      return {0, "evaluation medium", name_of(found->second) + ": the same file"};
    }
    if (medium.frames.empty()) return {};
    for (const auto& [shown, q] : shown_) {
      // Most differ in the first frame already.
      if (distance(medium.frames.front(), shown->frames.front()) > rule_.media_distance) continue;
      const int bits = distance(medium, *shown);
      if (bits > rule_.media_distance) continue;
      return {0, "evaluation medium",
              fmt::format("{}: frames differ in {} of {} bits", name_of(q), bits, kFrameHashBits)};
    }
    return {};
  }

  static int nearest(const std::vector<MediaFingerprint>& a,
                     const std::vector<MediaFingerprint>& b) {
    int least = static_cast<int>(kFrameHashBits);
    for (const MediaFingerprint& one : a) {
      for (const MediaFingerprint& other : b) least = std::min(least, distance(one, other));
    }
    return least;
  }

  std::string quote(std::size_t s, const Hit& hit) const {
    const auto words = words_of(without_placeholders(samples_[s].turns[hit.turn].text));
    std::string text;
    for (std::size_t i = hit.position; i < hit.position + length_; ++i) {
      text += (text.empty() ? "" : " ") + words.at(i);
    }
    return text;
  }

  const std::vector<Sample>& samples_;
  const Fingerprints& sample_media_;
  const std::vector<EvaluationQuestion>& questions_;
  const Fingerprints& question_media_;
  const ContaminationRule rule_;
  const std::size_t length_;
  std::vector<Words> words_;               // of questions
  std::vector<std::uint64_t> identities_;  // of what questions show
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> sequences_, wholes_;
  std::unordered_map<std::string, std::size_t> by_bytes_;
  std::vector<std::pair<const MediaFingerprint*, std::size_t>> shown_;
  std::unordered_map<std::uint64_t, Distinct> media_of_sequence_;
  std::set<std::uint64_t> templates_;  // hashes of whole texts
};

bool same_media(const std::vector<MediaFingerprint>& a, const std::vector<MediaFingerprint>& b,
                std::int64_t media_distance) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bytes(a[i], b[i]) && distance(a[i], b[i]) > media_distance) return false;
  }
  return true;
}

}  // namespace

std::vector<Contamination> find_contamination(const std::vector<Sample>& samples,
                                              const Fingerprints& sample_media,
                                              const std::vector<EvaluationQuestion>& questions,
                                              const Fingerprints& question_media,
                                              const ContaminationRule& rule) {
  return Search(samples, sample_media, questions, question_media, rule).run();
}

std::vector<std::size_t> find_duplicates(const std::vector<Sample>& samples,
                                         const Fingerprints& sample_media,
                                         std::int64_t media_distance) {
  std::map<std::string, std::vector<std::size_t>> groups;  // of equal turns
  for (std::size_t s = 0; s < samples.size(); ++s) {
    Digest digest;
    for (const Turn& turn : samples[s].turns) {
      digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
    }
    groups[digest.hex()].push_back(s);
  }
  std::vector<std::size_t> stands(samples.size());
  for (std::size_t s = 0; s < stands.size(); ++s) stands[s] = s;
  const auto root = [&](std::size_t s) {
    while (stands[s] != s) s = stands[s] = stands[stands[s]];
    return s;
  };
  const auto join = [&](std::size_t one, std::size_t other) {
    const std::size_t a = root(one), b = root(other);
    const bool a_first = samples[a].id < samples[b].id;
    if (a != b) stands[a_first ? b : a] = a_first ? a : b;
  };
  for (const auto& [turns, members] : groups) {
    std::map<std::uint64_t, std::size_t> shown;  // media -> one of the members
    for (const std::size_t s : members) {
      const auto [found, fresh] = shown.emplace(identity_of(samples[s].media, sample_media[s]), s);
      if (!fresh) join(s, found->second);
    }
    for (auto i = shown.begin(); i != shown.end(); ++i) {
      for (auto j = shown.begin(); j != i; ++j) {
        if (same_media(sample_media[i->second], sample_media[j->second], media_distance)) {
          join(i->second, j->second);
        }
      }
    }
  }
  for (std::size_t s = 0; s < stands.size(); ++s) stands[s] = root(s);
  return stands;
}

}  // namespace winnow
