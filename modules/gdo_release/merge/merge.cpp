#include "gdo_release/merge/merge.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "gdo_release/merge/mini_batch_kmeans.h"
#include "gdo_release/merge/row_writer.h"
#include "gdo_release/merge/shard_rows.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/python/value.h"

namespace winnow::gdo_release {
namespace fs = std::filesystem;
namespace {

// Calls `work` for every block, with its number, on all threads, and then `take` in order, a few
// blocks at a time. `take` returns false to stop.
void in_order(const Shards& shards, const std::function<void(ShardBlock&, std::size_t)>& work,
              const std::function<bool(ShardBlock&, std::size_t)>& take) {
  const std::size_t total = shards.blocks().size();
  std::vector<ShardBlock> wave(std::min(total, 2 * worker_count()));
  for (std::size_t first = 0; first < total; first += wave.size()) {
    const std::size_t count = std::min(wave.size(), total - first);
    parallel_for(count, [&](std::size_t i) {
      wave[i].shard = shards.blocks()[first + i].shard;
      wave[i].bytes = shards.blocks()[first + i].bytes;
      work(wave[i], first + i);
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (!take(wave[i], first + i)) return;
    }
  }
}

struct Scan {
  std::int64_t rows = 0;
  std::size_t dimensions = 0;
  std::vector<std::size_t> taken;  // rows of each block
  std::vector<ShardBlock> kept;    // the blocks read; without rows where memory had no room
  MergeColumns columns;
  Points centers;
};

std::size_t rows_left(const MergeOptions& options, std::int64_t rows) {
  if (options.max_rows <= 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(options.max_rows - rows);
}

// Statistics of the columns, and k-means where `fit` is set.
Scan scan(const Shards& shards, const MergeOptions& options, bool fit) {
  const auto sampler = [&](std::uint64_t number) {
    return ReservoirSampler(options.stats_sample_size,
                            static_cast<std::uint64_t>(options.seed) + number);
  };
  ReservoirSampler vds = sampler(11), ppl = sampler(13), amm = sampler(17), diversity = sampler(19),
                   consistency = sampler(23);
  MiniBatchKMeans kmeans(static_cast<std::size_t>(std::max<std::int64_t>(2, options.cluster_k)),
                         static_cast<std::size_t>(options.cluster_batch_size));
  Scan result;
  const std::size_t most = rows_left(options, 0);
  // Rows kept from this pass need not be read again for the next.
  std::size_t room = std::size_t{256} << 20;
  in_order(
      shards, [&](ShardBlock& block, std::size_t) { shards.parse(block, most); },
      [&](ShardBlock& block, std::size_t) {
        const std::size_t left = rows_left(options, result.rows);
        const std::size_t count = std::min(block.rows.size(), left);
        for (std::size_t i = 0; i < count; ++i) {
          const ShardRow& row = block.rows[i];
          vds.add(row.vds), ppl.add(row.ppl), amm.add(row.amm), diversity.add(row.frame_diversity);
          if (row.self_consistency >= 0.0) consistency.add(row.self_consistency);
        }
        if (count > 0 && result.rows == 0) result.dimensions = block.features.dimensions;
        if (count > 0 && block.features.dimensions != result.dimensions) {
          throw DataError(shards.place_of(block) + ": rows from here on have " +
                          std::to_string(block.features.dimensions) + " features, those before " +
                          std::to_string(result.dimensions));
        }
        for (std::size_t i = 0; fit && i < count; ++i) {
          kmeans.add(block.features.row(i), result.dimensions);
        }
        result.taken.push_back(count);
        result.rows += static_cast<std::int64_t>(count);
        if (block.problem && count < left) throw DataError(*block.problem);
        result.kept.emplace_back();
        const std::size_t bytes = block.memory();
        if (bytes <= room) {
          room -= bytes;
          block.rows.resize(count);
          result.kept.back() = std::move(block);
        }
        return count < left;
      });
  if (result.rows < 2) {
    throw DataError(std::to_string(result.rows) + " rows in the shards; clusters need two");
  }
  result.columns = {robust_center_scale(vds.values()),
                    robust_center_scale(ppl.values()),
                    robust_center_scale(amm.values()),
                    robust_center_scale(diversity.values()),
                    {0.5, 0.2}};
  if (!consistency.values().empty()) {
    result.columns.self_consistency = robust_center_scale(consistency.values());
  }
  if (fit) result.centers = kmeans.finish();
  return result;
}

// NaN for what is no number.
float coordinate(const python::Value& value) {
  using Kind = python::Value::Kind;
  if (value.kind == Kind::real) return static_cast<float>(value.real);
  if (value.kind != Kind::integer) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(python::float_of_number(value.text));
}

Points read_centers(const fs::path& path, std::size_t rows, std::size_t dimensions) {
  const std::string content = read_file(path);
  Points centers;
  centers.dimensions = dimensions;
  std::size_t line_number = 0;
  std::string_view rest = content;
  const auto fail = [&](const std::string& reason) {
    throw DataError(path.string() + ":" + std::to_string(line_number) + ": " + reason);
  };
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line_number;
    const std::size_t before = centers.values.size();
    const std::optional<python::Value> center = python::parse_json(line);
    if (!center || center->kind != python::Value::Kind::list) fail("is not a list of numbers");
    for (const python::Value& value : center->items) {
      centers.values.push_back(coordinate(value));
      if (std::isnan(centers.values.back())) fail("is not a list of numbers");
      if (!std::isfinite(centers.values.back())) fail("a coordinate beyond float32");
    }
    if (centers.values.size() - before != dimensions) {
      fail("a centre of " + std::to_string(centers.values.size() - before) +
           " numbers where the rows have " + std::to_string(dimensions));
    }
  }
  if (centers.rows() != rows) {
    throw DataError(path.string() + ": " + std::to_string(centers.rows()) +
                    " centres where cluster_k and the number of rows make " + std::to_string(rows));
  }
  return centers;
}

std::string text_of(const Points& centers) {
  std::string text;
  for (std::size_t i = 0; i < centers.rows(); ++i) {
    for (std::size_t d = 0; d < centers.dimensions; ++d) {
      char buffer[32];
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, centers.row(i)[d]).ptr;
      text += d == 0 ? "[" : ", ";
      text.append(buffer, end);
    }
    text += "]\n";
  }
  return text;
}

// Returns how many rows have an empty name.
std::int64_t write_rows(const Shards& shards, Scan& scan, std::ofstream& out) {
  const NearestCenter nearest(scan.centers);
  const RowWriter writer(scan.columns, scan.centers, nearest);
  std::vector<std::string> texts(2 * worker_count());
  std::vector<std::optional<std::string>> problems(texts.size());
  std::int64_t nameless = 0;
  in_order(
      shards,
      [&](ShardBlock& block, std::size_t number) {
        if (number >= scan.taken.size()) return;
        if (scan.kept[number].rows.empty()) {
          shards.parse(block, scan.taken[number]);
        } else {
          block = std::move(scan.kept[number]);
        }
        std::string& text = texts[number % texts.size()];
        text.clear();
        for (std::size_t i = 0; i < block.rows.size(); ++i) {
          try {
            writer.append(text, block.rows[i], block.features.row(i));
          } catch (const python::EncodeError& error) {
            problems[number % texts.size()] = error.what();
            return;
          }
        }
      },
      [&](ShardBlock& block, std::size_t number) {
        if (number >= scan.taken.size()) return false;
        if (const auto& problem = problems[number % texts.size()]) {
          throw DataError(shards.place_of(block) + ": in the lines from here on: " + *problem);
        }
        const std::string& text = texts[number % texts.size()];
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        for (const ShardRow& row : block.rows) {
          nameless +=
              row.qa_uid.is_absent() || (row.qa_uid.is_string() && row.qa_uid.text().empty());
        }
        return true;
      });
  return nameless;
}

}  // namespace

config::Help help(const MergeOptions&) {
  return {{"cluster_k", "number of clusters; at least 2, at most one a row", config::at_least(1)},
          {"cluster_batch_size", "rows of one k-means step", config::at_least(1)},
          {"seed", "of the samples that stand for large columns", config::at_least(0)},
          {"max_rows", "read only so many rows (0: all)", config::at_least(0)},
          {"stats_sample_size",
           "rows that medians and quartiles are taken of (0: none; centres 0, scales 1)",
           config::at_least(0)},
          {"centers", "file of centres, one JSON list a line, that stand in for k-means"}};
}

MergeReport merge(const MergeRequest& request) {
  const MergeOptions& options = request.options;
  const Shards shards(request.shards);
  Scan scanned = scan(shards, options, !options.centers);
  if (options.centers) {
    const std::int64_t rows = std::min(std::max<std::int64_t>(2, options.cluster_k), scanned.rows);
    scanned.centers =
        read_centers(*options.centers, static_cast<std::size_t>(rows), scanned.dimensions);
  }
  MergeReport report;
  write_file_with(request.output_jsonl, [&](const fs::path& path) {
    std::ofstream out(path, std::ios::binary);
    if (out) report.bad_rows = write_rows(shards, scanned, out);
    out.close();
    if (!out) {
      throw IoError(request.output_jsonl.string() + ": writing failed: " + std::strerror(errno));
    }
  });
  if (!request.output_centers.empty()) {
    write_file(request.output_centers, text_of(scanned.centers));
  }
  report.input_dir = request.shards.string();
  report.output_jsonl = request.output_jsonl.string();
  report.num_shards = static_cast<std::int64_t>(shards.count());
  report.rows_scanned = report.rows_written = scanned.rows;
  report.cluster_k = static_cast<std::int64_t>(scanned.centers.rows());
  report.cluster_k_requested = options.cluster_k;
  report.stats_sample_size = options.stats_sample_size;
  report.columns = scanned.columns;
  write_file(request.output_report, report.json());
  return report;
}

std::string MergeReport::json() const {
  std::string text = "{";
  const auto name = [&](const std::string& key) -> std::string& {
    text += text.size() == 1 ? "\n  \"" : ",\n  \"";
    return text += key + "\": ";
  };
  const auto whole = [&](const char* key, std::int64_t value) {
    name(key) += std::to_string(value);
  };
  const auto column = [&](const std::string& key, const CenterScale& value) {
    python::append_float(name(key + "_center"), value.center);
    python::append_float(name(key + "_scale"), value.scale);
  };
  python::append_text(name("input_dir"), input_dir);
  whole("num_shards", num_shards);
  whole("rows_scanned", rows_scanned);
  whole("rows_fit", rows_scanned);
  whole("rows_written", rows_written);
  whole("bad_rows", bad_rows);
  whole("cluster_k", cluster_k);
  whole("cluster_k_requested", cluster_k_requested);
  whole("stats_sample_size", stats_sample_size);
  column("vds", columns.vds);
  column("ppl", columns.ppl);
  column("amm", columns.amm);
  column("frame_div", columns.frame_diversity);
  column("self_consistency", columns.self_consistency);
  python::append_text(name("output_jsonl"), output_jsonl);
  return text + "\n}";
}

}  // namespace winnow::gdo_release
