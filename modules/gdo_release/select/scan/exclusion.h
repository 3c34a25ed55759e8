#pragma once
// Questions and pairs that must not be selected, from the release's exclusion references.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/select/options.h"
#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {

// The paths of `exclude_reference_jsonl`.
std::vector<std::string> exclusion_paths(const std::string& comma_separated);

class Exclusion {
 public:
  Exclusion() = default;
  // Reads the references. A file that is not there is left out, as the release does it, and named
  // in missing_files(). Throws IoError, and DataError where the release stops: at bytes that are
  // not UTF-8 and at half a surrogate pair in a text.
  explicit Exclusion(const SelectOptions& options);

  // "question", "qa", or nothing when the pair may stay. The texts are normalised.
  std::string_view reason(std::string_view question, std::string_view answer);

  bool enabled() const { return !paths_.empty(); }
  const std::vector<std::string>& paths() const { return paths_; }
  const std::vector<std::string>& missing_files() const { return missing_files_; }
  std::int64_t files_loaded() const { return files_loaded_; }
  std::int64_t rows_seen() const { return rows_seen_; }
  std::int64_t rows_bad() const { return rows_bad_; }
  std::size_t question_count() const { return questions_.size(); }
  std::size_t pair_count() const { return pairs_.size(); }

 private:
  void read(const std::string& path, std::int64_t maximum_lines);
  void add(const std::string& question, const std::string& answer, const std::string& where);
  std::uint64_t pair_key(std::string_view question, std::string_view answer);

  std::vector<std::string> paths_, missing_files_;
  bool use_questions_ = false, use_pairs_ = false;
  std::int64_t files_loaded_ = 0, rows_seen_ = 0, rows_bad_ = 0;
  KeyTable questions_, pairs_;
  std::string scratch_;
};

}  // namespace winnow::gdo_release
