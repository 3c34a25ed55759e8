#include <algorithm>
#include <map>
#include <numeric>

#include "core/hash.h"
#include "core/parallel.h"
#include "pool/decontamination.h"
#include "pool/shown_media.h"

namespace winnow {
namespace {

bool same_bytes(const MediaFingerprint& a, const MediaFingerprint& b) {
  return !a.bytes.empty() && a.bytes == b.bytes;
}

bool same_media(const Shown& a, const Shown& b, std::int64_t media_distance) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bytes(*a[i], *b[i]) && distance(*a[i], *b[i]) > media_distance) return false;
  }
  return true;
}

ContentDigest digest_of_turns(const Sample& sample) {
  Digest digest;
  for (const Turn& turn : sample.turns) {
    digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
  }
  return *ContentDigest::parse(digest.hex());
}

// Rows in groups, each of which one row stands for: that of the smallest id.
class Groups {
 public:
  explicit Groups(const RowTable& rows) : rows_(rows), stands_(rows.size()) {
    std::iota(stands_.begin(), stands_.end(), std::size_t{0});
  }
  std::size_t root(std::size_t row) {
    while (stands_[row] != row) row = stands_[row] = stands_[stands_[row]];
    return row;
  }
  void join(std::size_t one, std::size_t other) {
    const std::size_t a = root(one), b = root(other);
    const bool a_first = rows_.id(a) < rows_.id(b);
    if (a != b) stands_[a_first ? b : a] = a_first ? a : b;
  }
  std::vector<std::size_t> roots() {
    for (std::size_t row = 0; row < stands_.size(); ++row) stands_[row] = root(row);
    return std::move(stands_);
  }

 private:
  const RowTable& rows_;
  std::vector<std::size_t> stands_;
};

}  // namespace

std::vector<std::size_t> find_duplicates(const Pool& pool, const Fingerprints& fingerprints,
                                         std::int64_t media_distance) {
  std::vector<ContentDigest> turns(pool.size());
  std::vector<std::uint64_t> identities(pool.size());
  parallel_for(pool.size(), [&](std::size_t row) {
    const Sample sample = pool.sample(row);
    turns[row] = digest_of_turns(sample);
    identities[row] = identity_of(sample.media, shown_in(sample.media, fingerprints));
  });
  std::vector<std::uint32_t> order(pool.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return turns[a] != turns[b] ? turns[a] < turns[b] : a < b;
  });
  Groups groups(pool.rows());
  for (std::size_t first = 0; first < order.size();) {
    std::map<std::uint64_t, std::size_t> shown;  // media -> one of the rows of equal turns
    std::size_t last = first;
    for (; last < order.size() && turns[order[last]] == turns[order[first]]; ++last) {
      const std::size_t row = order[last];
      const auto [found, fresh] = shown.emplace(identities[row], row);
      if (!fresh) groups.join(row, found->second);
    }
    first = last;
    if (shown.size() == 1) continue;
    std::vector<std::pair<std::size_t, Shown>> different;
    for (const auto& [identity, row] : shown) {
      different.emplace_back(row, shown_in(pool.sample(row).media, fingerprints));
    }
    for (std::size_t i = 0; i < different.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same_media(different[i].second, different[j].second, media_distance)) {
          groups.join(different[i].first, different[j].first);
        }
      }
    }
  }
  return groups.roots();
}

}  // namespace winnow
