#pragma once
// The rows that the GDO release's extraction writes: what shard_rows.h reads.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace winnow::gdo_release {

// A question-answer pair and what was measured of it.
struct ExtractedPair {
  std::string uid, video_uid;  // the latter empty for images
  bool video = false;
  // Mean over the answer's tokens, in nats, with and without the media.
  std::optional<double> loss_video, loss_blind;
  std::optional<double> self_consistency;
  double amm = 0.0, frame_diversity = 0.0, tnc_score = 0.0;
  std::array<float, 16> text_feat{};
  std::array<double, 6> vis_feat{};
  std::int64_t frames = 1, question_tokens = 0, answer_tokens = 0;
  // Why a value that a model gives is not there. One such failure takes the others with it, as in
  // the release: losses, VDS and perplexity become null, self_consistency -1.
  std::string error = {};
};

// A line without its end. VDS is loss_blind - loss_video, perplexity the exponential of the latter
// kept within 30 of 0. Without an error both losses must be there (std::logic_error).
std::string shard_row(const ExtractedPair& pair);

}  // namespace winnow::gdo_release
