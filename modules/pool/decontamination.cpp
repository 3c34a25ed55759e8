#include "pool/decontamination.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "pool/shown_media.h"
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
  Search(const Pool& pool, const std::vector<EvaluationQuestion>& questions,
         const Fingerprints& fingerprints, const ContaminationRule& rule)
      : pool_(pool),
        questions_(questions),
        fingerprints_(fingerprints),
        rule_(rule),
        length_(static_cast<std::size_t>(rule.words)) {
    for (const EvaluationQuestion& question : questions_) {
      question_media_.push_back(shown_in(question.media, fingerprints_));
    }
    for (std::size_t q = 0; q < questions_.size(); ++q) index_question(q);
  }

  std::vector<Contamination> run() {
    find_hits();
    find_templates();
    std::vector<const std::pair<const std::size_t, std::vector<Hit>>*> work;
    for (const auto& entry : hits_) {
      if (found_.count(entry.first) == 0) work.push_back(&entry);
    }
    std::vector<Contamination> judged(work.size());
    parallel_for(work.size(), [&](std::size_t i) {
      judged[i] = judge(pool_.sample(work[i]->first), work[i]->second);
      judged[i].row = work[i]->first;
    });
    for (Contamination& one : judged) {
      if (!one.reason.empty()) found_.emplace(one.row, std::move(one));
    }
    std::vector<Contamination> result;
    for (auto& [row, one] : found_) result.push_back(std::move(one));
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
    identities_.push_back(winnow::identity_of(questions_[q].media, question_media_[q]));
    for (const MediaFingerprint* medium : question_media_[q]) {
      if (!medium->bytes.empty()) by_bytes_.emplace(medium->bytes, q);
      if (!medium->frames.empty()) shown_.emplace_back(medium, q);
    }
  }

  // Samples that show a medium of a question, and turns that share words with one.
  void find_hits() {
    std::mutex mutex;
    Progress progress("Screening", static_cast<std::int64_t>(pool_.size()), "samples");
    parallel_for(pool_.size(), [&](std::size_t row) {
      const Sample sample = pool_.sample(row);
      Contamination found = judge_media(sample);
      std::vector<Hit> hits = hits_of(sample);
      progress.advance();
      if (found.reason.empty() && hits.empty()) return;
      const std::lock_guard lock(mutex);
      if (!hits.empty()) hits_.emplace(row, std::move(hits));
      if (found.reason.empty()) return;
      found.row = row;
      found_.emplace(row, std::move(found));
    });
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
  void find_templates() {
    for (const auto& [sequence, holders] : sequences_) {
      for (const std::size_t q : holders) {
        if (!questions_[q].media.empty()) note(sequence, identities_[q]);
      }
    }
    std::map<std::size_t, std::map<Words, Distinct>> patterns;  // by length
    for (const auto& [row, hits] : hits_) {
      const Sample sample = pool_.sample(row);
      if (sample.media.empty()) continue;
      const std::uint64_t identity = identity_of(sample);
      for (const Hit& hit : hits) {
        if (hit.sequence == 0) continue;
        note(hit.sequence, identity);
        Words words = words_in(sample.turns[hit.turn].text);
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
    for_each_sample(pool_, [&](std::size_t, const Sample& sample) {
      if (sample.media.empty()) return;
      const std::uint64_t identity = identity_of(sample);
      for (const Turn& turn : sample.turns) {
        if (turn.role == Turn::Role::user) compare(words_in(turn.text), identity);
      }
    });
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

  Contamination judge_media(const Sample& sample) const {
    for (const MediaFingerprint* medium : shown_in(sample.media, fingerprints_)) {
      Contamination found = judge_medium(*medium);
      if (!found.reason.empty()) return found;
    }
    return {};
  }

  // A sample that shows no medium of a question.
  Contamination judge(const Sample& sample, const std::vector<Hit>& hits) const {
    const Shown shown = shown_in(sample.media, fingerprints_);
    for (const Hit& hit : hits) {
      const Words words = words_in(sample.turns[hit.turn].text);
      for (const std::size_t q : hit.questions) {
        const int bits = nearest(shown, question_media_[q]);
        if (bits <= rule_.media_distance_with_text) {
          return {0, "evaluation question and medium",
                  fmt::format("{}: equal words, frames differ in {} of {} bits", name_of(q), bits,
                              kFrameHashBits)};
        }
        const bool both_show = !sample.media.empty() && !questions_[q].media.empty();
        if (hit.sequence == 0 || (both_show && is_template(hit, words, q))) continue;
        return {0, "evaluation text", fmt::format("{}: \"{}\"", name_of(q), quote(sample, hit))};
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

  static int nearest(const Shown& a, const Shown& b) {
    int least = static_cast<int>(kFrameHashBits);
    for (const MediaFingerprint* one : a) {
      for (const MediaFingerprint* other : b) least = std::min(least, distance(*one, *other));
    }
    return least;
  }

  std::string quote(const Sample& sample, const Hit& hit) const {
    const auto words = words_of(without_placeholders(sample.turns[hit.turn].text));
    std::string text;
    for (std::size_t i = hit.position; i < hit.position + length_; ++i) {
      text += (text.empty() ? "" : " ") + words.at(i);
    }
    return text;
  }

  std::uint64_t identity_of(const Sample& sample) const {
    return winnow::identity_of(sample.media, shown_in(sample.media, fingerprints_));
  }

  const Pool& pool_;
  const std::vector<EvaluationQuestion>& questions_;
  const Fingerprints& fingerprints_;
  const ContaminationRule rule_;
  const std::size_t length_;
  std::vector<Words> words_;  // of questions
  std::vector<Shown> question_media_;
  std::vector<std::uint64_t> identities_;  // of what questions show
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> sequences_, wholes_;
  std::unordered_map<std::string, std::size_t> by_bytes_;
  std::vector<std::pair<const MediaFingerprint*, std::size_t>> shown_;
  std::unordered_map<std::uint64_t, Distinct> media_of_sequence_;
  std::map<std::size_t, std::vector<Hit>> hits_;  // by row, where there are any
  std::map<std::size_t, Contamination> found_;    // by row
  std::set<std::uint64_t> templates_;             // hashes of whole texts
};

}  // namespace

std::vector<Contamination> find_contamination(const Pool& pool,
                                              const std::vector<EvaluationQuestion>& questions,
                                              const Fingerprints& fingerprints,
                                              const ContaminationRule& rule) {
  return Search(pool, questions, fingerprints, rule).run();
}

}  // namespace winnow
