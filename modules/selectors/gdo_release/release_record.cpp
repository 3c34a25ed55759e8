#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "core/errors.h"
#include "selectors/gdo_release/line_file.h"
#include "selectors/gdo_release/python_json.h"
#include "selectors/gdo_release/release_pair.h"
#include "selectors/gdo_release/release_row.h"
#include "selectors/gdo_release/release_text.h"

namespace winnow::gdo_release {
namespace {

// The media of the pairs of a row that the release keeps.
std::vector<RawValue> images_of(const RawRow& row, bool video, std::int64_t target_frames) {
  if (!video) return {row.first_image};
  std::vector<RawValue> frames, kept;
  frames.reserve(static_cast<std::size_t>(row.true_images));
  JsonScanner scanner(row.images.begin);
  scanner.list([&] {
    RawValue item;
    if (!scanner.value(item)) return false;
    if (is_truthy(item)) frames.push_back(item);
    return true;
  });
  for (const std::int64_t i : sample_indices(row.true_images, target_frames)) {
    kept.push_back(frames[static_cast<std::size_t>(i)]);
  }
  return kept;
}

void append_image(const RawValue& image, std::string& json) {
  if (image.is_string() && !image.escaped) {  // Python writes it as it is written
    json.append("\"").append(image.text()).append("\"");
  } else {
    append_json_string(python_str(python_value(image)), json);
  }
}

std::string json_of(const ReleasePair& pair, const std::vector<RawValue>& images) {
  std::string json;
  const auto text = [&](const char* before, std::string_view value) {
    json += before;
    append_json_string(value, json);
  };
  text("{\"qa_uid\": ", pair.uid);
  text(", \"video_uid\": ", pair.video_uid);
  text(", \"question_type\": ", pair.form);
  text(", \"question\": ", pair.question);
  text(", \"answer\": ", pair.answer);
  std::string content;
  for (std::int64_t i = 0; i < pair.frames; ++i) content += "<image>";
  text(", \"messages\": [{\"role\": \"user\", \"content\": ",
       (content += '\n').append(pair.question));
  text("}, {\"role\": \"assistant\", \"content\": ", pair.answer);
  const char* separator = "}], \"images\": [";
  for (const RawValue& image : images) {
    json += std::exchange(separator, ", ");
    append_image(image, json);
  }
  json += fmt::format("], \"data_quality_metrics\": {{\"n_frames\": {}", pair.frames);
  text(", \"temporal_category\": ", pair.temporal);
  json += "}, \"meta\": {\"bucket\": ";
  json += pair.video ? "\"short_video\", \"source_name\": \"llava_video_full\", "
                       "\"source_domain\": \"video_short\""
                     : "\"image_qa\", \"source_name\": \"llava_onevision_full\", "
                       "\"source_domain\": \"image\"";
  text(", \"llava_source\": ", pair.raw_source);
  return json += "}}";
}

void check_surrogates(const std::string& json, const std::string& where) {
  if (!has_half_surrogate(json)) return;
  throw DataError(where +
                  ": an identifier or a media path holds half a surrogate pair, which cannot be "
                  "written as UTF-8; the release stops there too");
}

}  // namespace

struct RecordReader::State {
  struct Pool {
    std::string name;
    LineFile file;
    PairMaker pairs;
  };
  explicit State(const ScanOptions& options)
      : target_frames(options.target_frames),
        onevision{options.onevision.string(), LineFile(options.onevision),
                  PairMaker(false, options.target_frames, options.onevision.string())},
        video{options.video.string(), LineFile(options.video),
              PairMaker(true, options.target_frames, options.video.string())} {}
  std::int64_t target_frames;
  Pool onevision, video;
  RawRow row;
  std::string line;
};

RecordReader::RecordReader(const ScanOptions& options) : state_(std::make_unique<State>(options)) {}
RecordReader::~RecordReader() = default;

std::string RecordReader::json(bool video, std::int64_t offset, std::int64_t line,
                               std::int64_t turn) {
  State::Pool& pool = video ? state_->video : state_->onevision;
  const std::string where = fmt::format("{}:{}", pool.name, line);
  std::string& text = state_->line;
  pool.file.line_at(offset, text);
  const std::size_t length = text.size();
  bool good = simdjson::validate_utf8(text);
  text.append(64, '\0');
  RawRow& row = state_->row;
  good = good && read_row(text.data(), text.data() + length, row) == RowKind::row;
  std::string json;
  if (good) {
    pool.pairs.each_pair(row, line, offset, length, [&](const ReleasePair& pair) {
      if (pair.turn == turn) json = json_of(pair, images_of(row, video, state_->target_frames));
    });
  }
  if (json.empty()) {
    throw DataError(
        fmt::format("{}: there is no pair {} at byte {} any more; the file has changed "
                    "since it was scanned",
                    where, turn, offset));
  }
  check_surrogates(json, where);
  return json;
}

std::string record_json(const ScanOptions& options, bool video, std::int64_t offset,
                        std::int64_t line, std::int64_t turn) {
  return RecordReader(options).json(video, offset, line, turn);
}

std::string resample_frames(std::string_view record, std::int64_t target_frames) {
  PythonValue row = parse_python_json(std::string(record), "an output row");
  if (row.kind != PythonValue::Kind::dict) throw DataError("an output row: is not an object");
  PythonValue* const images = row.find("images");
  if (images != nullptr && images->kind == PythonValue::Kind::list && images->items.size() > 1) {
    std::vector<PythonValue> kept;
    for (const std::int64_t i :
         sample_indices(static_cast<std::int64_t>(images->items.size()), target_frames)) {
      kept.push_back(images->items[static_cast<std::size_t>(i)]);
    }
    images->items = std::move(kept);
    PythonValue frames;
    frames.kind = PythonValue::Kind::integer;
    frames.text = std::to_string(images->items.size());
    PythonValue* const metrics = row.find("data_quality_metrics");
    if (metrics != nullptr && metrics->kind == PythonValue::Kind::dict) {
      if (PythonValue* const known = metrics->find("n_frames")) {
        *known = frames;
      } else {
        metrics->keys.push_back("n_frames");
        metrics->items.push_back(frames);
      }
    }
  }
  std::string json = python_json(row);
  check_surrogates(json, "an output row");
  return json;
}

}  // namespace winnow::gdo_release
