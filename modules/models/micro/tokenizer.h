#pragma once
// The micro model's tokenizer: frequent words are tokens, everything else is spelled in bytes. It
// is trained on text, encodes any byte string without loss, and never produces a control token.

#include <string>
#include <unordered_map>
#include <vector>

#include "models/tokenizer.h"

namespace winnow::micro {

class WordTokenizer : public Tokenizer {
 public:
  // Ids below this are control tokens: padding, roles, end of turn and the visual slots.
  static constexpr std::int64_t kPadding = 0, kUser = 1, kAssistant = 2, kSystem = 3,
                                kEndOfTurn = 4, kImageSlot = 5, kFirstFrameSlot = 6;

  // `frame_slots` is the number of visual time positions a clip may use.
  WordTokenizer(std::int64_t frame_slots, std::vector<std::string> words);

  // The `maximum_words` most frequent pieces of the texts that occur at least twice (ties in byte
  // order). A piece is an optional space and a run of letters or digits, or a single other byte.
  static std::vector<std::string> train(const std::vector<std::string>& texts,
                                        std::size_t maximum_words);

  std::vector<std::int64_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int64_t>& tokens) const override;
  std::int64_t size() const override;
  std::int64_t end_of_turn() const override { return kEndOfTurn; }

  std::int64_t frame_slots() const { return frame_slots_; }
  const std::vector<std::string>& words() const { return words_; }
  bool is_visual_slot(std::int64_t token) const {
    return token >= kImageSlot && token < kFirstFrameSlot + frame_slots_;
  }

 private:
  std::int64_t first_byte() const { return kFirstFrameSlot + frame_slots_; }
  std::int64_t first_word() const { return first_byte() + 256; }

  std::int64_t frame_slots_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int64_t> ids_;
};

}  // namespace winnow::micro
