#include "experiments/stages/visual_features.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "models/model_pool.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Media of one resumable piece of work, and of one call of the tower.
constexpr std::size_t chunk_size = 256;
constexpr std::size_t batch_size = 32;

fs::path chunk_data(const fs::path& folder, std::size_t chunk) {
  return folder / ("chunk-" + std::to_string(chunk) + ".bin");
}
fs::path chunk_index(const fs::path& folder, std::size_t chunk) {
  return folder / ("chunk-" + std::to_string(chunk) + ".json");
}

// Appends the features of media [begin, end) to `data` and their shapes or failures to `index`.
void encode_batch(VisionLanguageModel& model, const std::vector<NamedMedium>& media,
                  const SamplingOptions& sampling, std::size_t begin, std::size_t end,
                  std::string& data, json::array& index) {
  std::vector<PreprocessedMedium> pixels;
  std::vector<std::string> reasons;
  for (std::size_t i = begin; i < end; ++i) {
    std::string reason;
    try {
      pixels.push_back(model.preprocess(decode(media[i].medium, sampling)));
    } catch (const DataError& error) {
      reason = error.what();
    }
    reasons.push_back(std::move(reason));
  }
  // A lone medium goes through other kernels than one of a batch and differs in its last bits.
  const bool is_alone = pixels.size() == 1;
  if (is_alone) pixels.push_back(pixels.front());
  const std::vector<VisualTokens> encoded = model.encode_vision(pixels);
  std::size_t next = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (!reasons[i - begin].empty()) {
      index.push_back({{"name", media[i].name}, {"failure", reasons[i - begin]}});
      continue;
    }
    const VisualTokens& visual = encoded[next++];
    const torch::Tensor features = visual.tokens.to(torch::kCPU, torch::kFloat32).contiguous();
    data.append(static_cast<const char*>(features.data_ptr()), features.nbytes());
    index.push_back({{"name", media[i].name},
                     {"tokens", features.size(0)},
                     {"width", features.size(1)},
                     {"grid", json::value_from(visual.layout.grid)},
                     {"timestamps", json::value_from(visual.layout.timestamps)},
                     {"video", visual.layout.video}});
  }
}

}  // namespace

void VisualFeatures::compute(VisionLanguageModel& model, const std::vector<NamedMedium>& media,
                             const SamplingOptions& sampling, const fs::path& output,
                             const fs::path& resume) {
  const std::size_t chunks = (media.size() + chunk_size - 1) / chunk_size;
  ModelPool models(&model);
  Progress progress("visual features", static_cast<std::int64_t>(media.size()), "media");
  parallel_for(chunks, [&](std::size_t chunk) {
    const std::size_t begin = chunk * chunk_size;
    const std::size_t end = std::min(begin + chunk_size, media.size());
    // The index is written last, so where it is the data are whole.
    if (!fs::exists(chunk_index(resume, chunk))) {
      const torch::NoGradGuard no_gradients;
      const ModelPool::Loan worker(models);
      std::string data;
      json::array index;
      for (std::size_t i = begin; i < end; i += batch_size) {
        encode_batch(*worker, media, sampling, i, std::min(i + batch_size, end), data, index);
      }
      write_file(chunk_data(resume, chunk), data);
      write_file(chunk_index(resume, chunk), json::serialize(index));
    }
    progress.advance(static_cast<std::int64_t>(end - begin));
  });

  json::array index;
  write_file_with(output / "features.bin", [&](const fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    for (std::size_t chunk = 0; chunk < chunks && file; ++chunk) {
      const std::string data = read_file(chunk_data(resume, chunk));
      file.write(data.data(), static_cast<std::streamsize>(data.size()));
      json::value entries = json::parse(read_file(chunk_index(resume, chunk)));
      for (json::value& entry : entries.as_array()) index.push_back(std::move(entry));
    }
    file.close();
    if (!file) throw IoError((output / "features.bin").string() + ": writing failed");
  });
  write_file(output / "index.json", json::serialize(index));
}

