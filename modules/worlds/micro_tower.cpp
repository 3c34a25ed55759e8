#include "worlds/micro_tower.h"

#include <ATen/core/Reduction.h>

#include <algorithm>
#include <cmath>

#include "core/errors.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "models/separate_tower.h"
#include "trainers/adamw.h"
#include "trainers/schedule.h"

namespace winnow {
namespace {

namespace mw = micro_world;

// Channels of the head: occupied, colours, shapes, offset (2), flashing; and, where the tower binds
// what it sees, for each colour whether it is there, whether it flashes and how large it is, and
// for each shape whether it is there: 0 where there is none.
constexpr std::int64_t kColour = 1, kShape = kColour + mw::kColours, kOffset = kShape + mw::kShapes,
                       kFlash = kOffset + 2, kUnbound = kFlash + 1, kBoundParts = 3,
                       kBoundShape = kUnbound + kBoundParts * mw::kColours,
                       kChannels = kBoundShape + mw::kShapes,
                       kBoundWidth = kChannels - kUnbound + 2;  // with the offset
constexpr std::int64_t kShards = 2;
constexpr double kSmallestDeviation = 0.1;
constexpr float kMiddleRadius = 8.75F, kRadiusRange = 1.5F;  // pixels

struct Targets {
  torch::Tensor occupied;       // [F, cells] float
  torch::Tensor colour, shape;  // [F, cells] int64, -100 where empty
  torch::Tensor offset;         // [F, cells, 2]
  torch::Tensor flashing;       // [F, cells] float
  torch::Tensor bound;          // [F, cells, kChannels - kUnbound]; undefined: none
};

Targets targets_of(const TowerFrames& frames, bool binds) {
  const auto count = static_cast<std::int64_t>(frames.truth.size());
  constexpr std::int64_t cells = mw::kGrid * mw::kGrid;
  Targets targets{torch::zeros({count, cells}),
                  torch::full({count, cells}, -100, torch::kInt64),
                  torch::full({count, cells}, -100, torch::kInt64),
                  torch::zeros({count, cells, 2}),
                  torch::zeros({count, cells}),
                  torch::Tensor()};
  if (binds) targets.bound = torch::zeros({count, cells, kChannels - kUnbound});
  for (std::int64_t f = 0; f < count; ++f) {
    for (const mw::ObjectTruth& object : frames.truth[static_cast<std::size_t>(f)]) {
      targets.occupied[f][object.cell] = 1.0F;
      targets.colour[f][object.cell] = object.colour;
      targets.shape[f][object.cell] = object.shape;
      targets.offset[f][object.cell][0] = object.offset_x;
      targets.offset[f][object.cell][1] = object.offset_y;
      targets.flashing[f][object.cell] = object.flashing ? 1.0F : 0.0F;
      if (!binds) continue;
      float* bound =
          targets.bound.data_ptr<float>() + (f * cells + object.cell) * (kChannels - kUnbound);
      const float parts[kBoundParts] = {1.0F, object.flashing ? 1.0F : 0.0F,
                                        (object.radius - kMiddleRadius) / kRadiusRange};
      for (std::int64_t part = 0; part < kBoundParts; ++part) {
        bound[part * mw::kColours + object.colour] = parts[part];
      }
      bound[kBoundShape - kUnbound + object.shape] = 1.0F;
    }
  }
  return targets;
}

// One set of parameters; the shards of a batch each have their own.
struct Tower {
  SeparateTower* tower;
  torch::Tensor weight, bias;  // of the head, [channels, C] and [channels]

  std::vector<std::pair<std::string, torch::Tensor>> parameters() const {
    std::vector<std::pair<std::string, torch::Tensor>> result = tower->tower_parameters();
    result.emplace_back("head.weight", weight);
    result.emplace_back("head.bias", bias);
    return result;
  }

  torch::Tensor predict(const torch::Tensor& pixels) const {  // [F, cells, channels]
    return torch::linear(tower->cells(pixels).flatten(2).transpose(1, 2), weight, bias);
  }
};

torch::Tensor loss_of(const torch::Tensor& output, const Targets& targets,
                      const torch::Tensor& rows) {
  const torch::Tensor occupied = targets.occupied.index_select(0, rows);
  const auto channel = [&](std::int64_t begin, std::int64_t count) {
    return output.slice(2, begin, begin + count);
  };
  const auto classify = [&](std::int64_t begin, std::int64_t count, const torch::Tensor& labels) {
    return torch::cross_entropy_loss(channel(begin, count).reshape({-1, count}),
                                     labels.index_select(0, rows).flatten());
  };
  const torch::Tensor present = occupied.sum().clamp_min(1);
  const torch::Tensor offset_error =
      (channel(kOffset, 2) - targets.offset.index_select(0, rows)).square().sum(2);
  const torch::Tensor flash_error = torch::binary_cross_entropy_with_logits(
      channel(kFlash, 1).squeeze(2), targets.flashing.index_select(0, rows), {}, {},
      at::Reduction::None);
  torch::Tensor bound_error = torch::zeros({});
  if (targets.bound.defined()) {
    const torch::Tensor error =
        channel(kUnbound, kChannels - kUnbound) - targets.bound.index_select(0, rows);
    bound_error = 2.0 * error.square().sum() / present;
  }
  return bound_error +
         torch::binary_cross_entropy_with_logits(channel(0, 1).squeeze(2), occupied) * 4.0 +
         classify(kColour, mw::kColours, targets.colour) +
         classify(kShape, mw::kShapes, targets.shape) +
         5.0 * (offset_error * occupied).sum() / present + (flash_error * occupied).sum() / present;
}

double accuracy_of(const Tower& tower, const TowerFrames& frames, const Targets& targets,
                   std::int64_t begin) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor output = tower.predict(frames.pixels.slice(0, begin));
  const torch::Tensor colour = targets.colour.slice(0, begin),
                      shape = targets.shape.slice(0, begin);
  const torch::Tensor right = output.slice(2, kColour, kShape).argmax(2).eq(colour) &
                              output.slice(2, kShape, kOffset).argmax(2).eq(shape);
  return right.sum().item<double>() / std::max<double>(1.0, colour.ge(0).sum().item<double>());
}

// What the head says of colours and shapes, and the offset last, is from now on what the cells
// show: channels of their own for each thing, 0 where it is not, and not faint directions among
// others.
void show_bound(SeparateTower& tower, const Tower& trained, const torch::Tensor& pixels) {
  const torch::NoGradGuard no_grad;
  const auto shown = [](const torch::Tensor& head) {
    return torch::cat({head.slice(0, kUnbound), head.slice(0, kOffset, kOffset + 2)}).detach();
  };
  tower.mix_cells(shown(trained.weight), shown(trained.bias));
  // Rare things are shown large, as others would be with deviation 1; the offset stays in cells.
  torch::Tensor scale =
      tower.cells(pixels).transpose(0, 1).flatten(1).std(1).clamp_min(kSmallestDeviation).pow(-1);
  scale.slice(0, kBoundWidth - 2).fill_(1.0);
  tower.mix_cells(torch::diag(scale), torch::zeros_like(scale));
}

}  // namespace

