#include "descriptors/chunk.h"

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "models/refusal.h"

namespace winnow::detail {
namespace {

// Calls `work`, and hands the reason to `failed` where data or model refuse the sample.
template <class Work, class Failed>
void try_sample(const Work& work, const Failed& failed) {
  const std::string reason = reason_of_refusal(work);
  if (!reason.empty()) failed(reason);
}

Frames only_middle_frame(const Frames& frames) {
  Frames result = frames;
  for (cv::Mat& image : result.images) image = frames.images[frames.images.size() / 2];
  return result;
}

// [D, dimensions], preserves distances in expectation.
torch::Tensor random_projection(std::int64_t from, std::int64_t to, std::uint64_t seed) {
  torch::Tensor matrix = torch::empty({from, to});
  RandomStream stream(seed, "descriptors/projection");
  float* values = matrix.data_ptr<float>();
  const double scale = 1.0 / std::sqrt(static_cast<double>(to));
  for (std::int64_t i = 0; i < from * to; ++i) {
    values[i] = static_cast<float>(stream.normal() * scale);
  }
  return matrix;
}

}  // namespace

void ChunkMeasurement::Item::fail(const std::string& reason) {
  if (!failed()) observation.failure = reason;
}

ChunkMeasurement::ChunkMeasurement(
    const DescriptorPassRequest& request,
    const std::map<std::string, std::unique_ptr<Descriptor>>& descriptors, const Needs& needs,
    const DescriptorPassOptions& options, VisionLanguageModel* model,
    const std::vector<Sample>& samples)
    : request_(request),
      descriptors_(descriptors),
      needs_(needs),
      options_(options),
      model_(model) {
  items_.reserve(samples.size());
  for (const Sample& sample : samples) {
    items_.push_back({Observation{sample}, {}, {}, {}});
    for (const Media& medium : items_.back().sample().media) {
      items_.back().media_keys.push_back(medium.key());
    }
  }
  for (const auto& [name, descriptor] : descriptors_) {
    const Needs own = descriptor->needs();
    keeps_frames_ = keeps_frames_ || (own.frames && own.model());
  }
}

std::vector<MeasuredRow> ChunkMeasurement::run() {
  const torch::NoGradGuard no_gradients;
  look_at_media();
  if (needs_.model()) ask_model();
  std::vector<MeasuredRow> result;
  result.reserve(items_.size());
  for (Item& item : items_) {
    if (!item.answers_failure.empty()) item.fail(item.answers_failure);
    measure(item, false);
    MeasuredRow row;
    for (auto& [name, cells] : item.cells) {
      std::move(cells.begin(), cells.end(), std::back_inserter(row.cells));
    }
    row.vectors.push_back(std::move(item.observation.prompt_features));
    row.vectors.push_back(std::move(item.observation.question_features));
    result.push_back(std::move(row));
  }
  return result;
}

bool ChunkMeasurement::sees_with_model() const {
  return needs_.loss_with_vision || needs_.sampled_answers > 0 || needs_.prompt_features;
}

bool ChunkMeasurement::encodes(const Item& item, bool single_frame) const {
  if (single_frame) {
    return needs_.loss_single_frame && !request_.visual_single_frame &&
           item.sample().modality() == Modality::video;
  }
  return sees_with_model() && !request_.visual;
}

void ChunkMeasurement::look_at_media() {
  Held held;  // frames of the media of the sample in hand; the next one often has the same
  std::vector<std::pair<Medium*, View*>> pending;
  const std::string* previous = nullptr;
  for (Item& item : items_) {
    const std::string* first = item.media_keys.empty() ? nullptr : &item.media_keys.front();
    if (first == nullptr || previous == nullptr || *first != *previous) held.clear();
    previous = first;
    try_sample([&] { look_at_media_of(item, held, pending); },
               [&](const std::string& reason) { item.fail(reason); });
    measure(item, true);
    if (!keeps_frames_) item.observation.frames.clear();
    if (pending.size() >= static_cast<std::size_t>(options_.batch_size)) encode(pending);
  }
  encode(pending);
}

void ChunkMeasurement::look_at_media_of(Item& item, Held& held,
                                        std::vector<std::pair<Medium*, View*>>& pending) {
  const bool whole = encodes(item, false), single_frame = encodes(item, true);
  if (!needs_.frames && !whole && !single_frame) return;
  std::vector<std::shared_ptr<const Frames>> frames_of_item;
  for (std::size_t i = 0; i < item.media_keys.size(); ++i) {
    const std::string& key = item.media_keys[i];
    Medium& medium = media_[key];
    if (!medium.failure.empty()) throw DataError(medium.failure);
    const bool make_whole = whole && !medium.whole.preprocessed.values.defined();
    const bool make_single = single_frame && !medium.single_frame.preprocessed.values.defined();
    if (!needs_.frames && !make_whole && !make_single) continue;
    try_sample(
        [&] {
          auto& frames = held[key];
          if (!frames) frames = request_.frames.get(item.sample().media[i]);
          frames_of_item.push_back(frames);
          if (make_whole) {
            medium.whole.preprocessed = model_->preprocess(*frames);
            pending.emplace_back(&medium, &medium.whole);
          }
          if (make_single) {
            medium.single_frame.preprocessed = model_->preprocess(only_middle_frame(*frames));
            pending.emplace_back(&medium, &medium.single_frame);
          }
        },
        [&](const std::string& reason) { medium.failure = reason; });
    if (!medium.failure.empty()) throw DataError(medium.failure);
  }
  if (needs_.frames) item.observation.frames = std::move(frames_of_item);
}

void ChunkMeasurement::encode(std::vector<std::pair<Medium*, View*>>& pending) {
  const auto encode_some = [&](std::size_t first, std::size_t last) {
    std::vector<PreprocessedMedium> media;
    for (std::size_t i = first; i < last; ++i) media.push_back(pending[i].second->preprocessed);
    std::vector<VisualTokens> features = model_->encode_vision(media);
    for (std::size_t i = first; i < last; ++i) {
      pending[i].second->features = std::move(features[i - first]);
    }
  };
  const auto batch = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t first = 0; first < pending.size(); first += batch) {
    const std::size_t last = std::min(pending.size(), first + batch);
    bool together = true;
    try_sample([&] { encode_some(first, last); }, [&](const std::string&) { together = false; });
    for (std::size_t i = first; !together && i < last; ++i) {
      try_sample([&] { encode_some(i, i + 1); },
                 [&](const std::string& reason) { pending[i].first->failure = reason; });
    }
  }
  // An undefined tensor would be preprocessed again: leave an empty one that holds no memory.
  for (auto& [medium, view] : pending) view->preprocessed.values = torch::empty({0});
  pending.clear();
}

