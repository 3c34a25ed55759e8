#include "models/internvl/model.h"

#include <cassert>
#include <stdexcept>

#include "models/internvl/chat.h"
#include "models/internvl/media_options.h"
#include "models/internvl/vision_tower.h"
#include "models/recompute.h"

namespace winnow::internvl {
namespace fs = std::filesystem;
namespace {

const bool registered = models().add<CheckpointFamily<Model, Options>, Options>(
    "internvl", "InternVL3: a checkpoint folder (*-hf), or a small one trained from nothing");

constexpr const char* kImageToken = "<IMG_CONTEXT>";

}  // namespace

CheckpointModel::SmallLayout Model::small_layout() const { return {kControlTokens, "\nFrame1: "}; }

Group Model::group_of(const std::string& parameter) const { return internvl::group_of(parameter); }

FolderFiles Model::build(const BytePairVocabulary& vocabulary, std::int64_t tokens,
                         std::uint64_t seed) {
  config_ = small_config(options_, tokens, vocabulary.added.at(kImageToken));
  const PreprocessingOptions tiling = small_media_options();
  media_ = with_tiles_of(options_, tiling);
  weights_ = random_weights(config_, seed);
  return {{"config.json", config_text(config_)},
          {"preprocessor_config.json", image_processor_text(config_, tiling)}};
}

void Model::open(const fs::path& folder, const std::string& text,
                 const BytePairTokenizer& tokenizer) {
  const Config config = parse_config(text, (folder / "config.json").string());
  for (const std::string& content : kControlTokens) tokenizer.added(content);  // throws without it
  check_vocabulary({{kImageToken, config.image_token}}, config.text.vocabulary, tokenizer, folder);
  if (options_.path.empty()) {
    const Config expected = small_config(options_, config.text.vocabulary, config.image_token);
    check_architecture(config_text(config), config_text(expected), folder);
  }
  const PreprocessingOptions media = with_tiles_of(options_, read_media_options(folder, config));
  weights_ = {};  // the old ones go before the new ones come
  weights_ = load_weights(config, folder, options_.kind());
  config_ = config;
  media_ = media;
}

MediumLayout Model::layout(const FrameShape& shape) const {
  if (shape.kind != Media::Kind::image) return {{shape.frames}, {}, true};
  return {{tile_count(config_.vision, media_, shape.height, shape.width)}, {}, false};
}

PreprocessedMedium Model::preprocess(const Frames& frames) const {
  const torch::Tensor tiles = frames.kind != Media::Kind::image
                                  ? video_tiles(config_.vision, media_, frames.images)
                                  : image_tiles(config_.vision, media_, frames.images.at(0));
  MediumLayout shown = layout(shape_of(frames));
  assert(shown.grid[0] == tiles.size(0));
  return {tiles, std::move(shown)};
}

std::vector<VisualTokens> Model::encode_vision(const std::vector<PreprocessedMedium>& media) {
  if (media.empty()) return {};
  const torch::AutoGradMode gradients(torch::GradMode::is_enabled() && vision_is_trainable());
  const RecomputeBlocks by_rule(options_.gradient_checkpointing);
  std::vector<torch::Tensor> tiles;
  std::vector<std::int64_t> counts;
  for (const PreprocessedMedium& medium : media) {
    tiles.push_back(medium.values);
    counts.push_back(medium.values.size(0) * config_.tokens_per_tile());
  }
  const std::vector<torch::Tensor> parts =
      encode_tiles(config_, weights_.vision, torch::cat(tiles).to(weights_.text.token.device()))
          .flatten(0, 1)
          .split_with_sizes(counts, 0);
  std::vector<VisualTokens> result;
  for (std::size_t i = 0; i < media.size(); ++i) result.push_back({parts[i], media[i].layout});
  return result;
}

Chat Model::chat(const Sample& sample, const std::vector<MediumLayout>& media) const {
  std::vector<ChatMedium> shown;
  for (const MediumLayout& medium : media) {
    if (medium.grid.size() != 1) throw std::logic_error("not the layout of an InternVL3 medium");
    shown.push_back({medium.grid[0], medium.video});
  }
  return chat_tokens(config_, byte_pairs(), sample, shown);
}

}  // namespace winnow::internvl
