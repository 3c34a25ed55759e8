// What the model-free descriptors of a video cost, and how far the two flows agree:
// describe [--pool FILE]. The release's figure is recorded: 86 ms CPU for a video of 12 JPEG frames
// of 320 x 240 pixels, 8 of them used for flow.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "config/bind.h"
#include "core/errors.h"
#include "core/random.h"
#include "descriptors/descriptor.h"
#include "gdo_release/merge/frame_metrics.h"
#include "pool/pool.h"
#include "report/ranks.h"
#include "support/cpu_time.h"

namespace {

using namespace winnow;
namespace fs = std::filesystem;

constexpr double kReleaseMilliseconds = 86.0;

// A camera pan over a texture with two discs that move by themselves; every video has its speeds.
std::vector<std::string> write_video(const fs::path& folder, int number) {
  constexpr int kFrames = 12, kWidth = 320, kHeight = 240, kMargin = 200;
  RandomStream random(7, "bench/video/" + std::to_string(number));
  cv::RNG noise_source(random.next());
  cv::Mat noise(kHeight + 2 * kMargin, kWidth + 2 * kMargin, CV_8UC3), texture;
  noise_source.fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, texture, {0, 0}, random.uniform(2.0, 8.0));
  cv::normalize(texture, texture, 0, 255, cv::NORM_MINMAX);
  const double speed = 12.0 * std::pow(random.uniform(), 2.0);
  const double angle = random.uniform(0.0, 6.28);
  const double disc_speed = random.uniform(0.0, 15.0);
  std::vector<std::string> paths;
  for (int i = 0; i < kFrames; ++i) {
    const int x = static_cast<int>(std::lround(kMargin + speed * i * std::cos(angle)));
    const int y = static_cast<int>(std::lround(kMargin + speed * i * std::sin(angle)));
    cv::Mat frame = texture(cv::Rect(std::clamp(x, 0, 2 * kMargin), std::clamp(y, 0, 2 * kMargin),
                                     kWidth, kHeight))
                        .clone();
    const int shift = static_cast<int>(std::lround(disc_speed * i));
    cv::circle(frame, {40 + shift, 80}, 22, cv::Scalar(30, 60, 220), cv::FILLED, cv::LINE_AA);
    cv::circle(frame, {280 - shift, 170}, 30, cv::Scalar(220, 200, 40), cv::FILLED, cv::LINE_AA);
    paths.push_back((folder / fmt::format("{:03}_{:02}.jpg", number, i)).string());
    cv::imwrite(paths.back(), frame);
  }
  return paths;
}

using Videos = std::vector<std::vector<std::string>>;

// Milliseconds of CPU a video, the best of a few rounds over all of them.
std::vector<double> measure(const std::string& what, const Videos& videos,
                            const std::function<double(const std::vector<std::string>&)>& flow) {
  std::vector<double> values(videos.size());
  double best = 1e300;
  for (int round = 0; round < 3; ++round) {
    const double start = bench::cpu_seconds();
    for (std::size_t i = 0; i < videos.size(); ++i) values[i] = flow(videos[i]);
    best = std::min(best, bench::cpu_seconds() - start);
  }
  const double milliseconds = 1e3 * best / static_cast<double>(videos.size());
  fmt::print("{:<52} {:7.2f} ms CPU a video {:6.1f} x the release\n", what, milliseconds,
             kReleaseMilliseconds / milliseconds);
  return values;
}

std::unique_ptr<Descriptor> descriptor_with(
    const std::vector<std::pair<std::string, config::Value>>& options) {
  config::Value table;
  for (const auto& [key, value] : options) table.set(key, value);
  table.set("type", config::Value(std::string("optical_flow"), config::Origin{"bench", 0}));
  return descriptors().create(table, "flow");
}

// Decoding and the flow descriptor, as a descriptor pass has them.
double described(const Descriptor& descriptor, const std::vector<std::string>& video) {
  Sample sample;
  sample.media.emplace_back();
  sample.media.back().kind = Media::Kind::frames;
  for (const std::string& path : video) sample.media.back().paths.emplace_back(path);
  sample.turns = {{Turn::Role::user, "?"}, {Turn::Role::assistant, "!"}};
  Observation observation{sample};
  observation.frames = {std::make_shared<const Frames>(decode(sample.media.back(), {}))};
  return descriptor.measure(observation).front().value;
}

void measure_cost(const fs::path& folder, int count) {
  Videos videos;
  for (int i = 0; i < count; ++i) videos.push_back(write_video(folder, i));
  const config::Origin here{"bench", 0};
  const gdo_release::FrameMeter farneback(8), dis(8, FlowMethod::dis);
  const auto release = measure("as the release: flow, diversity, vision feature", videos,
                               [&](const auto& video) { return farneback.measure(video).amm; });
  const auto fast = measure("the same with flow=dis", videos,
                            [&](const auto& video) { return dis.measure(video).amm; });
  fmt::print("  rank correlation of the two flows: {:.4f} over {} videos\n",
             rank_correlation(release, fast), videos.size());
  const auto mended = descriptor_with({});
  const auto mended_dis = descriptor_with({{"flow", {std::string("dis"), here}}});
  const auto own = measure("decode and descriptor optical_flow", videos,
                           [&](const auto& video) { return described(*mended, video); });
  const auto own_fast = measure("the same with flow=dis", videos,
                                [&](const auto& video) { return described(*mended_dis, video); });
  fmt::print(
      "  rank correlation of the two flows: {:.4f}, of the descriptor and the release: "
      "{:.4f}\n",
      rank_correlation(own, own_fast), rank_correlation(own, release));
}

// The two flows on the videos of a real pool.
void compare_on(const std::string& file) {
  PoolOptions options;
  options.files = {file};
  options.maximum_bad_share = 1.0;
  options.check_media = false;
  const Pool pool = Pool::read(options);
  const config::Origin here{"bench", 0};
  const auto farneback = descriptor_with({});
  const auto dis = descriptor_with({{"flow", {std::string("dis"), here}}});
  std::vector<double> first, second;
  std::vector<std::string> seen;
  constexpr std::size_t kMost = 400;
  for (const Sample& sample : all_samples(pool)) {
    if (sample.modality() != Modality::video || first.size() == kMost) continue;
    const std::string path = sample.media.front().paths.front().string();
    if (std::find(seen.begin(), seen.end(), path) != seen.end()) continue;
    seen.push_back(path);
    Observation observation{sample};
    for (const Media& medium : sample.media) {
      observation.frames.push_back(std::make_shared<const Frames>(decode(medium, {})));
    }
    first.push_back(farneback->measure(observation).front().value);
    second.push_back(dis->measure(observation).front().value);
  }
  if (first.size() < 3) throw DataError(file + ": holds fewer than three videos");
  fmt::print("{}: rank correlation of the two flows {:.4f} over {} videos\n", file,
             rank_correlation(first, second), first.size());
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("What the model-free descriptors of a video cost");
  std::string folder = (fs::temp_directory_path() / "winnow_bench" / "videos").string(), pool;
  int videos = 60;
  app.add_option("folder", folder, "Where the made-up videos go")->capture_default_str();
  app.add_option("--videos", videos)->capture_default_str();
  app.add_option("--pool", pool, "Compare the flows on the videos of this pool as well");
  CLI11_PARSE(app, count, words);
  try {
    fs::create_directories(folder);
    measure_cost(folder, videos);
    if (!pool.empty()) compare_on(pool);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
