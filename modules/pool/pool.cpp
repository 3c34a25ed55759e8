#include "pool/pool.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/printable.h"
#include "pool/file_rows.h"
#include "pool/row_ids.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

void check_bad_share(const std::vector<BadRow>& ledger, std::size_t good,
                     const std::vector<PoolOptions>& parts) {
  const std::size_t rows = ledger.size() + good;
  const double share = rows > 0 ? double(ledger.size()) / double(rows) : 0.0;
  const double allowed = parts.front().maximum_bad_share;
  if (good > 0 && share <= allowed) return;
  std::string files;
  for (const PoolOptions& part : parts) {
    for (const fs::path& file : part.files) files += (files.empty() ? "" : ", ") + file.string();
  }
  if (rows == 0) throw DataError(files + ": no rows; a pool needs at least one");
  throw DataError(fmt::format(
      "{}: {} of {} rows are bad ({:.2f} %), {}\n{}", files, ledger.size(), rows, 100 * share,
      good == 0 ? std::string("none is left")
                : fmt::format("more than maximum_bad_share = {} allows", allowed),
      summary_of(ledger)));
}

}  // namespace

config::Help help(const PoolOptions&) {
  return {
      {"format",
       "reader of the files: jsonl, json_array or one that a source file registers; auto: told "
       "from "
       "each file's first bytes"},
      {"files", "pool files, read in this order; relative to the working directory"},
      {"media_root", "folder that relative media paths start from; empty: each file's folder"},
      {"maximum_bad_share", "share of bad rows above which reading stops", config::between(0, 1)},
      {"check_media", "check while reading that every media file exists"},
      {"image_lists",
       "whether an `images` list is separate images or the frames of a clip; automatic decides row "
       "by row"},
      {"outside_media",
       "media outside of the media root (absolute, ../, links): note counts them, refuse makes bad "
       "rows"},
  };
}

// Samples by their place.
class Pool::Store {
 public:
  virtual ~Store() = default;
  virtual Sample sample(std::size_t place) const = 0;
};

class Pool::MemoryStore : public Store {
 public:
  explicit MemoryStore(std::vector<Sample> samples) : samples_(std::move(samples)) {}
  Sample sample(std::size_t place) const override { return samples_[place]; }

 private:
  std::vector<Sample> samples_;
};

class Pool::FileStore : public Store {
 public:
  explicit FileStore(const std::vector<PoolOptions>& parts) : files_(parts) {}
  FileRows::Found scan() { return files_.scan(); }
  Sample sample(std::size_t place) const override { return files_.sample(place); }

 private:
  FileRows files_;
};

Pool::Pool() : Pool(std::vector<Sample>()) {}

Pool::Pool(std::vector<Sample> samples, std::vector<BadRow> ledger, const fs::path& media_root) {
  RowTable rows = facts_of(samples);
  std::vector<std::uint64_t> portable(samples.size());
  parallel_for(samples.size(),
               [&](std::size_t row) { portable[row] = portable_digest(samples[row], media_root); });
  make_ids_unique(rows, [&](std::size_t row) { return portable[row]; });
  auto ledgers = std::make_shared<Ledgers>();
  for (const Sample& sample : samples) ledgers->notes.add(sample);
  ledgers->bad_rows = std::move(ledger);
  store_ = std::make_shared<const MemoryStore>(std::move(samples));
  rows_ = std::make_shared<const RowTable>(std::move(rows));
  ledgers_ = std::move(ledgers);
}

Pool Pool::read(const PoolOptions& options) { return read_parts({options}); }

Pool Pool::read_parts(const std::vector<PoolOptions>& parts) {
  auto store = std::make_shared<FileStore>(parts);
  FileRows::Found found = store->scan();
  check_bad_share(found.ledger, found.rows.size(), parts);
  make_ids_unique(found.rows, [&](std::size_t row) { return found.portable[row]; });
  Pool pool;
  for (const NoteLedger::Entry& note : found.notes.entries()) spdlog::warn("{}", line_of(note));
  pool.store_ = std::move(store);
  pool.rows_ = std::make_shared<const RowTable>(std::move(found.rows));
  pool.ledgers_ =
      std::make_shared<const Ledgers>(Ledgers{std::move(found.ledger), std::move(found.notes)});
  return pool;
}

Sample Pool::sample(std::size_t row) const {
  Sample sample = store_->sample(places_ == nullptr ? row : (*places_)[row]);
  sample.id = rows_->id(row);
  return sample;
}

std::size_t Pool::index_of(const std::string& id) const {
  if (const auto found = rows_->find(id)) return *found;
  std::vector<std::string> ids;
  ids.reserve(size());
  for (std::size_t row = 0; row < size(); ++row) ids.emplace_back(rows_->id(row));
  const std::string nearest = nearest_name(id, ids);
  throw DataError(fmt::format("the pool has no sample '{}' among its {}.{}", id, ids.size(),
                              nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

std::string Pool::digest() const {
  Digest digest;
  digest.add(static_cast<std::uint64_t>(size()));
  for (std::size_t row = 0; row < size(); ++row) {
    digest.add(rows_->id(row)).add(rows_->source(row)).add(rows_->content_digest(row));
  }
  return digest.hex();
}

Pool Pool::subset(const std::vector<std::size_t>& rows) const {
  Pool result = *this;
  auto places = std::make_shared<std::vector<std::uint32_t>>();
  places->reserve(rows.size());
  for (const std::size_t row : rows) {
    places->push_back(places_ == nullptr ? static_cast<std::uint32_t>(row) : (*places_)[row]);
  }
  result.places_ = std::move(places);
  result.rows_ = std::make_shared<const RowTable>(rows_->subset(rows));
  return result;
}

void for_each_sample(const Pool& pool,
                     const std::function<void(std::size_t row, const Sample& sample)>& take) {
  constexpr std::size_t kWindow = 1024;
  std::vector<Sample> window;
  for (std::size_t first = 0; first < pool.size(); first += kWindow) {
    window.assign(std::min(kWindow, pool.size() - first), {});
    parallel_for(window.size(), [&](std::size_t i) { window[i] = pool.sample(first + i); });
    for (std::size_t i = 0; i < window.size(); ++i) take(first + i, window[i]);
  }
}

std::vector<Sample> all_samples(const Pool& pool) {
  std::vector<Sample> samples(pool.size());
  parallel_for(samples.size(), [&](std::size_t row) { samples[row] = pool.sample(row); });
  return samples;
}

std::string summary_of(const std::vector<BadRow>& ledger, std::size_t examples_per_kind) {
  std::map<std::string, std::vector<const BadRow*>> by_kind;
  for (const BadRow& row : ledger) by_kind[row.kind].push_back(&row);
  std::string text;
  for (const auto& [kind, rows] : by_kind) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", kind, rows.size());
    for (std::size_t i = 0; i < std::min(rows.size(), examples_per_kind); ++i) {
      text += fmt::format("\n  {}:{}: {}", printable(rows[i]->file), rows[i]->line,
                          printable(rows[i]->reason));
    }
  }
  return text;
}

}  // namespace winnow
