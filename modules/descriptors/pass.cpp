#include "descriptors/pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cpu_clock.h"
#include "core/errors.h"
#include "core/hash.h"
#include "descriptors/chunk.h"
#include "models/model_pool.h"

namespace winnow {
namespace {

// Raised when the same inputs give other numbers than before.
constexpr std::uint64_t kFormatVersion = 1;

using Descriptors = std::map<std::string, std::unique_ptr<Descriptor>>;

std::vector<std::string> columns_of(const Descriptors& descriptors) {
  std::vector<std::string> names;
  for (const auto& [name, descriptor] : descriptors) {
    for (std::string& column : descriptor->columns()) names.push_back(std::move(column));
  }
  return names;
}

// All descriptors of a pass as one maker of columns. Its vectors are features, of the prompt and of
// the question.
class DescriptorMaker : public ColumnMaker {
 public:
  DescriptorMaker(const DescriptorPassRequest& request, const Descriptors& descriptors,
                  const Needs& needs, const DescriptorPassOptions& options, Identity identity)
      : request_(request),
        descriptors_(descriptors),
        needs_(needs),
        options_(options),
        identity_(std::move(identity)),
        models_(needs.model() ? request.model : nullptr) {}

  std::vector<std::string> columns() const override { return columns_of(descriptors_); }
  std::size_t vector_kinds() const override { return 2; }
  Identity identity() const override { return identity_; }
  MeasuredChunk measure(const std::vector<Sample>& samples) override {
    const ModelPool::Loan model(models_);
    return {detail::ChunkMeasurement(request_, descriptors_, needs_, options_, model.get(), samples)
                .run()};
  }

 private:
  const DescriptorPassRequest& request_;
  const Descriptors& descriptors_;
  const Needs& needs_;
  const DescriptorPassOptions& options_;
  const Identity identity_;
  ModelPool models_;
};

const bool registered = config::add_table<DescriptorPassOptions>(
    "descriptors",
    "the walk over the pool that computes descriptors; its sub-tables are descriptors");

}  // namespace

config::Help help(const DescriptorPassOptions&) {
  config::Help all = help(WalkOptions{});
  all.push_back({"batch_size", "samples the model takes at once", config::at_least(1)});
  all.push_back({"feature_dimensions",
                 "wider features of the model are projected to this width at random",
                 config::at_least(1)});
  return all;
}

DescriptorPass::DescriptorPass(std::map<std::string, std::unique_ptr<Descriptor>> descriptors,
                               DescriptorPassOptions options)
    : descriptors_(std::move(descriptors)), options_(options) {
  std::map<std::string, std::string> owners;
  std::string sampler;
  for (const auto& [name, descriptor] : descriptors_) {
    for (const std::string& column : descriptor->columns()) {
      const auto [owner, first] = owners.emplace(column, name);
      if (!first) {
        throw ConfigError(fmt::format("descriptors '{}' and '{}' both fill the column '{}'",
                                      owner->second, name, column));
      }
    }
    const Needs own = descriptor->needs();
    needs_.frames |= own.frames;
    needs_.loss_with_vision |= own.loss_with_vision;
    needs_.loss_without_vision |= own.loss_without_vision;
    needs_.loss_single_frame |= own.loss_single_frame;
    needs_.prompt_features |= own.prompt_features;
    needs_.question_features |= own.question_features;
    if (own.sampled_answers == 0) continue;
    if (!sampler.empty() && own.temperature != needs_.temperature) {
      throw ConfigError(
          fmt::format("descriptors '{}' and '{}' want answers sampled at different temperatures, "
                      "{} and {}: sampling is shared",
                      sampler, name, needs_.temperature, own.temperature));
    }
    sampler = name;
    needs_.temperature = own.temperature;
    needs_.sampled_answers = std::max(needs_.sampled_answers, own.sampled_answers);
    needs_.answer_tokens = std::max(needs_.answer_tokens, own.answer_tokens);
  }
}

DescriptorPass DescriptorPass::from_config(const config::Value& table, const std::string& path) {
  std::map<std::string, std::unique_ptr<Descriptor>> made;
  std::vector<std::string> names;
  if (table.is_table()) {
    for (const auto& [key, value] : table.table()) {
      if (!value.is_table()) continue;
      names.push_back(key);
      made.emplace(key, winnow::descriptors().create(value, config::join_key(path, key)));
    }
  }
  const auto options = config::bind<DescriptorPassOptions>(table, path, names);
  DescriptorPass pass(std::move(made), options);
  config::Value measured = table;
  for (const char* walks : {"chunk_samples", "maximum_failed_share", "retry_failed"}) {
    measured.erase(walks);
  }
  pass.config_digest_ = digest_of(measured.to_json());
  return pass;
}

std::vector<std::string> DescriptorPass::columns() const { return columns_of(descriptors_); }

Identity DescriptorPass::identity(const DescriptorPassRequest& request) const {
  Digest digest;
  digest.add(kFormatVersion).add(config_digest_);
  for (const std::int64_t option : {options_.batch_size, options_.feature_dimensions}) {
    digest.add(static_cast<std::uint64_t>(option));
  }
  Identity identity = {{"descriptors", digest.hex()}, {"seed", std::to_string(request.seed)}};
  if (needs_.model()) identity["model"] = weights_digest(*request.model);
  if (!request.identity.empty()) identity["setting"] = request.identity;
  return identity;
}

WalkResult DescriptorPass::run(const DescriptorPassRequest& request) const {
  if (needs_.model() && request.model == nullptr) {
    throw ConfigError("these descriptors need a model and there is none");
  }
  const double start = thread_cpu_seconds();
  DescriptorMaker maker(request, descriptors_, needs_, options_,
                        request.journal.empty() ? Identity{} : identity(request));
  const ChunkPlan plan =
      plan_by_content(request.pool, request.rows, static_cast<std::size_t>(options_.chunk_samples),
                      needs_.frames || needs_.model());
  WalkRequest walked{request.pool, plan, static_cast<const WalkOptions&>(options_)};
  walked.words = {"Descriptors", "could not be measured", "descriptors.maximum_failed_share",
                  "Repair the data and run again with descriptors.retry_failed=true, or raise the "
                  "share."};
  walked.journal = request.journal;
  const double before = thread_cpu_seconds();
  WalkResult result = [&] {
    const OneThreadInside one_thread_inside;
    return walk(maker, walked);
  }();
  const double after = thread_cpu_seconds();
  const PoolFeatures features{std::move(result.vectors[0]), std::move(result.vectors[1])};
  result.vectors.clear();
  for (const auto& [name, descriptor] : descriptors_) {
    descriptor->finish(result.table, features, request.seed);
  }
  result.cpu_seconds += (before - start) + (thread_cpu_seconds() - after);
  return result;
}

}  // namespace winnow
