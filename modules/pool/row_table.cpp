#include "pool/row_table.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

#include "core/hash.h"
#include "pool/text.h"

namespace winnow {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();

}  // namespace

RowFacts row_facts(const Sample& sample) {
  return {sample.id,
          sample.source,
          sample.modality(),
          question_type(sample.question()),
          sample.content_digest(),
          count_words(sample.answer())};
}

std::optional<ContentDigest> ContentDigest::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  ContentDigest digest;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    std::uint64_t& half = i < 16 ? digest.first : digest.second;
    half = half << 4 | static_cast<std::uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  return digest;
}

std::string ContentDigest::text() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = kDigits[first >> (4 * i) & 15];
    text[31 - i] = kDigits[second >> (4 * i) & 15];
  }
  return text;
}

std::uint32_t RowTable::Names::number_of(std::string_view name) {
  const auto [found, is_new] =
      numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.emplace_back(name);
  return found->second;
}

RowTable::Order& RowTable::Order::operator=(const Order& other) {
  if (this == &other) return *this;
  made = false;
  rows = {};
  return *this;
}

RowTable::RowTable(const std::vector<RowFacts>& rows) {
  for (const RowFacts& row : rows) append(row);
}

std::string_view RowTable::id(std::size_t row) const {
  const std::uint64_t begin = row == 0 ? 0 : ends_[row - 1];
  return std::string_view(ids_).substr(begin, ends_[row] - begin);
}

RowFacts RowTable::facts(std::size_t row) const {
  return {std::string(id(row)), std::string(source(row)),
          modality(row),        std::string(question_type(row)),
          content_digest(row),  answer_words(row)};
}

std::vector<std::string> RowTable::sources() const {
  std::vector<bool> used(names_.size(), false);
  for (const std::uint32_t source : sources_) used[source] = true;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) names.emplace_back(names_.of(static_cast<std::uint32_t>(i)));
  }
  std::sort(names.begin(), names.end());
  return names;
}

const std::vector<std::uint32_t>& RowTable::by_id() const {
  const std::lock_guard lock(order_.mutex);
  if (!order_.made) {
    order_.rows.resize(size());
    std::iota(order_.rows.begin(), order_.rows.end(), std::uint32_t{0});
    std::sort(order_.rows.begin(), order_.rows.end(), [&](std::uint32_t a, std::uint32_t b) {
      const int order = id(a).compare(id(b));
      return order != 0 ? order < 0 : a < b;
    });
    order_.made = true;
  }
  return order_.rows;
}

std::optional<std::size_t> RowTable::find(std::string_view wanted) const {
  const std::vector<std::uint32_t>& order = by_id();
  const auto found =
      std::lower_bound(order.begin(), order.end(), wanted,
                       [&](std::uint32_t row, std::string_view other) { return id(row) < other; });
  if (found == order.end() || id(*found) != wanted) return std::nullopt;
  return *found;
}

void RowTable::append(const RowFacts& row) {
  const auto words = static_cast<std::uint64_t>(row.answer_words);
  if (size() >= kLargest || words > kLargest) {
    throw std::length_error("a table holds at most 2^32 - 1 rows, and an answer so many words");
  }
  const std::optional<ContentDigest> digest = ContentDigest::parse(row.content_digest);
  ids_ += row.id;
  ends_.push_back(ids_.size());
  digests_.push_back(digest ? *digest : *ContentDigest::parse(digest_of(row.content_digest)));
  sources_.push_back(names_.number_of(row.source));
  question_types_.push_back(names_.number_of(row.question_type));
  answer_words_.push_back(static_cast<std::uint32_t>(words));
  modalities_.push_back(static_cast<std::uint8_t>(row.modality));
  order_.made = false;
}

void RowTable::rename(const std::function<std::string(std::size_t row)>& id_of) {
  std::string ids;
  std::vector<std::uint64_t> ends;
  ids.reserve(ids_.size());
  ends.reserve(size());
  for (std::size_t row = 0; row < size(); ++row) {
    const std::string other = id_of(row);
    ids += other.empty() ? id(row) : std::string_view(other);
    ends.push_back(ids.size());
  }
  ids_ = std::move(ids);
  ends_ = std::move(ends);
  order_.made = false;
}

RowTable RowTable::subset(const std::vector<std::size_t>& rows) const {
  RowTable result;
  result.names_ = names_;
  std::uint64_t bytes = 0;
  for (const std::size_t row : rows) bytes += id(row).size();
  result.ids_.reserve(bytes);
  const auto take = [&](const auto& from, auto& to) {
    to.reserve(rows.size());
    for (const std::size_t row : rows) to.push_back(from[row]);
  };
  result.ends_.reserve(rows.size());
  for (const std::size_t row : rows) {
    result.ids_ += id(row);
    result.ends_.push_back(result.ids_.size());
  }
  take(digests_, result.digests_);
  take(sources_, result.sources_);
  take(question_types_, result.question_types_);
  take(answer_words_, result.answer_words_);
  take(modalities_, result.modalities_);
  return result;
}

RowTable facts_of(const std::vector<Sample>& samples) {
  RowTable rows;
  for (const Sample& sample : samples) rows.append(row_facts(sample));
  return rows;
}

}  // namespace winnow
