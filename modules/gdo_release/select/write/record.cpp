#include "gdo_release/select/write/record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <optional>
#include <utility>

#include "core/errors.h"
#include "gdo_release/frame_sampling.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/python/line_file.h"
#include "gdo_release/python/text.h"
#include "gdo_release/python/value.h"
#include "gdo_release/select/scan/row.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

void append_image(const RawValue& image, std::string& json) {
  if (image.is_string() && !image.escaped) {  // Python writes it as it is written
    json.append("\"").append(image.text()).append("\"");
  } else {
    python::append_quoted(json, python::str(python::value_of(image)));
  }
}

// Writes one row after the other.
class RecordWriter {
 public:
  explicit RecordWriter(std::int64_t target_frames) : target_frames_(target_frames) {}

  void append(const Pair& pair, std::string_view form, std::string_view temporal, const RawRow& row,
              std::string& json) {
    const auto text = [&](const char* before, std::string_view value) {
      json += before;
      python::append_quoted(json, value);
    };
    text("{\"qa_uid\": ", pair.uid);
    text(", \"video_uid\": ", pair.video_uid);
    text(", \"question_type\": ", form);
    // Both texts stand in the row twice.
    const std::size_t question = (json += ", \"question\": ").size();
    python::append_quoted(json, pair.question);
    const std::size_t question_end = json.size();
    const std::size_t answer = (json += ", \"answer\": ").size();
    python::append_quoted(json, pair.answer);
    const std::size_t answer_end = json.size();
    json += ", \"messages\": [{\"role\": \"user\", \"content\": \"";
    for (std::int64_t i = 0; i < pair.frames; ++i) json += "<image>";
    json += "\\n";
    json.append(json, question + 1, question_end - question - 1);
    json += "}, {\"role\": \"assistant\", \"content\": ";
    json.append(json, answer, answer_end - answer);
    json += "}], \"images\": [";
    images(pair, row, json);
    json += "], \"data_quality_metrics\": {\"n_frames\": ";
    append_number(pair.frames, json);
    text(", \"temporal_category\": ", temporal);
    json += "}, \"meta\": {\"bucket\": ";
    json += pair.video ? "\"short_video\", \"source_name\": \"llava_video_full\", "
                         "\"source_domain\": \"video_short\""
                       : "\"image_qa\", \"source_name\": \"llava_onevision_full\", "
                         "\"source_domain\": \"image\"";
    text(", \"llava_source\": ", pair.raw_source);
    json += "}}";
  }

 private:
  static void append_number(std::int64_t number, std::string& json) {
    char digits[20];
    json.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }

  void images(const Pair& pair, const RawRow& row, std::string& json) {
    if (!pair.video) return append_image(row.first_image, json);
    frames_.clear();
    python::JsonScanner scanner(row.images.begin);
    scanner.list([&] {
      RawValue item;
      if (!scanner.value(item)) return false;
      if (python::is_truthy(item)) frames_.push_back(item);
      return true;
    });
    const char* separator = "";
    for (const std::int64_t i : indices(row.true_images)) {
      json += std::exchange(separator, ", ");
      append_image(frames_[static_cast<std::size_t>(i)], json);
    }
  }
  const std::vector<std::int64_t>& indices(std::int64_t count) {
    if (count != indices_count_) {
      indices_ = sample_frames(count, target_frames_);
      indices_count_ = count;
    }
    return indices_;
  }

  const std::int64_t target_frames_;
  std::vector<RawValue> frames_;
  std::vector<std::int64_t> indices_;  // of indices_count_ frames
  std::int64_t indices_count_ = -1;
};

void check_surrogates(std::string_view json, const std::string& where) {
  if (!python::has_half_surrogate(json)) return;
  throw DataError(where +
                  ": an identifier or a media path holds half a surrogate pair, which cannot be "
                  "written as UTF-8; the release stops there too");
}

}  // namespace

struct RecordReader::State {
  struct Pool {
    std::string name;
    python::LinesByOffset file;
    PairMaker pairs;
  };
  explicit State(const ScanOptions& options)
      : writer(options.target_frames),
        onevision{options.onevision.string(), python::LinesByOffset(options.onevision),
                  PairMaker(false, options.target_frames, options.onevision.string())},
        video{options.video.string(), python::LinesByOffset(options.video),
              PairMaker(true, options.target_frames, options.video.string())} {}
  RecordWriter writer;
  Pool onevision, video;
  RawRow row;
  std::string line;
};

RecordReader::RecordReader(const ScanOptions& options) : state_(std::make_unique<State>(options)) {}
RecordReader::~RecordReader() = default;

void RecordReader::append(const PairPlace& place, std::string_view form, std::string_view temporal,
                          std::string& out) {
  State::Pool& pool = place.video ? state_->video : state_->onevision;
  const auto where = [&] { return fmt::format("{}:{}", pool.name, place.line); };
  std::string& text = state_->line;
  text = pool.file.line_at(place.offset);
  const std::size_t length = text.size();
  const bool valid = simdjson::validate_utf8(text);
  text.append(python::kJsonPadding, '\0');
  RawRow& row = state_->row;
  const Pair* pair = nullptr;
  if (valid && read_row(text.data(), text.data() + length, row) == RowKind::row) {
    pair = pool.pairs.find_pair(row, place.line, place.offset, length, place.turn);
  }
  if (pair == nullptr) {
    throw DataError(
        fmt::format("{}: there is no pair {} at byte {} any more; the file has changed "
                    "since it was scanned",
                    where(), place.turn, place.offset));
  }
  const std::size_t before = out.size();
  state_->writer.append(*pair, form, temporal, row, out);
  const std::string_view json = std::string_view(out).substr(before);
  if (python::has_half_surrogate(json)) check_surrogates(json, where());
}

void RecordReader::prefetch(bool video, std::int64_t offset) const {
  (video ? state_->video : state_->onevision).file.prefetch(offset);
}

std::string resample_frames(std::string_view record, std::int64_t target_frames) {
  std::optional<python::Value> row = python::parse_json(record);
  if (!row) throw DataError("an output row: is not JSON");
  if (row->kind != python::Value::Kind::dict) throw DataError("an output row: is not an object");
  python::Value* const images = row->find("images");
  if (images != nullptr && images->kind == python::Value::Kind::list && images->items.size() > 1) {
    std::vector<python::Value> kept;
    for (const std::int64_t i :
         sample_frames(static_cast<std::int64_t>(images->items.size()), target_frames)) {
      kept.push_back(images->items[static_cast<std::size_t>(i)]);
    }
    images->items = std::move(kept);
    python::Value frames;
    frames.kind = python::Value::Kind::integer;
    frames.text = std::to_string(images->items.size());
    python::Value* const metrics = row->find("data_quality_metrics");
    if (metrics != nullptr && metrics->kind == python::Value::Kind::dict) {
      if (python::Value* const known = metrics->find("n_frames")) {
        *known = frames;
      } else {
        metrics->keys.push_back("n_frames");
        metrics->items.push_back(frames);
      }
    }
  }
  std::string json;
  python::append_value(json, *row);
  check_surrogates(json, "an output row");
  return json;
}

}  // namespace winnow::gdo_release
