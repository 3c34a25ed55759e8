#include "pool/pool.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "core/errors.h"
#include "core/hash.h"
#include "core/printable.h"
#include "pool/reader.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Content with media paths as they stand below the media root: the same wherever the pool lies.
std::string portable_digest(const Sample& sample, const fs::path& media_root) {
  Digest digest;
  for (const Turn& turn : sample.turns) {
    digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
  }
  for (const Media& medium : sample.media) {
    digest.add(to_string(medium.kind));
    for (const fs::path& path : medium.paths) {
      digest.add(media_root.empty() ? path.native()
                                    : path.lexically_proximate(media_root).native());
    }
  }
  return digest.hex().substr(0, 12);
}

fs::path media_root_of(const fs::path& file, const PoolOptions& options) {
  const fs::path root = options.media_root.empty() ? file.parent_path() : options.media_root;
  return fs::absolute(root.empty() ? fs::path(".") : root).lexically_normal();
}

// The deepest folder that holds both.
fs::path common_folder(const fs::path& a, const fs::path& b) {
  fs::path common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end() && *i == *j; ++i, ++j) {
    common /= *i;
  }
  return common;
}

void check_bad_share(const std::vector<BadRow>& ledger, std::size_t good,
                     const PoolOptions& options) {
  const std::size_t rows = ledger.size() + good;
  const double share = rows > 0 ? double(ledger.size()) / double(rows) : 0.0;
  if (good > 0 && share <= options.maximum_bad_share) return;
  std::string files;
  for (const fs::path& file : options.files) files += (files.empty() ? "" : ", ") + file.string();
  if (rows == 0) throw DataError(files + ": no rows; a pool needs at least one");
  throw DataError(fmt::format(
      "{}: {} of {} rows are bad ({:.2f} %), {}\n{}", files, ledger.size(), rows, 100 * share,
      good == 0 ? std::string("none is left")
                : fmt::format("more than maximum_bad_share = {} allows", options.maximum_bad_share),
      summary_of(ledger)));
}

}  // namespace

config::Help help(const PoolOptions&) {
  return {
      {"format", "reader of the files: jsonl, or one that a source file registers"},
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

Pool::Pool(std::vector<Sample> samples, std::vector<BadRow> ledger, const fs::path& media_root)
    : samples_(std::move(samples)), ledger_(std::move(ledger)) {
  for (const Sample& sample : samples_) notes_.add(sample);
  index_samples([&](std::size_t i) { return portable_digest(samples_[i], media_root); });
}

Pool Pool::read(const PoolOptions& options) {
  if (options.files.empty()) throw ConfigError("pool.files is empty: name at least one pool file");
  const PoolReader& reader = pool_readers().at(options.format);
  Pool pool;
  std::vector<std::pair<std::size_t, fs::path>> roots;  // of the samples before that index
  for (const fs::path& file : options.files) {
    const fs::path root = media_root_of(file, options);
    reader(file, root, options,
           {[&](Sample sample) {
              pool.notes_.add(sample);
              pool.samples_.push_back(std::move(sample));
            },
            [&](BadRow row) { pool.ledger_.push_back(std::move(row)); }});
    roots.emplace_back(pool.samples_.size(), root);
  }
  check_bad_share(pool.ledger_, pool.samples_.size(), options);
  for (const NoteLedger::Entry& note : pool.notes_.entries()) {
    spdlog::warn("{}", line_of(note));
  }
  // One root for all, lest two files whose folders hold equal names seem to show the same.
  fs::path common = roots.front().second;
  for (const auto& [end, root] : roots) common = common_folder(common, root);
  for (Sample& sample : pool.samples_) {
    for (Media& medium : sample.media) medium.root = common;
  }
  pool.index_samples([&](std::size_t i) {
    const auto root = std::find_if(roots.begin(), roots.end(),
                                   [&](const auto& entry) { return i < entry.first; });
    return portable_digest(pool.samples_[i], root->second);
  });
  return pool;
}

void Pool::index_samples(const std::function<std::string(std::size_t)>& content_of) {
  std::unordered_map<std::string, int> uses;
  for (const Sample& sample : samples_) ++uses[sample.id];
  const auto keeps_id = [&](const Sample& sample) {
    return !sample.id.empty() && uses.at(sample.id) == 1;
  };
  std::vector<std::size_t> renamed;
  index_.reserve(samples_.size());
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (keeps_id(samples_[i])) {
      index_.emplace(samples_[i].id, i);
    } else {
      renamed.push_back(i);
    }
  }
  for (const std::size_t i : renamed) {
    std::string& id = samples_[i].id;
    const std::string base = (id.empty() ? "row-" : id + "#") + content_of(i);
    id = base;
    // Rows of equal id and equal content cannot be told apart; they are numbered.
    for (int copy = 2; !index_.emplace(id, i).second; ++copy) {
      id = base + "-" + std::to_string(copy);
    }
  }
}

std::size_t Pool::index_of(const std::string& id) const {
  const auto found = index_.find(id);
  if (found != index_.end()) return found->second;
  std::vector<std::string> ids;
  ids.reserve(samples_.size());
  for (const Sample& sample : samples_) ids.push_back(sample.id);
  const std::string nearest = nearest_name(id, ids);
  throw DataError(fmt::format("the pool has no sample '{}' among its {}.{}", id, ids.size(),
                              nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

std::string Pool::digest() const {
  Digest digest;
  digest.add(static_cast<std::uint64_t>(samples_.size()));
  for (const Sample& sample : samples_) {
    digest.add(sample.id).add(sample.source).add(sample.content_digest());
  }
  return digest.hex();
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
