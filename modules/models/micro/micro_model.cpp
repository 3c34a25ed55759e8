#include "models/micro/micro_model.h"

#include <ATen/core/Reduction.h>

#include <boost/json.hpp>
#include <opencv2/imgproc.hpp>

#include "core/files.h"
#include "models/micro/batch.h"
#include "models/safetensors.h"

namespace winnow::micro {

config::Help help(const MicroOptions&) {
  using config::at_least;
  return {{"width", "width of the language model", at_least(8)},
          {"layers", "transformer layers", at_least(1)},
          {"heads", "attention heads; divides width", at_least(1)},
          {"mlp_ratio", "hidden width of the feed-forward part over width", at_least(1)},
          {"image_size", "side of a frame as the vision tower sees it, pixels",
           config::between(32, 32)},
          {"tower_channels", "channels of the vision tower's grid; even", at_least(2)},
          {"frame_slots", "time positions of a clip: the most frames it may have", at_least(1)},
          {"maximum_text", "text tokens of a conversation at most", at_least(16)},
          {"vocabulary_words", "words the tokenizer learns at most", at_least(1)},
          {"change_frames",
           "a frame is shown with its change since this many frames before: one step of a slow "
           "object is lost in the tower's noise",
           config::at_least(1)},
          {"frame_context",
           "whether a visual token knows of the whole frame, of the frames around it and of its "
           "place"},
          {"train_vision", "whether fine-tuning moves the vision tower"}};
}

config::Help help(const MicroFamilyOptions&) {
  config::Help all = help(MicroOptions{});
  all.push_back({"path", "folder of trained weights; empty: a base trains them"});
  return all;
}

namespace {

void check_config(const std::filesystem::path& folder, const MicroOptions& options) {
  const std::string expected = config::to_value(options).to_json();
  const std::string found = read_file(folder / "config.json");
  if (found == expected) return;
  throw DataError((folder / "config.json").string() + ": describes another model (" + found +
                  ") than the configured one (" + expected + ")");
}

const bool registered = models().add<Family, MicroFamilyOptions>(
    "micro", "a small model trained on this machine's CPU");

std::int64_t role_token(Turn::Role role) {
  switch (role) {
    case Turn::Role::user:
      return WordTokenizer::kUser;
    case Turn::Role::assistant:
      return WordTokenizer::kAssistant;
    case Turn::Role::system:
      return WordTokenizer::kSystem;
  }
  throw std::logic_error("unknown role");
}

}  // namespace

MicroModel::MicroModel(MicroOptions options) : options_(options) {
  if (options.width % options.heads != 0) {
    throw ConfigError("model.heads = " + std::to_string(options.heads) +
                      " does not divide model.width = " + std::to_string(options.width));
  }
}

void MicroModel::initialise(std::vector<std::string> words, std::uint64_t seed) {
  tokenizer_ = std::make_shared<WordTokenizer>(options_.frame_slots, std::move(words));
  network_ = std::make_shared<Network>(options_, tokenizer_->size(), seed);
  network_->set_trainable("vision.", options_.train_vision);
}

void MicroModel::initialise_from(const std::vector<std::string>& texts, std::uint64_t seed) {
  initialise(WordTokenizer::train(texts, static_cast<std::size_t>(options_.vocabulary_words)),
             seed);
}

MediumLayout MicroModel::layout(const FrameShape& shape) const {
  if (shape.frames > options_.frame_slots) {
    throw DataError("a clip of " + std::to_string(shape.frames) +
                    " frames does not fit the model's " + std::to_string(options_.frame_slots) +
                    " time slots (model.frame_slots)");
  }
  return {{shape.frames}, {}, shape.kind != Media::Kind::image};
}

PreprocessedMedium MicroModel::preprocess(const Frames& frames) const {
  MediumLayout shown = layout(shape_of(frames));
  const auto count = static_cast<std::int64_t>(frames.images.size());
  const auto size = static_cast<int>(options_.image_size);
  torch::Tensor pixels = torch::empty({count, size, size, 3}, torch::kUInt8);
  for (std::int64_t i = 0; i < count; ++i) {
    cv::Mat target(size, size, CV_8UC3, pixels[i].data_ptr<std::uint8_t>());
    cv::resize(frames.images[static_cast<std::size_t>(i)], target, target.size(), 0, 0,
               cv::INTER_AREA);
  }
  return {pixels.permute({0, 3, 1, 2}).contiguous(), std::move(shown)};
}

std::vector<VisualTokens> MicroModel::encode_vision(const std::vector<PreprocessedMedium>& media) {
  if (media.empty()) return {};
  std::vector<std::int64_t> counts;
  std::vector<torch::Tensor> frames;
  for (const PreprocessedMedium& medium : media) {
    frames.push_back(medium.values);
    counts.push_back(medium.values.size(0) * kTokensPerFrame);
  }
  const torch::Tensor pixels = torch::cat(frames, 0).to(torch::kFloat32) / 255.0;
  torch::Tensor visual;
  if (options_.train_vision) {
    visual = network_->tower(pixels);
  } else {
    const torch::NoGradGuard no_grad;
    visual = network_->tower(pixels);
  }
  const std::vector<torch::Tensor> parts = visual.split_with_sizes(counts, 0);
  std::vector<VisualTokens> result;
  for (std::size_t i = 0; i < media.size(); ++i) result.push_back({parts[i], media[i].layout});
  return result;
}

ModelInput MicroModel::conversation(const Sample& sample,
                                    const std::vector<MediumLayout>* media) const {
  ModelInput result;
  std::size_t next_medium = 0;
  const auto append = [&](const std::vector<std::int64_t>& tokens, bool trained) {
    for (const std::int64_t token : tokens) {
      result.tokens.push_back(token);
      result.labels.push_back(trained ? token : -100);
    }
  };
  const auto append_text = [&](std::string_view text, bool trained) {
    append(tokenizer_->encode(text), trained);
  };
  const auto append_medium = [&] {
    const std::int64_t frames = media->at(next_medium++).grid.at(0);
    const std::int64_t count = frames * kTokensPerFrame;
    // Clips sit in the middle of the time slots, wherever that is for their length.
    const std::int64_t first = (options_.frame_slots - frames) / 2;
    for (std::int64_t i = 0; i < count; ++i) {
      append({frames == 1 ? WordTokenizer::kImageSlot
                          : WordTokenizer::kFirstFrameSlot + first + i / kTokensPerFrame},
             false);
    }
  };
  std::size_t text_tokens = 0;
  for (const Turn& turn : sample.turns) {
    const bool trained = turn.is_trained();
    append({role_token(turn.role)}, false);
    const std::vector<std::string> pieces = pieces_around_media(turn);
    append_text(pieces.front(), trained);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      if (media != nullptr) append_medium();
      std::string_view piece = pieces[i];
      // The line break that sets a medium off from the question carries no meaning here.
      if (piece.starts_with('\n')) piece.remove_prefix(1);
      append_text(piece, trained);
    }
    append({WordTokenizer::kEndOfTurn}, trained);
  }
  for (const std::int64_t token : result.tokens) text_tokens += !tokenizer_->is_visual_slot(token);
  if (text_tokens > static_cast<std::size_t>(options_.maximum_text)) {
    throw DataError("sample '" + sample.id + "' has " + std::to_string(text_tokens) +
                    " text tokens; model.maximum_text is " + std::to_string(options_.maximum_text));
  }
  if (media != nullptr && next_medium != media->size()) {
    throw std::logic_error("sample '" + sample.id + "' has media without a placeholder");
  }
  return result;
}

