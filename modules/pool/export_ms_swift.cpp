// ms-swift's standard format: JSON lines of `messages` with `images` and `videos`.
//
// Per-turn `loss` is its own key, a sample's weight is `loss_scale` of its answers (ms-swift 4.2; a
// weight above 1 wants --is_binary_loss_scale false). Parts and rates of clips go into
// `chat_template_kwargs` (ms-swift 4.3), which it hands to qwen-vl-utils for every clip of the row.

#include <algorithm>

#include "pool/export_rows.h"

namespace winnow {
namespace json = boost::json;
namespace {

struct MsSwiftOptions : ExportOptions {};
BOOST_DESCRIBE_STRUCT(MsSwiftOptions, (ExportOptions), ())
config::Help help(const MsSwiftOptions&) { return help(ExportOptions{}); }

const char* role_of(Turn::Role role) {
  return role == Turn::Role::system ? "system" : role == Turn::Role::user ? "user" : "assistant";
}

class MsSwift : public RowExporter {
 public:
  explicit MsSwift(MsSwiftOptions options)
      : RowExporter(std::move(options), "ms-swift", Layout::lines) {}

 private:
  bool keeps_frame_lists_apart() const override { return true; }
  std::vector<std::string> further_words() const override {
    return {"<audio>", "<bbox>", "<ref-object>"};
  }

  json::object row_of(const ExportedSample& exported) override {
    const Sample& sample = exported.sample;
    json::object row = first_keys(sample);
    row["messages"] = messages_of(exported);
    if (!exported.images.empty()) row["images"] = exported.images;
    if (!exported.videos.empty()) row["videos"] = exported.videos;
    if (has_timing(exported)) add_timing(exported, row);
    add_further_keys(exported, row);
    if (sample.turns.size() > 1 && sample.turns[1].role == Turn::Role::system) {
      warn(sample, "knows one system turn");
    }
    return row;
  }

  static json::array messages_of(const ExportedSample& exported) {
    const std::optional<double>& weight = exported.fields.weight;
    json::array messages;
    for (std::size_t i = 0; i < exported.texts.size(); ++i) {
      const Turn& turn = exported.sample.turns[i];
      json::object message{{"role", role_of(turn.role)}, {"content", exported.texts[i]}};
      if (!turn.trained) message["loss"] = false;
      if (turn.is_trained() && weight && *weight != 1.0) message["loss_scale"] = *weight;
      messages.push_back(std::move(message));
    }
    return messages;
  }

  void add_timing(const ExportedSample& exported, json::object& row) {
    const Media& first = *exported.clips.front();
    std::optional<double> rate;
    for (const Media* clip : exported.clips) {
      if (clip->kind == Media::Kind::frames) rate = clip->frames_per_second;
    }
    const bool alike =
        std::all_of(exported.clips.begin(), exported.clips.end(), [&](const Media* clip) {
          const bool list = clip->kind == Media::Kind::frames;
          return clip->start == first.start && clip->end == first.end &&
                 (!list || clip->frames_per_second == rate);
        });
    const bool part_of_list = std::any_of(
        exported.clips.begin(), exported.clips.end(),
        [](const Media* clip) { return clip->kind == Media::Kind::frames && clip->is_part(); });
    if (part_of_list) warn(exported.sample, "reads no part of a frame list");
    if (!alike) {
      warn(exported.sample, "reads no rates or parts that differ between the clips of a row");
      add_timing_keys(exported, row);
      return;
    }
    json::object options;
    if (first.start) options["video_start"] = *first.start;
    if (first.end) options["video_end"] = *first.end;
    if (rate) {
      options["sample_fps"] = *rate;
      options["raw_fps"] = *rate;  // what the frames' times are made of
    }
    row["chat_template_kwargs"] = std::move(options);
  }
};

const bool registered = exporters().add<MsSwift, MsSwiftOptions>(
    "ms_swift", "JSON lines of ms-swift: messages, images, videos, loss, loss_scale");

}  // namespace
}  // namespace winnow