double train_micro_tower(const MicroBaseOptions& options, VisionLanguageModel& model,
                         const TowerFrames& frames, std::uint64_t seed) {
  SeparateTower& own_tower = *model.separate_tower();
  if (own_tower.cells_per_side() != mw::kGrid) {
    throw std::logic_error("scenes know what stands in 4 x 4 cells");
  }
  const Targets targets = targets_of(frames, options.tower_binds);
  const std::int64_t channels = options.tower_binds ? kChannels : kUnbound;
  const auto count = static_cast<std::int64_t>(frames.truth.size());
  const std::int64_t trained = count - count / 10;
  RandomStream head_stream(seed, "base/tower/head");
  const std::int64_t width = own_tower.cell_width();
  if (options.tower_binds && width != kBoundWidth) {
    throw ConfigError("base.tower_binds needs " + std::to_string(kBoundWidth) +
                      " channels (model.tower_channels); the model has " + std::to_string(width));
  }
  torch::Tensor weight = torch::empty({channels, width});
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    weight.data_ptr<float>()[i] =
        static_cast<float>(head_stream.normal() / std::sqrt(static_cast<double>(width)));
  }
  std::vector<std::unique_ptr<VisionLanguageModel>> replicas;
  std::vector<Tower> towers;
  for (std::int64_t shard = 0; shard < kShards; ++shard) {
    SeparateTower* tower = &own_tower;
    if (shard > 0) {
      replicas.push_back(model.clone());
      tower = replicas.back()->separate_tower();
    }
    tower->set_tower_trainable(true);
    towers.push_back({tower, weight.clone().requires_grad_(true),
                      torch::zeros({channels}).requires_grad_(true)});
  }
  const auto parameters = towers[0].parameters();
  AdamW optimizer(parameters, {0.9, 0.95, 1e-8, options.weight_decay});

  const std::int64_t steps_per_epoch = trained / options.tower_batch_size;
  const std::int64_t total = steps_per_epoch * options.tower_epochs;
  Progress progress("vision tower", total * options.tower_batch_size, "frames");
  RandomStream order_stream(seed, "base/tower/order");
  std::vector<std::int64_t> order(static_cast<std::size_t>(trained));
  for (std::int64_t i = 0; i < trained; ++i) order[static_cast<std::size_t>(i)] = i;
  for (std::int64_t step = 0; step < total; ++step) {
    const std::int64_t within = step % steps_per_epoch;
    if (within == 0) order_stream.shuffle(order);
    const torch::Tensor rows = torch::tensor(
        std::vector<std::int64_t>(order.begin() + within * options.tower_batch_size,
                                  order.begin() + (within + 1) * options.tower_batch_size),
        torch::kInt64);
    parallel_for(kShards, [&](std::size_t shard) {
      const auto own = towers[shard].parameters();
      for (std::size_t i = 0; i < own.size(); ++i) {
        torch::Tensor parameter = own[i].second;
        parameter.mutable_grad() = torch::Tensor();
        const torch::NoGradGuard no_grad;
        if (shard > 0) parameter.copy_(parameters[i].second);
      }
      const torch::Tensor part = rows.chunk(kShards)[shard];
      const torch::Tensor output = towers[shard].predict(frames.pixels.index_select(0, part));
      (loss_of(output, targets, part) / kShards).backward();
    });
    for (std::size_t shard = 1; shard < towers.size(); ++shard) {
      const auto own = towers[shard].parameters();
      for (std::size_t i = 0; i < own.size(); ++i)
        parameters[i].second.grad().add_(own[i].second.grad());
    }
    optimizer.clip_gradients(1.0);
    optimizer.step(options.tower_learning_rate * learning_rate_factor(step, total, 0.1));
    progress.advance(options.tower_batch_size);
  }
  const double accuracy = accuracy_of(towers[0], frames, targets, trained);
  if (options.tower_binds) {
    show_bound(own_tower, towers[0],
               frames.pixels.slice(0, 0, std::min<std::int64_t>(count, 4000)));
  } else {
    own_tower.standardise_cells(frames.pixels.slice(0, 0, std::min<std::int64_t>(count, 4000)));
  }
  own_tower.set_tower_trainable(model.vision_is_trainable());
  return accuracy;
}

}  // namespace winnow
