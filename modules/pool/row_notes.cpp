#include "pool/row_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/printable.h"

namespace winnow {
namespace {

constexpr std::size_t kMostNames = 100, kMostFirst = 3, kLongestName = 80;
constexpr const char* kOtherNames = "other keys";

constexpr std::array<std::pair<const char*, const char*>, 5> kKinds = {{
    {"unread_media", "media are read from `image`, `images`, `video` and `videos` alone"},
    {"unread_key", "changes training elsewhere and is not read"},
    {"second_system", "a system text beside a conversation with a system turn, which stands"},
    {"tools", "descriptions of tools are kept and exported, but models are not shown them"},
    {"outside_media_root", "media outside of the media root"},
}};

std::size_t rank_of(const std::string& kind) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& known) { return known.first == kind; });
  return static_cast<std::size_t>(found - kKinds.begin());
}

}  // namespace

std::string meaning_of_note(const std::string& kind) {
  const std::size_t rank = rank_of(kind);
  return rank < kKinds.size() ? kKinds[rank].second : "";
}

void NoteLedger::add(const Sample& sample) { add(sample.notes, sample.file, sample.line); }

void NoteLedger::add(const std::vector<RowNote>& notes, const std::string& file,
                     std::int64_t line) {
  for (const RowNote& note : notes) {
    std::string what = shortened(printable(note.what), kLongestName);
    auto found = entries_.find({note.kind, what});
    if (found == entries_.end()) {
      if (names_[note.kind] >= kMostNames) what = kOtherNames;
      found = entries_.try_emplace({note.kind, what}, Entry{note.kind, what, 0, {}}).first;
      ++names_[note.kind];
    }
    Entry& entry = found->second;
    ++entry.rows;
    if (entry.first.size() < kMostFirst) {
      entry.first.push_back(fmt::format("{}:{}", file, line));
    }
  }
}

std::vector<NoteLedger::Entry> NoteLedger::entries() const {
  std::vector<Entry> result;
  for (const auto& [key, entry] : entries_) result.push_back(entry);
  std::stable_sort(result.begin(), result.end(), [](const Entry& a, const Entry& b) {
    return rank_of(a.kind) < rank_of(b.kind);
  });
  return result;
}

std::string line_of(const NoteLedger::Entry& note) {
  return fmt::format("{}{}: {} {}, first at {}: {}", note.kind,
                     note.what.empty() ? "" : " `" + note.what + "`", note.rows,
                     note.rows == 1 ? "row" : "rows", printable(note.first.front()),
                     meaning_of_note(note.kind));
}

}  // namespace winnow