ModelInput MicroModel::input(const Sample& sample, std::vector<VisualTokens> visual) const {
  std::vector<MediumLayout> media;
  for (const VisualTokens& medium : visual) media.push_back(medium.layout);
  ModelInput result = conversation(sample, &media);
  result.visual = std::move(visual);
  return result;
}

std::int64_t MicroModel::length(const Sample& sample,
                                const std::vector<MediumLayout>& layouts) const {
  return conversation(sample, &layouts).length();
}

ModelInput MicroModel::blind_input(const Sample& sample) const {
  return conversation(sample, nullptr);
}

torch::Tensor MicroModel::cells(const torch::Tensor& frames) const {
  return network_->tower_grid(frames.to(torch::kFloat32) / 255.0);
}

std::vector<std::pair<std::string, torch::Tensor>> MicroModel::tower_parameters() const {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (const auto& [name, value] : network_->parameters()) {
    if (name.starts_with("vision.")) result.emplace_back(name, value);
  }
  return result;
}

void MicroModel::set_tower_trainable(bool trainable) {
  network_->set_trainable("vision.", trainable);
}

void MicroModel::mix_cells(const torch::Tensor& weight, const torch::Tensor& bias) {
  // The last convolution is linear, so that it takes in any map behind it.
  const torch::NoGradGuard no_grad;
  const std::string last = "vision.convolution.3.";
  const torch::Tensor& kernel = network_->parameters().at(last + "weight");  // [C, C', 3, 3]
  const torch::Tensor& offset = network_->parameters().at(last + "bias");
  network_->assign(last + "bias", torch::mv(weight, offset) + bias);
  network_->assign(last + "weight", torch::mm(weight, kernel.flatten(1)).view(kernel.sizes()));
}

void MicroModel::standardise_cells(const torch::Tensor& frames) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor channels = cells(frames).transpose(0, 1).flatten(1);  // [C, F * G * G]
  network_->assign("vision.feature_mean", channels.mean(1));
  network_->assign("vision.feature_deviation", channels.std(1).clamp_min(1e-3));
}

void MicroModel::place_clips(ModelInput& input, std::int64_t first_slot) const {
  std::size_t t = 0;
  for (const VisualTokens& visual : input.visual) {
    const std::int64_t count = visual.tokens.size(0);
    while (!tokenizer_->is_visual_slot(input.tokens[t])) ++t;
    if (count == kTokensPerFrame) {
      t += static_cast<std::size_t>(count);
      continue;
    }
    const std::int64_t offset = WordTokenizer::kFirstFrameSlot + first_slot - input.tokens[t];
    for (std::int64_t i = 0; i < count; ++i) input.tokens[t++] += offset;
  }
}

