#include "gdo_release/support/release_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/support/release_text_maker.h"

namespace winnow::bench {
namespace fs = std::filesystem;
namespace {

constexpr double kImageShare = 0.68;
constexpr double kDirt = 0.005;
constexpr double kWithoutMetrics = 0.05;

constexpr std::string_view kImageSources[] = {"sharegpt4v(coco)",
                                              "sharegpt4v(llava)",
                                              "allava_instruct_vflan4v",
                                              "allava_instruct_laion4v",
                                              "mavis_math_metagen",
                                              "vision_flan(filtered)",
                                              "mavis_math_rule_geo",
                                              "k12_printing",
                                              "sharegpt4o",
                                              "llava_wild_4v_39k_filtered",
                                              "geo170k(qa)",
                                              "llava_wild_4v_12k_filtered",
                                              "geo170k(align)",
                                              "dvqa(cauldron,llava_format)",
                                              "chart2text(cauldron)",
                                              "ai2d(internvl)",
                                              "textocr(gpt4v)",
                                              "magpie_pro(l3_80b_mt)",
                                              "screen2words(cauldron)",
                                              "tqa(cauldron,llava_format)",
                                              "visual7w(cauldron,llava_format)",
                                              "ureader_kg",
                                              "ureader_qa",
                                              "hateful_memes(cauldron,llava_format)",
                                              "iam(cauldron)",
                                              "geometry3k(mathv360k)",
                                              "image_textualization(filtered)",
                                              "ureader_chart",
                                              "infographic_vqa",
                                              "k12_handwriting",
                                              "lrv_chart",
                                              "orand_car_a",
                                              "sroie",
                                              "super_clevr_0_2k",
                                              "tabmwp_cot",
                                              "vizwiz_mathv"};
constexpr std::string_view kVideoSources[] = {
    "0_30_s_youtube_v0_1",   "30_60_s_youtube_v0_1",  "1_2_m_youtube_v0_1", "0_30_s_academic_v0_1",
    "30_60_s_academic_v0_1", "1_2_m_academic_v0_1",   "2_3_m_youtube_v0_1", "0_30_s_nextqa",
    "2_3_m_activitynetqa",   "0_30_s_perceptiontest", "llava_hound_255k",   "30_60_s_activitynetqa",
    "2_3_m_academic_v0_1",   "1_2_m_nextqa",          "30_60_s_nextqa",     "1_2_m_activitynetqa"};

// Zipf's law over the first entries of a list.
template <std::size_t n>
std::string_view by_rank(const std::string_view (&names)[n], RandomStream& random) {
  static const std::vector<double> weights = [] {
    std::vector<double> result;
    for (std::size_t i = 0; i < n; ++i) result.push_back(1.0 / static_cast<double>(i + 1));
    return result;
  }();
  return names[random.weighted(weights)];
}

// A pair that has a plain identifier, as the metrics name it.
struct PairName {
  std::uint32_t row;
  std::uint32_t clip;  // of a video row
  std::uint16_t turn;
  bool video;
};

class Output {
 public:
  explicit Output(const fs::path& path) : stream_(path, std::ios::binary), path_(path) {}
  std::string& line() { return buffer_; }
  void end_line() {
    buffer_ += '\n';
    if (buffer_.size() > std::size_t{1} << 20) flush();
  }
  void close() {
    flush();
    stream_.close();
    if (!stream_) throw IoError(path_.string() + ": cannot be written");
  }

 private:
  void flush() {
    stream_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
  }
  std::ofstream stream_;
  fs::path path_;
  std::string buffer_;
};

class PoolWriter {
 public:
  PoolWriter(const ReleasePoolSpec& spec, std::vector<PairName>& names)
      : spec_(spec), names_(names) {}

