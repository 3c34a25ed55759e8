// LLaMA-Factory: JSON lines in its sharegpt or alpaca form, and dataset_info.json with their entry.
// The folder is its `dataset_dir`; media in it are found from there.

#include <fmt/format.h>

#include "core/errors.h"
#include "core/files.h"
#include "pool/export_rows.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

enum class Formatting { sharegpt, alpaca };
BOOST_DESCRIBE_ENUM(Formatting, sharegpt, alpaca)

struct LlamaFactoryOptions : ExportOptions {
  Formatting formatting = Formatting::sharegpt;
};
BOOST_DESCRIBE_STRUCT(LlamaFactoryOptions, (ExportOptions), (formatting))
config::Help help(const LlamaFactoryOptions&) {
  config::Help all = help(ExportOptions{});
  all.push_back(
      {"formatting", "sharegpt: messages with roles; alpaca: instruction, output and history"});
  return all;
}

const char* role_of(Turn::Role role) {
  return role == Turn::Role::system ? "system" : role == Turn::Role::user ? "user" : "assistant";
}

class LlamaFactory : public RowExporter {
 public:
  explicit LlamaFactory(const LlamaFactoryOptions& options)
      : RowExporter(options, "LLaMA-Factory", Layout::lines), formatting_(options.formatting) {}

 private:
  void start() override { columns_.clear(); }
  bool keeps_frame_lists_apart() const override { return true; }
  std::vector<std::string> further_words() const override { return {"<audio>"}; }

  json::object row_of(const ExportedSample& exported) override {
    const Sample& sample = exported.sample;
    json::object row = first_keys(sample);
    if (formatting_ == Formatting::alpaca) {
      add_alpaca_keys(exported, row);
    } else {
      row["messages"] = messages_of(exported);
    }
    if (!exported.images.empty()) row["images"] = exported.images;
    if (!exported.videos.empty()) row["videos"] = exported.videos;
    if (has_timing(exported)) {
      warn(sample, "reads no frame rates and no parts of videos");
      add_timing_keys(exported, row);
    }
    if (exported.fields.weight) {
      warn(sample, "reads no weights: they stand in `weight`");
      row["weight"] = *exported.fields.weight;
    }
    add_further_keys(exported, row);
    // Only columns that some row has may be declared.
    for (const char* column : {"images", "videos", "system", "tools", "history"}) {
      if (row.contains(column)) columns_[column] = column;
    }
    return row;
  }

  json::array messages_of(const ExportedSample& exported) {
    const Sample& sample = exported.sample;
    json::array messages;
    for (std::size_t i = 0; i < exported.texts.size(); ++i) {
      const Turn& turn = sample.turns[i];
      json::object message{{"role", role_of(turn.role)}, {"content", exported.texts[i]}};
      if (!turn.trained) {
        warn(sample, "trains every answer, also those with `loss`: false");
        message["loss"] = false;
      }
      if (i > 0 && turn.role == Turn::Role::system) warn(sample, "knows one system turn");
      messages.push_back(std::move(message));
    }
    return messages;
  }

  static void add_alpaca_keys(const ExportedSample& exported, json::object& row) {
    const std::vector<Turn>& turns = exported.sample.turns;
    std::size_t i = 0;
    if (turns[0].role == Turn::Role::system) row["system"] = exported.texts[i++];
    if (turns[i].role == Turn::Role::system) {
      throw DataError(
          "several system turns, and alpaca rows have one; take formatting = \"sharegpt\"");
    }
    json::array history;
    for (; i + 2 < turns.size(); i += 2) {
      history.push_back(json::array{exported.texts[i], exported.texts[i + 1]});
    }
    if (!history.empty()) row["history"] = std::move(history);
    row["instruction"] = exported.texts[i];
    row["output"] = exported.texts[i + 1];
    for (const Turn& turn : turns) {
      if (turn.trained) continue;
      throw DataError(
          "an answer with `loss`: false, which alpaca rows cannot say; take formatting = "
          "\"sharegpt\"");
    }
  }

  void write_beside(const fs::path& folder, const std::vector<std::string>& files) override {
    json::object information;
    for (const std::string& file : files) {
      json::object columns = columns_;
      json::object entry{{"file_name", file}};
      if (formatting_ == Formatting::alpaca) {
        columns["prompt"] = "instruction";
        columns["response"] = "output";
      } else {
        entry["formatting"] = "sharegpt";
        columns["messages"] = "messages";
        entry["tags"] = {{"role_tag", "role"},
                         {"content_tag", "content"},
                         {"user_tag", "user"},
                         {"assistant_tag", "assistant"},
                         {"system_tag", "system"}};
      }
      entry["columns"] = std::move(columns);
      information[fs::path(file).stem().string()] = std::move(entry);
    }
    write_file(folder / "dataset_info.json", json::serialize(information) + "\n");
  }

  Formatting formatting_;
  json::object columns_;
};

const bool registered = exporters().add<LlamaFactory, LlamaFactoryOptions>(
    "llama_factory", "LLaMA-Factory's sharegpt or alpaca rows with their dataset_info.json");

}  // namespace
}  // namespace winnow
