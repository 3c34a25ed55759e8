#include "models/qwen3_vl/model.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "models/byte_pair_trainer.h"
#include "models/qwen3_vl/chat.h"

namespace winnow::qwen3_vl {
namespace fs = std::filesystem;
namespace {

const bool registered = models().add<Model, Options>(
    "qwen3_vl", "Qwen3-VL (dense): a checkpoint folder, or a small one trained from nothing");

constexpr const char* kEndOfTurn = "<|im_end|>";

std::vector<std::int64_t> control_ids(const BytePairVocabulary& vocabulary) {
  std::vector<std::int64_t> ids;
  for (const std::string& content : kControlTokens) ids.push_back(vocabulary.added.at(content));
  return ids;
}

// What the two files say must be the same, or placeholders would be read as text.
void check_vocabulary(const Config& config, const BytePairTokenizer& tokenizer,
                      const fs::path& folder) {
  const std::pair<const char*, std::int64_t> controls[] = {
      {"<|vision_start|>", config.vision_start_token},
      {"<|vision_end|>", config.vision_end_token},
      {"<|image_pad|>", config.image_token},
      {"<|video_pad|>", config.video_token}};
  for (const auto& [content, id] : controls) {
    if (tokenizer.added(content) == id) continue;
    throw DataError(fmt::format("{}: {} is token {} of the tokenizer and token {} in config.json",
                                folder.string(), content, tokenizer.added(content), id));
  }
  if (tokenizer.size() > config.text.vocabulary) {
    throw DataError(fmt::format("{}: the tokenizer has {} tokens, but vocab_size is {}",
                                folder.string(), tokenizer.size(), config.text.vocabulary));
  }
}

}  // namespace

torch::ScalarType Model::dtype() const {
  return options_.precision == Precision::bfloat16 ? torch::kBFloat16 : torch::kFloat32;
}

void Model::initialise_from(const std::vector<std::string>& texts, std::uint64_t seed) {
  if (!options_.path.empty()) {
    throw ConfigError("model.path = \"" + options_.path.string() +
                      "\" names trained weights; a model that is trained from nothing has none");
  }
  std::vector<std::string> all = texts;
  all.insert(all.end(), 2, "<0.0 seconds>");  // stands before every frame pair of a video
  const BytePairVocabulary vocabulary =
      train_byte_pairs(all, static_cast<std::size_t>(options_.vocabulary_tokens), kControlTokens);
  tokenizer_ = std::make_shared<BytePairTokenizer>(vocabulary, kEndOfTurn, "tokenizer.json");
  config_ = small_config(options_, tokenizer_->size(), control_ids(vocabulary));
  const MediaOptions bounds = small_media_options(config_);
  media_ = with_bounds_of(options_, bounds);
  FolderFiles files = tokenizer_files(vocabulary, kEndOfTurn, kControlTokens[0]);
  files.emplace("config.json", config_text(config_));
  files.emplace("preprocessor_config.json", image_processor_text(config_, bounds.image));
  files.emplace("video_preprocessor_config.json", video_processor_text(config_, bounds.video));
  files_ = std::make_shared<const FolderFiles>(std::move(files));
  weights_ = random_weights(config_, seed);
  for (const TableEntry& entry : tensor_table(config_, weights_)) {
    *entry.tensor = entry.tensor->to(dtype());
  }
  if (!thawed_) {
    add_adapters(tensor_table(config_, weights_), options_.lora,
                 [&](const std::string& name) { return is_frozen(name); });
  }
  set_trainable();
}

void Model::thaw() {
  thawed_ = true;
  if (!weights_.text.token.defined()) return;
  merge_adapters(tensor_table(config_, weights_));
  set_trainable();
}

bool Model::is_frozen(const std::string& parameter) const {
  return !thawed_ && freezes(options_, group_of(parameter));
}

void Model::set_trainable() {
  const std::vector<TableEntry> table = tensor_table(config_, weights_);
  const std::vector<TableEntry> adapters = adapter_table(table);
  for (const TableEntry& entry : table) {
    entry.tensor->set_requires_grad(adapters.empty() && !is_frozen(entry.name));
  }
  for (const TableEntry& entry : adapters) entry.tensor->set_requires_grad(true);
}

bool Model::vision_is_trainable() const {
  return thawed_ || !freezes(options_, Group::vision) || !freezes(options_, Group::projector);
}

PreprocessedMedium Model::preprocess(const Frames& frames) const {
  if (frames.kind == Media::Kind::image) {
    const Patches patches = image_patches(config_.vision, media_.image, frames.images.at(0));
    return {patches.values, layout_of(patches.grid, false, {})};
  }
  const Patches patches = video_patches(config_.vision, media_.video, frames.images);
  return {patches.values,
          layout_of(patches.grid, true,
                    timestamp_texts(frames.timestamps, config_.vision.temporal_patch_size))};
}

std::vector<VisualTokens> Model::encode_vision(const std::vector<PreprocessedMedium>& media) {
  if (media.empty()) return {};
  const torch::AutoGradMode gradients(torch::GradMode::is_enabled() && vision_is_trainable());
  std::vector<torch::Tensor> patches;
  std::vector<Grid> grids;
  std::vector<std::int64_t> counts;
  for (const PreprocessedMedium& medium : media) {
    patches.push_back(medium.values);
    grids.push_back(grid_of(medium.layout));
    counts.push_back(grids.back().patches() / config_.vision.patches_per_token());
  }
  const torch::Tensor all = torch::cat(patches).to(weights_.vision.positions.device());
  const std::vector<torch::Tensor> parts =
      side_by_side(encode_patches(config_.vision, weights_.vision, all, grids))
          .split_with_sizes(counts, 0);
  std::vector<VisualTokens> result;
  for (std::size_t i = 0; i < media.size(); ++i) result.push_back({parts[i], media[i].layout});
  return result;
}

ModelInput Model::conversation(const Sample& sample, std::vector<VisualTokens> visual,
                               bool with_media) const {
  std::vector<ChatMedium> media;
  for (const VisualTokens& medium : visual) {
    media.push_back({grid_of(medium.layout), medium.layout.video, medium.layout.timestamps});
  }
  Chat chat = chat_tokens(config_, *tokenizer_, sample, media);
  const auto length = static_cast<std::int64_t>(chat.tokens.size());
  if (length > options_.maximum_length) {
    throw DataError(fmt::format("sample '{}' has {} tokens{}; model.maximum_length is {}",
                                sample.id, length, with_media ? ", visual ones included" : "",
                                options_.maximum_length));
  }
  return {std::move(chat.tokens), std::move(chat.labels), std::move(visual)};
}

ModelInput Model::input(const Sample& sample, std::vector<VisualTokens> visual) const {
  return conversation(sample, std::move(visual), true);
}

ModelInput Model::blind_input(const Sample& sample) const {
  return conversation(sample, {}, false);
}

std::vector<std::pair<std::string, torch::Tensor>> Model::named_parameters() const {
  Weights same = weights_;  // shares the tensors; the table wants something to point into
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (const TableEntry& entry : with_adapters(tensor_table(config_, same))) {
    result.emplace_back(entry.name, *entry.tensor);
  }
  return result;
}

std::unique_ptr<VisionLanguageModel> Model::clone() const {
  auto copy = std::make_unique<Model>(options_);
  copy->config_ = config_;
  copy->media_ = media_;
  copy->thawed_ = thawed_;
  copy->tokenizer_ = tokenizer_;
  copy->files_ = files_;
  copy->weights_ = weights_;
  for (const TableEntry& entry : with_adapters(tensor_table(config_, copy->weights_))) {
    *entry.tensor = entry.tensor->detach().clone();
  }
  copy->set_trainable();
  return copy;
}

void Model::save(const fs::path& folder) const {
  write_folder_files(folder, *files_, dtype());
  save_weights(config_, weights_, folder);
  Weights same = weights_;
  save_adapters(tensor_table(config_, same), folder);
}

void Model::load(const fs::path& folder) {
  FolderFiles files = read_folder_files(folder);
  const Config config = parse_config(files.at("config.json"), (folder / "config.json").string());
  const auto tokenizer = std::make_shared<BytePairTokenizer>(read_vocabulary(folder), kEndOfTurn,
                                                             (folder / "tokenizer.json").string());
  check_vocabulary(config, *tokenizer, folder);
  if (options_.path.empty()) {
    const std::string expected =
        config_text(small_config(options_, config.text.vocabulary,
                                 {0, 0, 0, config.vision_start_token, config.vision_end_token,
                                  config.image_token, config.video_token}));
    if (config_text(config) != expected) {
      throw DataError((folder / "config.json").string() + ": describes another model (" +
                      config_text(config) + ") than the configured one (" + expected + ")");
    }
  }
  const MediaOptions media = with_bounds_of(options_, read_media_options(folder, config));
  weights_ = {};  // the old ones go before the new ones come
  weights_ = load_weights(config, folder, dtype());
  config_ = config;
  media_ = media;
  tokenizer_ = tokenizer;
  files_ = std::make_shared<const FolderFiles>(std::move(files));
  thawed_ = false;
  load_adapters(
      tensor_table(config_, weights_), options_.lora,
      [&](const std::string& name) { return is_frozen(name); }, folder);
  set_trainable();
}

}  // namespace winnow::qwen3_vl
