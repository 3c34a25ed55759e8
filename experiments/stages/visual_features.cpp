#include "experiments/stages/visual_features.h"

#include <boost/json.hpp>
#include <fstream>

#include "core/errors.h"
#include "core/files.h"
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

}  // namespace winnow