  // Returns the number of pairs in the file.
  std::int64_t write(const fs::path& path, bool video) {
    const auto images = static_cast<std::int64_t>(kImageShare * static_cast<double>(spec_.pairs));
    const std::int64_t wanted = video ? spec_.pairs - images : images;
    RandomStream random(spec_.seed, video ? "bench/video" : "bench/onevision");
    ReleaseTextMaker texts(random);
    Output output(path);
    std::string frames;
    std::string_view source;
    std::int64_t pairs = 0, rows_of_video = 0;
    for (std::uint32_t row = 1; pairs < wanted; ++row) {
      if (video && rows_of_video-- == 0) {
        rows_of_video = std::min<std::int64_t>(17, std::llround(1.2 * std::exp(random.normal())));
        source = by_rank(kVideoSources, random);
        frames = frames_of(row, random);
      }
      if (!video) {
        source = by_rank(kImageSources, random);
        frames = fmt::format("\"{}/images/{:012}.jpg\"", source, random.below(1'000'000'000));
      }
      std::string& line = output.line();
      const bool dirty = random.chance(kDirt);
      const std::uint64_t kind = random.below(6);
      const std::int64_t turns = std::min(turns_of(video, random), wanted - pairs);
      const std::size_t start = line.size();
      line += "{";
      if (!dirty || kind > 1) {
        line += fmt::format("\"id\": \"{}{:07}\", ", video ? 'q' : 'i', row);
      } else if (kind == 1) {
        line += fmt::format("\"id\": {}, ", row);
      }
      if (video) line += fmt::format("\"video_id\": \"ytb_{:08x}\", ", clip_);
      line += fmt::format("\"data_source\": \"{}\", \"images\": [", source);
      if (!dirty || kind != 2) line += frames;
      line += "], \"messages\": [";
      if (!dirty || kind != 3) add_turns(turns, video, random, texts, line);
      line += "]}";
      if (dirty && kind == 4) cut(start + (line.size() - start) / 2, line);
      if (dirty && kind == 5) line.resize(start);
      output.end_line();
      if (dirty && kind >= 2) continue;
      pairs += turns;
      for (std::int64_t turn = 0; turn < turns && !dirty; ++turn) {
        names_.push_back({row, clip_, static_cast<std::uint16_t>(turn), video});
      }
    }
    output.close();
    return pairs;
  }

 private:
  std::string frames_of(std::uint32_t row, RandomStream& random) {
    clip_ = row * 2654435761u;
    const double length = 27.0 * std::exp(0.95 * random.normal());
    const std::int64_t count = std::clamp<std::int64_t>(std::llround(length), 1, 129);
    std::string frames;
    for (std::int64_t i = 0; i < count; ++i) {
      frames += fmt::format("{}\"ytb_{:08x}/{:04}.jpg\"", i == 0 ? "" : ", ", clip_, i);
    }
    return frames;
  }

  // Not inside a character: the release stops at a broken one.
  static void cut(std::size_t size, std::string& line) {
    while ((static_cast<unsigned char>(line[size]) & 0xC0) == 0x80) --size;
    line.resize(size);
  }

  static std::int64_t turns_of(bool video, RandomStream& random) {
    static const std::vector<double> image_weights = {65, 14, 9, 6, 1, 3, 0, 1, 1};
    static const std::vector<double> video_weights = {86, 6, 3, 1.5, 2, 1, 0, 0.5, 0};
    return 1 + static_cast<std::int64_t>(random.weighted(video ? video_weights : image_weights));
  }

  static void add_turns(std::int64_t turns, bool video, RandomStream& random,
                        ReleaseTextMaker& texts, std::string& line) {
    const bool sharegpt = random.chance(0.4);
    const std::string_view role = sharegpt ? "from" : "role";
    const std::string_view content = sharegpt ? "value" : "content";
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      line += fmt::format("{}{{\"{}\": \"{}\", \"{}\": \"{}", turn == 0 ? "" : ", ", role,
                          sharegpt ? "human" : "user", content, turn == 0 ? "<image>\\n" : "");
      texts.append_question(video, line);
      line += fmt::format("\"}}, {{\"{}\": \"{}\", \"{}\": \"", role,
                          sharegpt ? "gpt" : "assistant", content);
      texts.append_answer(video, line);
      line += "\"}";
    }
  }

  const ReleasePoolSpec& spec_;
  std::vector<PairName>& names_;
  std::uint32_t clip_ = 0;
};

std::string uid_of(const PairName& name) {
  return fmt::format("{}{:07}::t{}", name.video ? "vv::q" : "ov::i", name.row, name.turn);
}

std::string clip_of(const PairName& name) {
  return name.video ? fmt::format("ytb_{:08x}", name.clip) : "";
}

void add_number(std::string_view key, double value, std::string& out) {
  const bool first = out.empty() || out.back() == '{';
  out += fmt::format("{}\"{}\": ", first ? "" : ", ", key);
  gdo_release::python::append_float(out, value);
}

// The values that the two kinds of metric files share.
struct Measured {
  double loss_video, loss_blind, frame_diversity, amm, need, consistency;
  explicit Measured(bool video, RandomStream& random)
      : loss_video(1.2 * std::exp(0.7 * random.normal())),
        loss_blind(std::max(0.01, loss_video + 0.35 + 0.5 * random.normal())),
        frame_diversity(video ? random.uniform(0.0, 0.6) : 0.0),
        amm(video ? std::exp(0.8 * random.normal()) : 0.0),
        need(random.chance(0.4) ? 1.0 : 0.0),
        consistency(random.chance(0.02) ? -1.0 : random.uniform()) {}
};

void write_metrics(const std::vector<PairName>& names, std::uint64_t seed, const fs::path& path) {
  constexpr std::size_t kRanks = 4;  // the merged table follows the extraction's ranks
  RandomStream random(seed, "bench/metrics");
  Output output(path);
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    for (std::size_t i = rank; i < names.size(); i += kRanks) {
      if (random.chance(kWithoutMetrics)) continue;
      const Measured m(names[i].video, random);
      const double cluster = random.uniform();
      std::string values;
      add_number("loss_video", m.loss_video, values);
      add_number("loss_blind", m.loss_blind, values);
      add_number("frame_diversity", m.frame_diversity, values);
      add_number("vds", m.loss_blind - m.loss_video, values);
      add_number("quality_score", random.uniform(), values);
      add_number("ppl", std::exp(m.loss_video), values);
      add_number("amm", m.amm, values);
      add_number("tnc_score", m.need, values);
      add_number("self_consistency", m.consistency, values);
      add_number("cluster_score", cluster, values);
      add_number("cluster_hardness", 1.0 - cluster, values);
      std::string& line = output.line();
      line += fmt::format("{{\"qa_uid\": \"{}\", \"video_uid\": \"{}\", ", uid_of(names[i]),
                          clip_of(names[i]));
      line += values;
      line += ", \"data_quality_metrics\": {";
      line += values;
      line += fmt::format(", \"cluster_id\": {}", random.below(4096));
      add_number("cluster_dist", random.uniform(0.0, 2.0), line);
      line += "}}";
      output.end_line();
    }
  }
  output.close();
}

// Numbers that were float32 in the extraction.
void add_features(std::string_view key, std::size_t count, bool unit, RandomStream& random,
                  std::string& line) {
  std::vector<double> values(count);
  double squares = 0.0;
  for (double& value : values) {
    value = unit && random.chance(0.3) ? 0.0 : random.uniform(0.05, 0.6);
    squares += value * value;
  }
  const double scale = unit && squares > 0.0 ? 1.0 / std::sqrt(squares) : 1.0;
  line += fmt::format(", \"{}\": [", key);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) line += ", ";
    gdo_release::python::append_float(line,
                                      static_cast<double>(static_cast<float>(values[i] * scale)));
  }
  line += "]";
}

