// LLaVA's format, as LLaVA-NeXT reads it: a JSON array (or JSON lines) of `conversations` with
// `image` or `video`.

#include "pool/export_rows.h"

namespace winnow {
namespace json = boost::json;
namespace {

enum class LlavaLayout { json, jsonl };
BOOST_DESCRIBE_ENUM(LlavaLayout, json, jsonl)

struct LlavaOptions : ExportOptions {
  LlavaLayout layout = LlavaLayout::json;
};
BOOST_DESCRIBE_STRUCT(LlavaOptions, (ExportOptions), (layout))
config::Help help(const LlavaOptions&) {
  config::Help all = help(ExportOptions{});
  all.push_back({"layout", "json: one array, a row a line; jsonl: JSON lines"});
  return all;
}

bool has_both_kinds(const Sample& sample) {
  bool image = false, clip = false;
  for (const Media& medium : sample.media) {
    (medium.kind == Media::Kind::image ? image : clip) = true;
  }
  return image && clip;
}

const char* role_of(Turn::Role role) {
  return role == Turn::Role::system ? "system" : role == Turn::Role::user ? "human" : "gpt";
}

class Llava : public RowExporter {
 public:
  explicit Llava(const LlavaOptions& options)
      : RowExporter(options, "LLaVA",
                    options.layout == LlavaLayout::json ? Layout::array : Layout::lines) {}

 private:
  // LLaVA has one word for all media; winnow's reader needs two where there are both kinds.
  std::string word_for(const Media& medium, const Sample& sample) const override {
    return has_both_kinds(sample) ? RowExporter::word_for(medium, sample) : "<image>";
  }

  json::object row_of(const ExportedSample& exported) override {
    const Sample& sample = exported.sample;
    json::object row = first_keys(sample);
    if (!exported.images.empty()) row["image"] = one_or_all(exported.images);
    if (!exported.videos.empty()) {
      const bool one_file = exported.videos.size() == 1 && exported.videos.front().is_string();
      row["video"] = one_file ? exported.videos.front() : json::value(exported.videos);
      if (!one_file) warn(sample, "reads one video file a row, no lists of videos or frames");
    }
    row["conversations"] = conversation_of(exported);
    if (has_timing(exported)) {
      warn(sample, "reads no frame rates and no parts of videos");
      add_timing_keys(exported, row);
    }
    if (has_both_kinds(sample)) warn(sample, "reads no row with images and videos");
    if (!sample.tools.empty()) warn(sample, "reads no descriptions of tools");
    if (exported.fields.weight) {
      warn(sample, "reads no weights: they stand in `weight`");
      row["weight"] = *exported.fields.weight;
    }
    add_further_keys(exported, row);
    return row;
  }

  static json::value one_or_all(const json::array& names) {
    return names.size() == 1 ? names.front() : json::value(names);
  }

  json::array conversation_of(const ExportedSample& exported) {
    json::array conversation;
    for (std::size_t i = 0; i < exported.texts.size(); ++i) {
      const Turn& turn = exported.sample.turns[i];
      json::object entry{{"from", role_of(turn.role)}, {"value", exported.texts[i]}};
      if (!turn.trained) {
        warn(exported.sample, "trains every answer, also those with `loss`: false");
        entry["loss"] = false;
      }
      if (turn.role == Turn::Role::system) warn(exported.sample, "knows no system turns");
      conversation.push_back(std::move(entry));
    }
    return conversation;
  }
};

const bool registered = exporters().add<Llava, LlavaOptions>(
    "llava", "LLaVA's conversations with image or video, as one JSON array or JSON lines");

}  // namespace
}  // namespace winnow
