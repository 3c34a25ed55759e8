#pragma once
// A conversation in InternVL3's layout, as tokens.

#include <cstdint>
#include <vector>

#include "models/byte_pair_tokenizer.h"
#include "models/chat_ml.h"
#include "models/internvl/config.h"
#include "pool/sample.h"

namespace winnow::internvl {

// What of a medium shows in the text.
struct ChatMedium {
  std::int64_t tiles = 0;  // of an image, the thumbnail among them; of a video, its frames
  bool is_video = false;   // else an image
};

// See winnow::chat_tokens. An image stands as <img>, one placeholder per visual token, </img>; a
// video as "Frame1: " and that for its first frame, and so on, a line for each frame. `media`: in
// order of appearance; none makes a blind input. Throws DataError naming the sample when their
// number does not fit.
Chat chat_tokens(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
                 const std::vector<ChatMedium>& media);

// The conversation up to the assistant's last turn, whose header it ends with: a prompt.
std::vector<std::int64_t> prompt_tokens(const Config& config, const BytePairTokenizer& tokenizer,
                                        const Sample& sample, const std::vector<ChatMedium>& media);

}  // namespace winnow::internvl
