#pragma once
// A pool: every readable row of its files, and a ledger of the rows that were not. It is an index:
// facts and addresses of rows stay in memory, texts stay in the files.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/options.h"
#include "pool/row_notes.h"
#include "pool/row_table.h"
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

  // Name of the pool reader, see reader.h; auto: told from each file's first bytes.
  std::string format = "auto";
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

// Reading is safe from several threads at once; copies share what they hold.
class Pool {
 public:
  Pool();
  // Samples made elsewhere, kept in memory. An id that occurs once is kept; the samples that share
  // an id (or have none) get "<id>#<digest of their content>", the same whatever the order of rows
  // and files. `media_root` is left out of that digest, so that a moved pool keeps its ids.
  explicit Pool(std::vector<Sample> samples, std::vector<BadRow> ledger = {},
                const std::filesystem::path& media_root = {});

  // Indexes files of rows of both families (`messages` with role/content, `conversations` with
  // from/value), told apart row by row. Takes about 80 bytes a row and its id. Throws ConfigError
  // for an empty list of files, IoError for an unreadable file, and DataError for a file that is
  // broken as a whole, when there is no sample at all or when the share of bad rows exceeds the
  // limit; that message gives counts by kind and the first rows of each.
  static Pool read(const PoolOptions& options);
  // One pool of several parts, each read by its own options; the first one's limit on bad rows is
  // that of the whole.
  static Pool read_parts(const std::vector<PoolOptions>& parts);

  std::size_t size() const { return rows_->size(); }
  const RowTable& rows() const { return *rows_; }
  const std::shared_ptr<const RowTable>& shared_rows() const { return rows_; }
  // The sample, its text read again where the pool is one of files: some microseconds. Throws
  // IoError, and DataError naming file and line when the row is not there any more as it was.
  Sample sample(std::size_t row) const;
  const std::vector<BadRow>& ledger() const { return ledgers_->bad_rows; }
  // What the readable rows hold that is not honoured.
  const NoteLedger& notes() const { return ledgers_->notes; }
  // Row of a sample by id; throws DataError naming the nearest id.
  std::size_t index_of(const std::string& id) const;
  // Digest of all samples' content and ids in order. It covers the paths of media, not their bytes.
  std::string digest() const;
  // The pool of these rows, in this order, with the whole ledgers.
  Pool subset(const std::vector<std::size_t>& rows) const;

 private:
  // Where samples come from.
  class Store;
  class FileStore;
  class MemoryStore;

  struct Ledgers {
    std::vector<BadRow> bad_rows;
    NoteLedger notes;
  };

  std::shared_ptr<const Store> store_;
  std::shared_ptr<const std::vector<std::uint32_t>> places_;  // of rows in the store; null: all
  std::shared_ptr<const RowTable> rows_;
  std::shared_ptr<const Ledgers> ledgers_;
};

// Calls `take` on this thread with every sample in order, which all workers read ahead, a few at a
// time. Throws what Pool::sample and `take` throw.
void for_each_sample(const Pool& pool,
                     const std::function<void(std::size_t row, const Sample& sample)>& take);
// All of them, for work on pools whose texts fit into memory.
std::vector<Sample> all_samples(const Pool& pool);

// Counts by kind with the first rows of each, one line per row: "json: 12\n  a.jsonl:3: ...".
// Empty for an empty ledger.
std::string summary_of(const std::vector<BadRow>& ledger, std::size_t examples_per_kind = 3);

}  // namespace winnow
