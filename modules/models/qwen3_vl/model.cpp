#include "models/qwen3_vl/model.h"

#include <spdlog/spdlog.h>

#include <cassert>
#include <mutex>

#include "models/qwen3_vl/chat.h"
#include "models/recompute.h"

namespace winnow::qwen3_vl {
namespace fs = std::filesystem;
namespace {

const bool registered = models().add<CheckpointFamily<Model, Options>, Options>(
    "qwen3_vl", "Qwen3-VL (dense): a checkpoint folder, or a small one trained from nothing");

std::vector<std::int64_t> control_ids(const BytePairVocabulary& vocabulary) {
  std::vector<std::int64_t> ids;
  for (const std::string& content : kControlTokens) ids.push_back(vocabulary.added.at(content));
  return ids;
}

// Patches of one picture, all of which see each other, from where on a model is slow.
constexpr std::int64_t kManyPatches = 16384;

// Once in a program: a pool of photos has thousands of them.
void tell_of_large_pictures(PixelSize size, std::int64_t patches) {
  static std::once_flag told;
  std::call_once(told, [&] {
    spdlog::warn(
        "a picture of {} x {} pixels makes {} patches that all see each other, which takes long; "
        "model.maximum_pixels=1000000 would reduce such pictures",
        size.width, size.height, patches);
  });
}

}  // namespace

CheckpointModel::SmallLayout Model::small_layout() const {
  return {kControlTokens, "<0.0 seconds>"};
}

Group Model::group_of(const std::string& parameter) const { return qwen3_vl::group_of(parameter); }

FolderFiles Model::build(const BytePairVocabulary& vocabulary, std::int64_t tokens,
                         std::uint64_t seed) {
  config_ = small_config(options_, tokens, control_ids(vocabulary));
  const MediaOptions bounds = small_media_options(config_);
  media_ = with_bounds_of(options_, bounds);
  weights_ = random_weights(config_, seed);
  return {{"config.json", config_text(config_)},
          {"preprocessor_config.json", image_processor_text(config_, bounds.image)},
          {"video_preprocessor_config.json", video_processor_text(config_, bounds.video)}};
}

void Model::open(const fs::path& folder, const std::string& text,
                 const BytePairTokenizer& tokenizer) {
  const Config config = parse_config(text, (folder / "config.json").string());
  check_vocabulary({{"<|vision_start|>", config.vision_start_token},
                    {"<|vision_end|>", config.vision_end_token},
                    {"<|image_pad|>", config.image_token},
                    {"<|video_pad|>", config.video_token}},
                   config.text.vocabulary, tokenizer, folder);
  if (options_.path.empty()) {
    const Config expected =
        small_config(options_, config.text.vocabulary,
                     {0, 0, 0, config.vision_start_token, config.vision_end_token,
                      config.image_token, config.video_token});
    check_architecture(config_text(config), config_text(expected), folder);
  }
  const MediaOptions media = with_bounds_of(options_, read_media_options(folder, config));
  weights_ = {};  // the old ones go before the new ones come
  weights_ = load_weights(config, folder, options_.kind());
  config_ = config;
  media_ = media;
}

MediumLayout Model::layout(const FrameShape& shape) const {
  const PixelSize size = {shape.height, shape.width};
  if (shape.kind == Media::Kind::image) {
    const Grid grid = image_grid(config_.vision, media_.image, size);
    if (grid.patches() > kManyPatches) tell_of_large_pictures(size, grid.patches());
    return layout_of(grid, false, {});
  }
  return layout_of(video_grid(config_.vision, media_.video, shape.frames, size), true,
                   timestamp_texts(shape.timestamps, config_.vision.temporal_patch_size));
}

PreprocessedMedium Model::preprocess(const Frames& frames) const {
  const Patches patches = frames.kind == Media::Kind::image
                              ? image_patches(config_.vision, media_.image, frames.images.at(0))
                              : video_patches(config_.vision, media_.video, frames.images);
  MediumLayout shown = layout(shape_of(frames));
  assert(grid_of(shown) == patches.grid);
  return {patches.values, std::move(shown)};
}

std::vector<VisualTokens> Model::encode_vision(const std::vector<PreprocessedMedium>& media) {
  if (media.empty()) return {};
  const torch::AutoGradMode gradients(torch::GradMode::is_enabled() && vision_is_trainable());
  const RecomputeBlocks by_rule(options_.gradient_checkpointing);
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

Chat Model::chat(const Sample& sample, const std::vector<MediumLayout>& media) const {
  std::vector<ChatMedium> shown;
  for (const MediumLayout& medium : media) {
    shown.push_back({grid_of(medium), medium.video, medium.timestamps});
  }
  return chat_tokens(config_, byte_pairs(), sample, shown);
}

}  // namespace winnow::qwen3_vl
