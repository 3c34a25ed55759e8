// First-order utility from sketches of gradients, as LESS (Xia et al., 2024) has them: each
// parameter's slope goes, with a random sign, to one of a few thousand sums (a count sketch), and
// the products of sketches are those of gradients in expectation. Sketches of a proxy may be kept
// in a folder and used with other anchors and step lengths, for the price of a product.

#include "core/hash.h"
#include "core/random.h"
#include "utility/gradient_store.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct ProjectedOptions : StepOptions {
  std::int64_t dimensions = 8192;
  SketchPrecision precision = SketchPrecision::float32;
  std::filesystem::path store;
};
BOOST_DESCRIBE_STRUCT(ProjectedOptions, (StepOptions), (dimensions, precision, store))
config::Help help(const ProjectedOptions&) {
  config::Help all = help(StepOptions{});
  all.push_back({"dimensions", "sums that a gradient is projected to", config::at_least(8)});
  all.push_back({"precision", "of the sketches of samples: full, half, or a bit for each sum"});
  all.push_back({"store", "folder for sketches that other anchors use again; empty: none"});
  return all;
}

// Where each element of the parameters goes and its sign.
struct Projection {
  std::vector<torch::Tensor> places, signs;  // by parameter: [numel] int64, [numel]

  Projection(const Tensors& parameters, std::int64_t dimensions, std::uint64_t seed) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const std::int64_t count = parameters[p].numel();
      RandomStream stream(seed, "utility/projection/" + std::to_string(p));
      torch::Tensor place = torch::empty({count}, torch::kInt64);
      torch::Tensor sign = torch::empty({count}, torch::kFloat32);
      auto* where = place.data_ptr<std::int64_t>();
      float* which = sign.data_ptr<float>();
      for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t drawn = stream.next();
        where[i] = static_cast<std::int64_t>((drawn >> 1) % static_cast<std::uint64_t>(dimensions));
        which[i] = (drawn & 1U) != 0 ? 1.0F : -1.0F;
      }
      places.push_back(place.to(parameters[p].device()));
      signs.push_back(sign.to(parameters[p].device(), parameters[p].scalar_type()));
    }
  }

  // [dimensions] float32 on the CPU.
  torch::Tensor sketch(const Tensors& gradient, std::int64_t dimensions) const {
    const torch::NoGradGuard no_gradients;
    torch::Tensor sums = torch::zeros({dimensions}, signs.front().options());
    for (std::size_t p = 0; p < gradient.size(); ++p) {
      sums.index_add_(0, places[p], gradient[p].flatten() * signs[p]);
    }
    return sums.to(torch::kCPU, torch::kFloat32);
  }
};

// Of everything the model sees of a sample.
std::string key_of(const ModelInput& input) {
  Digest digest;
  for (std::size_t t = 0; t < input.tokens.size(); ++t) {
    digest.add(static_cast<std::uint64_t>(input.tokens[t]));
    digest.add(static_cast<std::uint64_t>(input.labels[t]));
  }
  for (const VisualTokens& visual : input.visual) add_to(digest, visual);
  return digest.hex();
}

class ProjectedScorer : public UtilityScorer {
 public:
  ProjectedScorer(VisionLanguageModel& model, const std::vector<AnchorSet>& anchors,
                  const ProjectedOptions& options, std::uint64_t seed)
      : options_(options),
        projection_(stepped_parameters(model, options), options.dimensions, seed) {
    for (const Tensors& direction : first_order_directions(model, anchors, options)) {
      directions_.push_back(projection_.sketch(direction, options.dimensions).to(torch::kDouble));
    }
    if (options.store.empty()) return;
    Digest digest;  // of what sketches depend on beside the sample
    digest.add(weights_digest(model)).add(seed);
    digest.add(static_cast<std::uint64_t>(options.dimensions));
    digest.add(static_cast<std::uint64_t>(options.precision));
    digest.add(static_cast<std::uint64_t>(options.sample_loss));
    digest.add(static_cast<std::uint64_t>(options.parameters));
    digest.add(static_cast<std::uint64_t>(options.layers)).add(options.pattern);
    const std::vector<float> empty(static_cast<std::size_t>(options.dimensions));
    store_ = std::make_unique<GradientStore>(options.store / (digest.hex() + ".gradients"),
                                             pack_sketch(empty, options.precision).size());
  }

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const Tensors parameters = stepped_parameters(model, options_);
    torch::Tensor result = torch::empty(
        {static_cast<std::int64_t>(batch.size()), static_cast<std::int64_t>(directions_.size())},
        torch::kDouble);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      std::vector<float> values = sketch_of(model, parameters, batch[b]);
      const torch::Tensor sketch =
          torch::from_blob(values.data(), {options_.dimensions}).to(torch::kDouble);
      for (std::size_t set = 0; set < directions_.size(); ++set) {
        result[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(set)] =
            torch::dot(sketch, directions_[set]);
      }
    }
    return result;
  }

 private:
  std::vector<float> sketch_of(VisionLanguageModel& model, const Tensors& parameters,
                               const UtilityInput& sample) const {
    const auto size = static_cast<std::size_t>(options_.dimensions);
    const std::string key = store_ ? key_of(sample.input) : std::string();
    if (store_) {
      if (const auto found = store_->find(key)) {
        return unpack_sketch(*found, size, options_.precision);
      }
    }
    const Tensors gradient =
        gradient_of(sample_losses(model, {sample}, options_.sample_loss)[0], parameters);
    const torch::Tensor sketch = projection_.sketch(gradient, options_.dimensions).contiguous();
    const std::vector<float> values(sketch.data_ptr<float>(), sketch.data_ptr<float>() + size);
    // A sketch that is no number is the sample's failure, not the store's.
    if (!sketch.isfinite().all().item<bool>()) return values;
    const std::string record = pack_sketch(values, options_.precision);
    if (store_) store_->add(key, record);
    return unpack_sketch(record, size, options_.precision);
  }

  ProjectedOptions options_;
  Projection projection_;
  Tensors directions_;  // by anchor set: [dimensions] double
  std::unique_ptr<GradientStore> store_;
};

class Projected : public UtilityEstimator {
 public:
  explicit Projected(ProjectedOptions options) : options_(std::move(options)) {}

  bool uses_anchors() const override { return true; }
  PassCount passes() const override { return {3.0, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                         const std::vector<AnchorSet>& anchors,
                                         std::uint64_t seed) const override {
    return std::make_unique<ProjectedScorer>(model, anchors, options_, seed);
  }

 private:
  ProjectedOptions options_;
};

const bool registered = utilities().add<Projected, ProjectedOptions>(
    "projected", "first-order one-step utility from stored random projections of gradients");

}  // namespace
}  // namespace winnow
