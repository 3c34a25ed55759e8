#include "pool/row_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/hash.h"

namespace winnow {
namespace {

std::string with_content(std::string_view id, std::uint64_t content) {
  return id.empty() ? fmt::format("row-{:012x}", content) : fmt::format("{}#{:012x}", id, content);
}

// The id of the row that is the `copy`th of its content.
std::string numbered(const std::string& base, std::uint32_t copy) {
  return copy == 1 ? base : base + "-" + std::to_string(copy);
}

}  // namespace

std::uint64_t portable_digest(const Sample& sample, const std::filesystem::path& media_root) {
  Digest digest;
  for (const Turn& turn : sample.turns) {
    digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
  }
  for (const Media& medium : sample.media) {
    digest.add(to_string(medium.kind));
    for (const std::filesystem::path& path : medium.paths) {
      digest.add(media_root.empty() ? path.native()
                                    : path.lexically_proximate(media_root).native());
    }
  }
  return ContentDigest::parse(digest.hex())->first >> 16;
}

void make_ids_unique(RowTable& rows,
                     const std::function<std::uint64_t(std::size_t row)>& content_of) {
  // Rows of one id follow each other; those that do not keep it are sorted by content.
  std::vector<std::uint32_t> order = rows.by_id();
  std::vector<std::uint32_t> copies(rows.size(), 0);  // 0: the row keeps its id
  const auto is_kept = [&](std::uint32_t row) { return copies[row] == 0; };
  const auto each_group = [&](const auto& take) {
    for (std::size_t first = 0; first < order.size();) {
      std::size_t last = first + 1;
      while (last < order.size() && rows.id(order[last]) == rows.id(order[first])) ++last;
      if (last - first > 1 || rows.id(order[first]).empty()) take(first, last);
      first = last;
    }
  };
  each_group([&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) copies[order[i]] = 1;
  });
  // What a row is named may be the id that another one keeps: nothing else, as a name tells id and
  // content of its row.
  const auto is_taken = [&](const std::string& name) {
    const auto found = rows.find(name);
    return found && is_kept(static_cast<std::uint32_t>(*found));
  };
  each_group([&](std::size_t first, std::size_t last) {
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(last);
    std::sort(begin, end, [&](std::uint32_t a, std::uint32_t b) {
      const std::uint64_t one = content_of(a), other = content_of(b);
      return one != other ? one < other : a < b;
    });
    std::string base;
    std::uint32_t copy = 0;
    for (auto row = begin; row != end; ++row) {
      if (row == begin || content_of(*row) != content_of(*(row - 1))) {
        base = with_content(rows.id(*row), content_of(*row));
        copy = 0;
      }
      while (is_taken(numbered(base, ++copy))) {
      }
      copies[*row] = copy;
    }
  });
  rows.rename([&](std::size_t row) {
    return copies[row] == 0 ? std::string()
                            : numbered(with_content(rows.id(row), content_of(row)), copies[row]);
  });
}

}  // namespace winnow