std::vector<VisualTokens> ChunkMeasurement::visual_of(const Item& item, bool single_frame) const {
  const Sample& sample = item.sample();
  const VisualFeatureProvider& provider =
      single_frame ? request_.visual_single_frame : request_.visual;
  if (provider) {
    std::vector<VisualTokens> features = provider(sample);
    if (features.size() == sample.media.size()) return features;
    throw std::logic_error("the visual features of '" + sample.id + "' are not one per medium");
  }
  std::vector<VisualTokens> features;
  for (const std::string& key : item.media_keys) {
    const Medium& medium = media_.at(key);
    if (!medium.failure.empty()) throw DataError(medium.failure);
    features.push_back(single_frame ? medium.single_frame.features : medium.whole.features);
  }
  return features;
}

void ChunkMeasurement::ask_model() {
  if (sees_with_model()) {
    in_batches(
        [](const Item&) { return true; },
        [&](const Item& item) { return model_->input(item.sample(), visual_of(item, false)); },
        &ChunkMeasurement::with_vision);
  }
  const auto blind = [&](const Item& item) { return model_->blind_input(item.sample()); };
  if (needs_.question_features) {
    in_batches([](const Item&) { return true; }, blind, &ChunkMeasurement::without_vision);
  } else if (needs_.loss_without_vision) {
    in_batches([](const Item& item) { return item.sample().modality() != Modality::text; }, blind,
               &ChunkMeasurement::without_vision);
  }
  if (needs_.loss_single_frame) {
    in_batches(
        [](const Item& item) { return item.sample().modality() == Modality::video; },
        [&](const Item& item) { return model_->input(item.sample(), visual_of(item, true)); },
        &ChunkMeasurement::with_single_frame);
  }
}

// Batches of similar length: little padding. A batch that fails is taken apart, so that only the
// samples at fault fail.
template <class MakeInput>
void ChunkMeasurement::in_batches(bool (*wanted)(const Item&), const MakeInput& make_input,
                                  BatchFunction function) {
  Inputs inputs;
  for (Item& item : items_) {
    if (item.failed() || !wanted(item)) continue;
    try_sample([&] { inputs.emplace_back(&item, make_input(item)); },
               [&](const std::string& reason) { item.fail(reason); });
  }
  std::stable_sort(inputs.begin(), inputs.end(), [](const auto& a, const auto& b) {
    return a.second.length() < b.second.length();
  });
  const auto ask = [&](std::size_t first, std::size_t last) {
    std::vector<Item*> items;
    std::vector<ModelInput> batch;
    for (std::size_t i = first; i < last; ++i) {
      items.push_back(inputs[i].first);
      batch.push_back(inputs[i].second);
    }
    (this->*function)(items, batch);
  };
  const auto batch_size = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t first = 0; first < inputs.size(); first += batch_size) {
    const std::size_t last = std::min(inputs.size(), first + batch_size);
    bool together = true;
    try_sample([&] { ask(first, last); }, [&](const std::string&) { together = false; });
    for (std::size_t i = first; !together && i < last; ++i) {
      try_sample([&] { ask(i, i + 1); },
                 [&](const std::string& reason) { inputs[i].first->fail(reason); });
    }
  }
}

