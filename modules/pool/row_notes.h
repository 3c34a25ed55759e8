#pragma once
// The second ledger of a pool: what readable rows hold that is not honoured. A bad row is no
// sample; a note is a sample that somebody may have meant otherwise.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pool/sample.h"

namespace winnow {

// Kinds of notes and what they mean, in the order in which they are reported:
//   unread_media   a key that names media files, which no rule reads; `what` is the key
//   unread_key     a key that changes training in ms-swift, LLaMA-Factory or qwen-vl-utils
//   second_system  a system text beside the conversation that begins with a system turn; the turn's
//                  stands
//   tools          descriptions of tools: kept and exported, but models are not shown them
//   outside_media_root  a medium outside of the media root, by an absolute path, ../ or a link
std::string meaning_of_note(const std::string& kind);

class NoteLedger {
 public:
  struct Entry {
    std::string kind, what;
    std::int64_t rows = 0;
    std::vector<std::string> first;  // "file:line" of the first rows, at most three
  };

  // Counts the notes of a row.
  void add(const Sample& sample);
  void add(const std::vector<RowNote>& notes, const std::string& file, std::int64_t line);

  bool empty() const { return entries_.empty(); }
  // By kind in the order above, then by name. Memory is bounded: above a hundred different names of
  // one kind the others are counted together as "other keys".
  std::vector<Entry> entries() const;

 private:
  std::map<std::pair<std::string, std::string>, Entry> entries_;
  std::map<std::string, std::size_t> names_;  // of a kind
};

// "unread_media `img`: 24 rows, first at a.jsonl:3: names media, but ..."
std::string line_of(const NoteLedger::Entry& note);

}  // namespace winnow
