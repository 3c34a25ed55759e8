#pragma once
// TensorBoard's event files: records of TensorFlow (a length, the bytes, a checksum behind each),
// each an Event of its protocol buffers.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trackers/record.h"

namespace winnow {

// The bytes of one record that holds `data`.
std::string tensorflow_record(std::string_view data);

// Each is the record of one event. The first of a file:
std::string version_event(double time);
std::string scalars_event(double time, std::int64_t step, const Scalars& values);
// A text, shown as Markdown.
std::string text_event(double time, std::int64_t step, const std::string& tag,
                       const std::string& markdown);
// `png`: the content of a PNG file. Throws DataError for what is none.
std::string image_event(double time, std::int64_t step, const std::string& tag,
                        std::string_view png);
// For the dashboard HPARAMS: a word that reads as a number or as true or false is one. They begin
// and end a run, the end once and for all.
std::string hparams_event(double time,
                          const std::vector<std::pair<std::string, std::string>>& words);
std::string hparams_end_event(double time);

}  // namespace winnow