void ChunkMeasurement::with_vision(const std::vector<Item*>& items,
                                   const std::vector<ModelInput>& inputs) {
  const std::unique_ptr<Prefix> prefix = model_->prefill(inputs);
  if (needs_.loss_with_vision) {
    const std::vector<double> result = losses(*prefix, items);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i]->observation.loss_with_vision = result[i];
    }
  }
  if (needs_.prompt_features) {
    take_features(model_->prompt_features(*prefix), items, &Observation::prompt_features);
  }
  if (needs_.sampled_answers > 0) {
    try_sample([&] { sample_answers(*prefix, items); },
               [&](const std::string& reason) {
                 if (items.size() > 1) throw DataError(reason);  // each is tried alone
                 items.front()->answers_failure = reason;
               });
  }
}

void ChunkMeasurement::sample_answers(const Prefix& prefix, const std::vector<Item*>& items) {
  std::vector<RandomStream> streams;
  for (const Item* item : items) {
    streams.emplace_back(request_.seed, "descriptors/sampled_answers/" + item->sample().id);
  }
  auto answers = model_->sample_answers(prefix, needs_.sampled_answers, needs_.answer_tokens,
                                        needs_.temperature, streams);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i]->observation.sampled_answers = std::move(answers[i]);
  }
}

void ChunkMeasurement::without_vision(const std::vector<Item*>& items,
                                      const std::vector<ModelInput>& inputs) {
  const std::unique_ptr<Prefix> prefix = model_->prefill(inputs);
  if (needs_.loss_without_vision) {
    const std::vector<double> result = losses(*prefix, items);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i]->sample().modality() == Modality::text) continue;
      items[i]->observation.loss_without_vision = result[i];
    }
  }
  if (needs_.question_features) {
    take_features(model_->prompt_features(*prefix), items, &Observation::question_features);
  }
}

void ChunkMeasurement::with_single_frame(const std::vector<Item*>& items,
                                         const std::vector<ModelInput>& inputs) {
  const std::vector<double> result = losses(*model_->prefill(inputs), items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i]->observation.loss_single_frame = result[i];
  }
}

std::vector<double> ChunkMeasurement::losses(const Prefix& prefix,
                                             const std::vector<Item*>& items) {
  std::vector<std::vector<std::string>> answers;
  for (const Item* item : items) answers.push_back({item->sample().answer()});
  std::vector<double> result;
  for (const auto& scores : model_->score_continuations(prefix, answers)) {
    const auto& [log_likelihood, tokens] = scores.front();
    result.push_back(-log_likelihood / static_cast<double>(tokens));
  }
  return result;
}

void ChunkMeasurement::take_features(const torch::Tensor& features, const std::vector<Item*>& items,
                                     std::vector<float> Observation::*member) {
  torch::Tensor rows = features.detach().to(torch::kCPU, torch::kFloat);
  if (rows.size(1) > options_.feature_dimensions) {
    if (!projection_.defined()) {
      projection_ = random_projection(rows.size(1), options_.feature_dimensions, request_.seed);
    }
    rows = torch::matmul(rows, projection_);
  }
  rows = rows.contiguous();
  const auto width = static_cast<std::size_t>(rows.size(1));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const float* first = rows.data_ptr<float>() + i * width;
    if (!std::all_of(first, first + width, [](float value) { return std::isfinite(value); })) {
      items[i]->fail("the model's features are not finite numbers");
      continue;
    }
    (items[i]->observation.*member).assign(first, first + width);
  }
}

void ChunkMeasurement::measure(Item& item, bool frames_only) {
  for (const auto& [name, owner] : descriptors_) {
    const Descriptor& descriptor = *owner;
    const Needs own = descriptor.needs();
    if ((own.frames && !own.model()) != frames_only) continue;
    const std::size_t count = descriptor.columns().size();
    std::vector<Cell>& cells = item.cells[name];
    try_sample([&] { cells = descriptor.measure(item.observation); },
               [&](const std::string& reason) { cells.assign(count, Cell::failed(reason)); });
    if (cells.size() != count) {
      throw std::logic_error("descriptor '" + name + "' made " + std::to_string(cells.size()) +
                             " cells for " + std::to_string(count) + " columns");
    }
  }
}

}  // namespace winnow::detail
