#include "trackers/event_file.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/errors.h"
#include "trackers/checksum.h"
#include "trackers/protobuf.h"

namespace winnow {
namespace {

// Of Event, Summary.Value, SummaryMetadata, TensorProto and Image: fields by their messages.
constexpr int kEventTime = 1, kEventStep = 2, kEventVersion = 3, kEventSummary = 5;
constexpr int kSummaryValue = 1;
constexpr int kValueTag = 1, kValueNumber = 2, kValueImage = 4, kValueTensor = 8,
              kValueMetadata = 9;
constexpr int kMetadataPlugin = 1, kPluginName = 1, kPluginContent = 2;
constexpr int kTensorType = 1, kTensorShape = 2, kTensorString = 8;
constexpr int kFloat = 1, kString = 7;  // types of a tensor

std::string event(double time, std::int64_t step, const ProtobufMessage& summary) {
  ProtobufMessage message;
  message.number(kEventTime, time);
  if (step != 0) message.integer(kEventStep, step);
  message.message(kEventSummary, summary);
  return tensorflow_record(message.wire());
}

ProtobufMessage metadata(const char* plugin, const ProtobufMessage& content) {
  ProtobufMessage data, result;
  data.bytes(kPluginName, plugin);
  if (!content.wire().empty()) data.message(kPluginContent, content);
  return result.message(kMetadataPlugin, data);
}

std::string hparams_plugin_event(double time, const char* tag, const ProtobufMessage& content) {
  ProtobufMessage dimension, shape, tensor, value, summary;
  dimension.integer(1, 0);
  shape.message(2, dimension);
  tensor.integer(kTensorType, kFloat).message(kTensorShape, shape);
  value.bytes(kValueTag, tag)
      .message(kValueTensor, tensor)
      .message(kValueMetadata, metadata("hparams", content));
  return event(time, 0, summary.message(kSummaryValue, value));
}

std::optional<double> finite_number(const std::string& word) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

// google.protobuf.Value
ProtobufMessage typed_value(const std::string& word) {
  ProtobufMessage value;
  if (word == "true" || word == "false") return value.integer(4, word == "true" ? 1 : 0);
  if (const auto number = finite_number(word)) return value.number(2, *number);
  return value.bytes(3, word);
}

std::int64_t big_endian(std::string_view bytes) {
  std::int64_t number = 0;
  for (const char byte : bytes) number = number * 256 + static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

std::string tensorflow_record(std::string_view data) {
  const std::string length = little_endian(data.size(), 8);
  std::string record = length + little_endian(masked_crc32c(length), 4);
  record += data;
  return record + little_endian(masked_crc32c(data), 4);
}

std::string version_event(double time) {
  ProtobufMessage message;
  message.number(kEventTime, time).bytes(kEventVersion, "brain.Event:2");
  return tensorflow_record(message.wire());
}

std::string scalars_event(double time, std::int64_t step, const Scalars& values) {
  ProtobufMessage summary;
  for (const auto& [tag, number] : values) {
    ProtobufMessage value;
    value.bytes(kValueTag, tag).short_number(kValueNumber, static_cast<float>(number));
    summary.message(kSummaryValue, value);
  }
  return event(time, step, summary);
}

std::string text_event(double time, std::int64_t step, const std::string& tag,
                       const std::string& markdown) {
  ProtobufMessage tensor, value, summary;
  tensor.integer(kTensorType, kString)
      .message(kTensorShape, ProtobufMessage())
      .bytes(kTensorString, markdown);
  value.bytes(kValueTag, tag)
      .message(kValueTensor, tensor)
      .message(kValueMetadata, metadata("text", ProtobufMessage()));
  return event(time, step, summary.message(kSummaryValue, value));
}

std::string image_event(double time, std::int64_t step, const std::string& tag,
                        std::string_view png) {
  // A signature of eight bytes, then the header's chunk: length, name, width, height, depth, kind.
  if (png.size() < 26 || png.substr(1, 3) != "PNG" || png.substr(12, 4) != "IHDR") {
    throw DataError("the image " + tag + " is no PNG file");
  }
  const int kind = png[25];
  const int channels = kind == 0 ? 1 : kind == 4 || kind == 6 ? 4 : 3;
  ProtobufMessage image, value, summary;
  image.integer(1, big_endian(png.substr(20, 4)))
      .integer(2, big_endian(png.substr(16, 4)))
      .integer(3, channels)
      .bytes(4, png);
  value.bytes(kValueTag, tag).message(kValueImage, image);
  return event(time, step, summary.message(kSummaryValue, value));
}

std::string hparams_event(double time,
                          const std::vector<std::pair<std::string, std::string>>& words) {
  ProtobufMessage start, content;
  for (const auto& [key, word] : words) {
    ProtobufMessage entry;
    start.message(1, entry.bytes(1, key).message(2, typed_value(word)));
  }
  start.number(5, time);
  return hparams_plugin_event(time, "_hparams_/session_start_info", content.message(3, start));
}

std::string hparams_end_event(double time) {
  constexpr int kSuccess = 1;
  ProtobufMessage end, content;
  end.integer(1, kSuccess).number(2, time);
  return hparams_plugin_event(time, "_hparams_/session_end_info", content.message(4, end));
}

}  // namespace winnow