void MicroModel::separate_turns(ModelInput& input) const {
  // Padding within an input is where a turn begins that is by itself (pack()).
  for (std::size_t t = 1; t < input.tokens.size(); ++t) {
    if (input.tokens[t] == WordTokenizer::kUser) input.tokens[t] = WordTokenizer::kPadding;
  }
}

torch::Tensor MicroModel::hidden_states(const std::vector<ModelInput>& inputs,
                                        std::vector<LayerCache>* cache) {
  const Batch batch = pack(inputs, *tokenizer_);
  torch::Tensor visual;
  if (batch.visual.defined()) visual = network_->project(batch.visual, batch.frames_per_medium);
  return network_->transform(
      network_->embed(batch.tokens, batch.positions, batch.visual_rows, visual), batch.mask, cache);
}

torch::Tensor MicroModel::logits(const std::vector<ModelInput>& inputs) {
  return network_->head(hidden_states(inputs, nullptr));
}

AnswerLoss MicroModel::answer_loss(const std::vector<ModelInput>& inputs) {
  const torch::Tensor hidden = hidden_states(inputs, nullptr);  // [B, T, D]
  const auto batch = static_cast<std::int64_t>(inputs.size());
  std::vector<std::int64_t> rows, labels, owners;
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::vector<std::int64_t>& wanted = inputs[static_cast<std::size_t>(b)].labels;
    for (std::size_t t = 1; t < wanted.size(); ++t) {
      if (wanted[t] == -100) continue;
      rows.push_back(b * hidden.size(1) + static_cast<std::int64_t>(t) - 1);
      labels.push_back(wanted[t]);
      owners.push_back(b);
    }
  }
  // Only positions that are trained pay for the vocabulary.
  const torch::Tensor states =
      hidden.view({-1, hidden.size(2)}).index_select(0, torch::tensor(rows, torch::kInt64));
  const torch::Tensor losses = torch::cross_entropy_loss(
      network_->head(states), torch::tensor(labels, torch::kInt64), {}, at::Reduction::None);
  const torch::Tensor owner = torch::tensor(owners, torch::kInt64);
  return {torch::zeros({batch}).index_add(0, owner, losses),
          torch::zeros({batch}).index_add(0, owner, torch::ones_like(losses.detach()))};
}

std::vector<std::pair<std::string, torch::Tensor>> MicroModel::named_parameters() const {
  std::vector<std::pair<std::string, torch::Tensor>> result(network_->parameters().begin(),
                                                            network_->parameters().end());
  return result;
}

std::unique_ptr<VisionLanguageModel> MicroModel::clone() const {
  auto copy = std::make_unique<MicroModel>(options_);
  copy->initialise(tokenizer_->words(), 0);
  for (const auto& [name, value] : network_->parameters()) copy->network_->assign(name, value);
  for (const auto& [name, value] : network_->buffers()) copy->network_->assign(name, value);
  return copy;
}

void MicroModel::save(const std::filesystem::path& folder) const {
  boost::json::array words;
  for (const std::string& word : tokenizer_->words()) words.emplace_back(word);
  write_file(folder / "tokenizer.json", boost::json::serialize(words));
  write_file(folder / "config.json", config::to_value(options_).to_json());
  std::map<std::string, torch::Tensor> tensors = network_->parameters();
  tensors.insert(network_->buffers().begin(), network_->buffers().end());
  write_safetensors(folder / "model.safetensors", tensors);
}

void MicroModel::load(const std::filesystem::path& folder) {
  check_config(folder, options_);
  const boost::json::value parsed = boost::json::parse(read_file(folder / "tokenizer.json"));
  initialise(boost::json::value_to<std::vector<std::string>>(parsed), 0);
  const std::filesystem::path file = folder / "model.safetensors";
  const std::map<std::string, torch::Tensor> tensors = read_safetensors(file);
  const auto fill = [&](const std::map<std::string, torch::Tensor>& targets) {
    for (const auto& [name, target] : targets) {
      const auto source = tensors.find(name);
      if (source == tensors.end()) throw DataError(file.string() + ": lacks tensor '" + name + "'");
      if (source->second.sizes() != target.sizes()) {
        throw DataError(file.string() + ": tensor '" + name + "' has another shape");
      }
      network_->assign(name, source->second);
    }
  };
  fill(network_->parameters());
  fill(network_->buffers());
}

std::optional<std::filesystem::path> Family::pretrained() const {
  if (path_.empty()) return std::nullopt;
  return path_;
}

void Family::check_pretrained() const {
  if (!path_.empty()) check_config(path_, options_);
}

std::unique_ptr<VisionLanguageModel> Family::create(const std::vector<std::string>& texts,
                                                    std::uint64_t seed) const {
  auto model = std::make_unique<MicroModel>(options_);
  model->initialise_from(texts, seed);
  return model;
}

std::unique_ptr<VisionLanguageModel> Family::load(const std::filesystem::path& folder) const {
  auto model = std::make_unique<MicroModel>(options_);
  model->load(folder);
  return model;
}

}  // namespace winnow::micro
