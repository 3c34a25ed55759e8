#pragma once
// A pool: every readable row of its files, and a ledger of the rows that were not.

#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/options.h"
#include "pool/row_notes.h"
#include "pool/sample.h"

namespace winnow {

// A row that could not become a sample.
struct BadRow {
  std::string file;
  std::int64_t line = 0;
  std::string kind;    // "json", "structure", "missing_media", ...: see README.md
  std::string reason;  // one line, for a person
};

struct PoolOptions {
  // What a row's `images` list is: told from the row, see row_reader.h; or the same for all rows.
  enum class ImageLists { automatic, images, frames };
  BOOST_DESCRIBE_NESTED_ENUM(ImageLists, automatic, images, frames)
  enum class OutsideMedia { note, refuse };
  BOOST_DESCRIBE_NESTED_ENUM(OutsideMedia, note, refuse)

  // Name of the pool reader, see reader.h.
  std::string format = "jsonl";
  // Files, read in this order. Relative paths are taken from the working directory.
  std::vector<std::filesystem::path> files;
  // Folder that relative media paths start from; empty: the folder of each file.
  std::filesystem::path media_root;
  // The share of bad rows above which reading stops with a DataError.
  double maximum_bad_share = 0.01;
  // Whether every media path is checked to exist while reading.
  bool check_media = true;
  ImageLists image_lists = ImageLists::automatic;
  // Media outside of the media root: counted as a note, or bad rows.
  OutsideMedia outside_media = OutsideMedia::note;
};
BOOST_DESCRIBE_STRUCT(PoolOptions, (),
                      (format, files, media_root, maximum_bad_share, check_media, image_lists,
                       outside_media))
config::Help help(const PoolOptions&);

class Pool {
 public:
  Pool() = default;
  // Samples made elsewhere. An id that occurs once is kept; the samples that share an id (or have
  // none) get "<id>#<digest of their content>", the same whatever the order of rows and files.
  // `media_root` is left out of that digest, so that a moved pool keeps its ids.
  explicit Pool(std::vector<Sample> samples, std::vector<BadRow> ledger = {},
                const std::filesystem::path& media_root = {});

  // Reads both JSONL families (`messages` with role/content, `conversations` with from/value),
  // told apart row by row. Throws ConfigError for an empty list of files, IoError for an unreadable
  // file and DataError when there is no sample at all or the share of bad rows exceeds the limit;
  // the message gives counts by kind and the first rows of each.
  static Pool read(const PoolOptions& options);

  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<BadRow>& ledger() const { return ledger_; }
  // What the readable rows hold that is not honoured.
  const NoteLedger& notes() const { return notes_; }
  // Index of a sample by id; throws DataError naming the nearest id.
  std::size_t index_of(const std::string& id) const;
  // Digest of all samples' content and ids in order. It covers the paths of media, not their bytes.
  std::string digest() const;

 private:
  void index_samples(const std::function<std::string(std::size_t)>& content_of);

  std::vector<Sample> samples_;
  std::vector<BadRow> ledger_;
  NoteLedger notes_;
  std::unordered_map<std::string, std::size_t> index_;
};

// Counts by kind with the first rows of each, one line per row: "json: 12\n  a.jsonl:3: ...".
// Empty for an empty ledger.
std::string summary_of(const std::vector<BadRow>& ledger, std::size_t examples_per_kind = 3);

}  // namespace winnow
