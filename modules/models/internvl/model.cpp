#include "models/internvl/model.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/errors.h"
#include "models/byte_pair_trainer.h"
#include "models/internvl/chat.h"
#include "models/internvl/media_options.h"
#include "models/internvl/vision_tower.h"

namespace winnow::internvl {
namespace fs = std::filesystem;
namespace {

const bool registered = models().add<Model, Options>(
    "internvl", "InternVL3: a checkpoint folder, or a small one trained from nothing");

constexpr const char* kEndOfTurn = "<|im_end|>";
constexpr const char* kPadding = "<|endoftext|>";
constexpr const char* kImageToken = "<IMG_CONTEXT>";

// What the two files say must be the same, or placeholders would be read as text.
void check_vocabulary(const Config& config, const BytePairTokenizer& tokenizer,
                      const fs::path& folder) {
  for (const std::string& content : kControlTokens) tokenizer.added(content);
  if (tokenizer.added(kImageToken) != config.image_token) {
    throw DataError(fmt::format("{}: {} is token {} of the tokenizer and token {} in config.json",
                                folder.string(), kImageToken, tokenizer.added(kImageToken),
                                config.image_token));
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
  all.insert(all.end(), 2, "\nFrame1: ");  // stands before every frame of a video
  const BytePairVocabulary vocabulary =
      train_byte_pairs(all, static_cast<std::size_t>(options_.vocabulary_tokens), kControlTokens);
  tokenizer_ = std::make_shared<BytePairTokenizer>(vocabulary, kEndOfTurn, "tokenizer.json");
  config_ = small_config(options_, tokenizer_->size(), vocabulary.added.at(kImageToken));
  const PreprocessingOptions tiling = small_media_options();
  media_ = with_tiles_of(options_, tiling);
  FolderFiles files = tokenizer_files(vocabulary, kEndOfTurn, kPadding);
  files.emplace("config.json", config_text(config_));
  files.emplace("preprocessor_config.json", image_processor_text(config_, tiling));
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

bool Model::vision_is_trainable() const { return thawed_ || !freezes(options_, Group::vision); }

PreprocessedMedium Model::preprocess(const Frames& frames) const {
  const bool video = frames.kind != Media::Kind::image;
  const torch::Tensor tiles = video ? video_tiles(config_.vision, media_, frames.images)
                                    : image_tiles(config_.vision, media_, frames.images.at(0));
  return {tiles, {{tiles.size(0)}, {}, video}};
}

std::vector<VisualTokens> Model::encode_vision(const std::vector<PreprocessedMedium>& media) {
  if (media.empty()) return {};
  const torch::AutoGradMode gradients(torch::GradMode::is_enabled() && vision_is_trainable());
  std::vector<torch::Tensor> tiles;
  std::vector<std::int64_t> counts;
  for (const PreprocessedMedium& medium : media) {
    tiles.push_back(medium.values);
    counts.push_back(medium.values.size(0) * config_.tokens_per_tile());
  }
  const std::vector<torch::Tensor> parts =
      encode_tiles(config_, weights_.vision, torch::cat(tiles).to(device()))
          .flatten(0, 1)
          .split_with_sizes(counts, 0);
  std::vector<VisualTokens> result;
  for (std::size_t i = 0; i < media.size(); ++i) result.push_back({parts[i], media[i].layout});
  return result;
}

ModelInput Model::conversation(const Sample& sample, std::vector<VisualTokens> visual,
                               bool with_media) const {
  std::vector<ChatMedium> media;
  for (const VisualTokens& medium : visual) {
    if (medium.layout.grid.size() != 1) {
      throw std::logic_error("not the layout of an InternVL3 medium");
    }
    media.push_back({medium.layout.grid[0], medium.layout.video});
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
        config_text(small_config(options_, config.text.vocabulary, config.image_token));
    if (config_text(config) != expected) {
      throw DataError((folder / "config.json").string() + ": describes another model (" +
                      config_text(config) + ") than the configured one (" + expected + ")");
    }
  }
  const PreprocessingOptions media = with_tiles_of(options_, read_media_options(folder, config));
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

}  // namespace winnow::internvl