VisualFeatures VisualFeatures::load(const fs::path& output) {
  VisualFeatures features;
  const fs::path index = output / "index.json";
  std::int64_t floats = 0;
  try {
    const json::value entries = json::parse(read_file(index));
    for (const json::value& value : entries.as_array()) {
      const json::object& entry = value.as_object();
      const std::string name = entry.at("name").as_string().c_str();
      if (const json::value* failure = entry.if_contains("failure")) {
        features.failures_[name] = failure->as_string().c_str();
        continue;
      }
      Place place{floats, entry.at("tokens").as_int64(), entry.at("width").as_int64(), {}};
      place.layout = {json::value_to<std::vector<std::int64_t>>(entry.at("grid")),
                      json::value_to<std::vector<std::string>>(entry.at("timestamps")),
                      entry.at("video").as_bool()};
      floats += place.tokens * place.width;
      features.places_[name] = std::move(place);
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(index.string() + ": not an index of features: " + error.what());
  }
  const fs::path data = output / "features.bin";
  if (fs::file_size(data) != static_cast<std::uintmax_t>(floats) * sizeof(float)) {
    throw DataError(data.string() + ": " + std::to_string(fs::file_size(data)) +
                    " bytes, but its index describes " + std::to_string(floats) + " floats");
  }
  features.data_ = floats == 0 ? torch::empty({0})
                               : torch::from_file(data.string(), false, floats, torch::kFloat32);
  return features;
}

VisualTokens VisualFeatures::of(const std::string& name) const {
  const auto& [offset, tokens, width, layout] = place_of(name);
  return {data_.narrow(0, offset, tokens * width).view({tokens, width}), layout};
}

const MediumLayout& VisualFeatures::layout_of(const std::string& name) const {
  return place_of(name).layout;
}

const VisualFeatures::Place& VisualFeatures::place_of(const std::string& name) const {
  const auto place = places_.find(name);
  if (place != places_.end()) return place->second;
  const auto failure = failures_.find(name);
  throw DataError(failure != failures_.end() ? failure->second
                                             : "medium " + name + " has no visual features");
}

config::Help help(const FeaturesOptions&) {
  return {{"visual",
           "features of a frozen vision tower: kept on disk, or computed by every stage; "
           "unchecked: the "
           "same, without opening all media of the pool before anything is measured"},
          {"maximum_failed_media_share",
           "share of media that may be undecodable; samples of the pool that show one are left out "
           "and listed",
           config::between(0, 1)}};
}

namespace {

const bool registered = config::add_table<FeaturesOptions>(
    "features", "what is kept of the media, and how many may be undecodable");

// Raise one when its stage computes or writes something else.
constexpr int kFeaturesFormat = 4;
constexpr int kMediaFormat = 1;
constexpr const char* kFailuresFile = "failures.json";

}  // namespace

std::string name_of(const Media& medium) {
  Digest digest;
  digest.add(to_string(medium.kind));
  add_timing(digest, medium);
  for (const fs::path& path : medium.paths) {
    digest.add(medium.root.empty() ? path.generic_string()
                                   : path.lexically_proximate(medium.root).generic_string());
  }
  return digest.hex();
}

void MediaList::add(const Sample& sample) {
  for (const Media& medium : sample.media) media_.try_emplace(name_of(medium), medium);
}

std::vector<NamedMedium> MediaList::sorted() const {
  std::vector<NamedMedium> result;
  for (const auto& [name, medium] : media_) result.push_back({name, medium});
  return result;
}

StageOutput FeaturesStage::run(StageCache& stages,
                               const std::function<std::vector<NamedMedium>()>& media) const {
  Stage stage;
  stage.name = "features";
  stage.format_version = kFeaturesFormat;
  stage.config.set("sampling", config::to_value(sampling));
  stage.config.set("model", identity_of(model));
  stage.inputs = inputs;
  stage.inputs["weights"] = weights.digest;
  stage.title = title;
  return stages.run(stage, [&](StageWork& work) {
    const std::vector<NamedMedium> list = media();
    VisualFeatures::compute(*model.make()->load(weights.folder), list, sampling, work.output,
                            work.resume);
    const auto failed = VisualFeatures::load(work.output).failures().size();
    work.facts = {{"media", list.size()}, {"failed_media", failed}};
  });
}

StageOutput MediaStage::run(StageCache& stages,
                            const std::function<std::vector<NamedMedium>()>& media) const {
  Stage stage;
  stage.name = "media";
  stage.format_version = kMediaFormat;
  stage.config.set("sampling", config::to_value(sampling));
  stage.inputs = inputs;
  stage.title = title;
  return stages.run(stage, [&](StageWork& work) {
    const std::vector<NamedMedium> list = media();
    std::vector<std::string> reasons(list.size());
    Progress progress("media", static_cast<std::int64_t>(list.size()), "media");
    parallel_for(list.size(), [&](std::size_t i) {
      try {
        decode(list[i].medium, sampling);
      } catch (const DataError& error) {
        reasons[i] = error.what();
      }
      progress.advance();
    });
    json::object failures;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!reasons[i].empty()) failures[list[i].name] = reasons[i];
    }
    write_file(work.output / kFailuresFile, json::serialize(failures) + "\n");
    work.facts = {{"media", list.size()}, {"failed_media", failures.size()}};
  });
}

std::map<std::string, std::string> undecodable_media(const StageOutput& media) {
  std::map<std::string, std::string> result;
  const json::value failures = json::parse(read_file(media.folder / kFailuresFile));
  for (const auto& [name, reason] : failures.as_object()) {
    result.emplace(name, reason.as_string().c_str());
  }
  return result;
}

void check_failed_media(const StageOutput& output, const FeaturesOptions& options,
                        const std::string& of_what,
                        const std::map<std::string, std::string>& failures) {
  constexpr std::size_t kMostWarnings = 20;
  std::size_t warned = 0;
  for (const auto& [name, reason] : failures) {
    if (++warned > kMostWarnings) break;
    spdlog::warn("{}: left out: {}", of_what, reason);
  }
  if (failures.size() > kMostWarnings) {
    spdlog::warn("{}: and {} more", of_what, failures.size() - kMostWarnings);
  }
  const auto media = output.facts.at("media").to_number<double>();
  const auto failed = output.facts.at("failed_media").to_number<double>();
  if (failed <= options.maximum_failed_media_share * media) return;
  throw DataError(fmt::format(
      "{} of {} media of {} cannot be decoded, more than features.maximum_failed_media_share = {} "
      "allows. The first: {}",
      failed, media, of_what, options.maximum_failed_media_share, failures.begin()->second));
}

}  // namespace winnow
