#pragma once
// The facts of a pool's rows, in about 40 bytes a row beside the bytes of its id.

#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pool/sample.h"

namespace winnow {

// Facts of a row that strata and constraints are made of; derived from the sample alone.
struct RowFacts {
  std::string id;
  std::string source;
  Modality modality = Modality::image;
  // What the question asks for, by its words: "temporal" (order, direction, counts of events,
  // before/after ...) or "static", for any modality (rule: pool/text.h). A video row with a
  // "static" question is not temporal evidence.
  std::string question_type;
  std::string content_digest;  // duplicates and tie-breaking
  std::int64_t answer_words = 0;
};
RowFacts row_facts(const Sample& sample);

// A content digest in 16 bytes. Ordered as the texts are.
struct ContentDigest {
  std::uint64_t first = 0, second = 0;

  // Nothing for a text that is not 32 lower-case hexadecimal characters.
  static std::optional<ContentDigest> parse(std::string_view text);
  std::string text() const;
  auto operator<=>(const ContentDigest&) const = default;
};

// Rows in the order in which they were appended; at most 2^32 - 1. Reading is safe from several
// threads at once.
class RowTable {
 public:
  RowTable() = default;
  // A content digest that is none (a test's "a") stands as the digest of that word: equal ones stay
  // equal.
  explicit RowTable(const std::vector<RowFacts>& rows);

  std::size_t size() const { return digests_.size(); }
  // Views are valid until a row is appended or renamed.
  std::string_view id(std::size_t row) const;
  std::string_view source(std::size_t row) const { return names_.of(sources_[row]); }
  std::string_view question_type(std::size_t row) const { return names_.of(question_types_[row]); }
  Modality modality(std::size_t row) const { return static_cast<Modality>(modalities_[row]); }
  std::int64_t answer_words(std::size_t row) const { return answer_words_[row]; }
  std::string content_digest(std::size_t row) const { return digests_[row].text(); }
  const ContentDigest& content(std::size_t row) const { return digests_[row]; }
  RowFacts facts(std::size_t row) const;
  // Names of the sources that rows have, sorted.
  std::vector<std::string> sources() const;

  // Of rows with one id the first.
  std::optional<std::size_t> find(std::string_view id) const;
  // All rows, sorted by id, those of one id by row. Made when it is asked for first: 4 bytes a row.
  const std::vector<std::uint32_t>& by_id() const;

  void append(const RowFacts& row);
  // Rows of equal digest are taken for one another by every selector.
  void set_content_digest(std::size_t row, const ContentDigest& digest) { digests_[row] = digest; }
  // Gives rows other ids: where `id_of` says "" the row keeps its own.
  void rename(const std::function<std::string(std::size_t row)>& id_of);
  // The table of these rows, in this order.
  RowTable subset(const std::vector<std::size_t>& rows) const;

 private:
  // Texts of which there are few, by numbers.
  class Names {
   public:
    std::uint32_t number_of(std::string_view name);
    std::string_view of(std::uint32_t number) const { return names_[number]; }
    std::size_t size() const { return names_.size(); }

   private:
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::uint32_t> numbers_;
  };
  // Rows sorted by id, once somebody asks. A copy makes its own.
  struct Order {
    Order() = default;
    Order(const Order&) {}
    Order& operator=(const Order&);
    std::mutex mutex;
    bool made = false;
    std::vector<std::uint32_t> rows;
  };

  std::string ids_;                  // one after the other
  std::vector<std::uint64_t> ends_;  // of the rows' ids
  std::vector<ContentDigest> digests_;
  std::vector<std::uint32_t> sources_, question_types_;  // numbers in names_
  std::vector<std::uint32_t> answer_words_;
  std::vector<std::uint8_t> modalities_;
  Names names_;
  mutable Order order_;
};

// The facts of every sample, in order.
RowTable facts_of(const std::vector<Sample>& samples);

}  // namespace winnow