void write_shards(const std::vector<PairName>& names, const ReleasePoolSpec& spec,
                  const fs::path& folder) {
  const auto shards = static_cast<std::size_t>(spec.shards);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    RandomStream random(spec.seed, "bench/shard/" + std::to_string(shard));
    Output output(folder / fmt::format("sixd_metrics_rank{:04}.jsonl", shard));
    for (std::size_t i = shard; i < names.size(); i += shards) {
      if (random.chance(kWithoutMetrics)) continue;
      const bool video = names[i].video;
      const Measured m(video, random);
      std::string& line = output.line();
      line += fmt::format(
          "{{\"qa_uid\": \"{}\", \"video_uid\": \"{}\", \"bucket\": \"{}\", "
          "\"data_quality_metrics\": {{",
          uid_of(names[i]), clip_of(names[i]), video ? "short_video" : "image_qa");
      add_number("loss_video", m.loss_video, line);
      add_number("loss_blind", m.loss_blind, line);
      add_number("vds", m.loss_blind - m.loss_video, line);
      add_number("ppl", std::exp(m.loss_video), line);
      add_number("amm", m.amm, line);
      add_number("frame_diversity", m.frame_diversity, line);
      add_number("tnc_score", m.need, line);
      add_number("self_consistency", m.consistency, line);
      add_features("text_feat", 16, true, random, line);
      add_features("vis_feat", 6, false, random, line);
      line += fmt::format(
          ", \"n_frames\": {}, \"question_len\": {}, \"answer_len\": {}, \"error\": \"\"}}}}",
          video ? 32 : 1, random.below(60), random.below(80));
      output.end_line();
    }
    output.close();
  }
}

}  // namespace

std::uintmax_t ReleasePool::pool_bytes() const {
  return fs::file_size(onevision) + fs::file_size(video);
}

ReleasePool release_pool(const ReleasePoolSpec& spec, const fs::path& folder) {
  if (spec.pairs < 1) throw ConfigError("pairs: must be at least 1");
  if (spec.shards < 0) throw ConfigError("shards: must be at least 0");
  const fs::path home =
      folder / fmt::format("pool-{}-seed{}-shards{}", spec.pairs, spec.seed, spec.shards);
  ReleasePool pool{home / "onevision.jsonl", home / "video.jsonl", home / "metrics.jsonl",
                   home / "shards", spec.pairs};
  if (fs::exists(home)) return pool;
  PendingDirectory pending(home);
  std::vector<PairName> names;
  PoolWriter writer(spec, names);
  writer.write(pending.path() / "onevision.jsonl", false);
  writer.write(pending.path() / "video.jsonl", true);
  write_metrics(names, spec.seed, pending.path() / "metrics.jsonl");
  if (spec.shards > 0) {
    winnow::create_directories(pending.path() / "shards");
    write_shards(names, spec, pending.path() / "shards");
  }
  pending.commit();
  return pool;
}

}  // namespace winnow::bench
