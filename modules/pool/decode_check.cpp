#include "pool/decode_check.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "media/frames.h"

namespace winnow {
namespace {

// What is known of media, by a hash of their keys: a few bytes for each that is good.
class Known {
 public:
  // The reason why a medium cannot be decoded; nothing when it can.
  std::optional<std::string> reason(const Media& medium, std::int64_t maximum_pixels) {
    const std::uint64_t key = hash64(medium.key());
    {
      const std::lock_guard lock(mutex_);
      if (good_.contains(key)) return std::nullopt;
      if (const auto found = bad_.find(key); found != bad_.end()) return found->second;
    }
    std::optional<std::string> reason;
    try {
      check_decodes(medium, maximum_pixels);
    } catch (const DataError& error) {
      reason = error.what();
    } catch (const IoError& error) {
      reason = error.what();
    }
    const std::lock_guard lock(mutex_);
    if (reason) {
      bad_.emplace(key, *reason);
    } else {
      good_.insert(key);
    }
    return reason;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> good_;
  std::unordered_map<std::uint64_t, std::string> bad_;
};

}  // namespace

std::vector<UndecodableRow> find_undecodable(std::size_t count,
                                             const std::function<Sample(std::size_t)>& sample_of,
                                             std::int64_t maximum_pixels) {
  std::vector<UndecodableRow> rows;
  std::mutex mutex;
  Known known;
  Progress progress("decoding", static_cast<std::int64_t>(count), "rows");
  parallel_for(count, [&](std::size_t row) {
    const Sample sample = sample_of(row);
    for (const Media& medium : sample.media) {
      const std::optional<std::string> reason = known.reason(medium, maximum_pixels);
      if (!reason) continue;
      const std::lock_guard lock(mutex);
      rows.push_back({row, {sample.file, sample.line, "undecodable", *reason}});
      break;
    }
    progress.advance();
  });
  std::sort(rows.begin(), rows.end(),
            [](const UndecodableRow& a, const UndecodableRow& b) { return a.row < b.row; });
  return rows;
}

}  // namespace winnow
