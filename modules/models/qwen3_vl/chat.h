#pragma once
// A conversation in Qwen3-VL's layout, as tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "models/byte_pair_tokenizer.h"
#include "models/chat_ml.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/vision_tower.h"
#include "pool/sample.h"

namespace winnow::qwen3_vl {

// What of a medium shows in the text.
struct ChatMedium {
  Grid grid;                            // in patches
  bool is_video = false;                // else an image
  std::vector<std::string> timestamps;  // of a video, one per frame pair (timestamp_texts)
};

// See winnow::chat_tokens. An image stands as <|vision_start|>, one placeholder per visual token,
// <|vision_end|>; a video as that for each frame pair, its timestamp in front. `media`: in order of
// appearance; none makes a blind input. Throws DataError naming the sample when their number or the
// number of timestamps does not fit.
Chat chat_tokens(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
                 const std::vector<ChatMedium>& media);

// The conversation up to the assistant's last turn, whose header it ends with: a prompt.
std::vector<std::int64_t> prompt_tokens(const Config& config, const BytePairTokenizer& tokenizer,
                                        const Sample& sample, const std::vector<ChatMedium>& media);

}  // namespace winnow::qwen3_vl
