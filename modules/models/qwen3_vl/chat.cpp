#include "models/qwen3_vl/chat.h"

#include <fmt/format.h>

#include "core/errors.h"

namespace winnow::qwen3_vl {
namespace {

const char* role_name(Turn::Role role) {
  switch (role) {
    case Turn::Role::system:
      return "system";
    case Turn::Role::user:
      return "user";
    case Turn::Role::assistant:
      return "assistant";
  }
  throw std::logic_error("a turn without a role");
}

class Writer {
 public:
  Writer(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
         const std::vector<ChatMedium>& media)
      : config_(config),
        tokenizer_(tokenizer),
        sample_(sample),
        media_(media),
        start_(tokenizer.added("<|im_start|>")) {}

  void header(Turn::Role role) {
    control(start_, false);
    text(role_name(role), false);
    text("\n", false);
  }

  void body(const Turn& turn) {
    const bool trained = turn.role == Turn::Role::assistant;
    std::string_view rest = turn.text;
    constexpr std::string_view placeholder = kMediaPlaceholder;
    while (true) {
      const std::size_t at = trained ? std::string_view::npos : rest.find(placeholder);
      text(rest.substr(0, at), trained);
      if (at == std::string_view::npos) break;
      rest.remove_prefix(at + placeholder.size());
      if (media_.empty()) {
        // The line break that set the medium off goes with it.
        if (rest.starts_with('\n')) rest.remove_prefix(1);
      } else {
        medium();
      }
    }
    control(tokenizer_.end_of_turn(), trained);
    text("\n", trained);
  }

  Chat finish(bool whole) {
    flush();
    if (whole && next_ != media_.size()) mismatch();
    return std::move(chat_);
  }

 private:
  [[noreturn]] void mismatch() const {
    throw DataError(
        fmt::format("sample '{}': its text has places for another number of media than "
                    "the {} given",
                    sample_.id, media_.size()));
  }

  void append(std::int64_t token, bool trained) {
    chat_.tokens.push_back(token);
    chat_.labels.push_back(trained ? token : -100);
  }

  void flush() {
    for (const std::int64_t token : tokenizer_.encode(pending_)) append(token, trained_);
    pending_.clear();
  }

  void text(std::string_view more, bool trained) {
    if (trained != trained_) flush();
    trained_ = trained;
    pending_ += more;
  }

  void control(std::int64_t token, bool trained) {
    flush();
    append(token, trained);
  }

  void block(const Grid& grid, std::int64_t placeholder) {
    control(config_.vision_start_token, false);
    const std::int64_t count = grid.rows * grid.columns / config_.vision.patches_per_token();
    for (std::int64_t i = 0; i < count; ++i) append(placeholder, false);
    append(config_.vision_end_token, false);
  }

  void medium() {
    if (next_ == media_.size()) mismatch();
    const ChatMedium& medium = media_[next_++];
    if (!medium.is_video) {
      block(medium.grid, config_.image_token);
      return;
    }
    if (static_cast<std::int64_t>(medium.timestamps.size()) != medium.grid.frames) {
      throw DataError(fmt::format("sample '{}': {} timestamps of a video of {} frame pairs",
                                  sample_.id, medium.timestamps.size(), medium.grid.frames));
    }
    for (const std::string& timestamp : medium.timestamps) {
      text(timestamp, false);
      block(medium.grid, config_.video_token);
    }
  }

  const Config& config_;
  const BytePairTokenizer& tokenizer_;
  const Sample& sample_;
  const std::vector<ChatMedium>& media_;
  std::int64_t start_;
  std::size_t next_ = 0;
  std::string pending_;  // text that is not yet tokenized
  bool trained_ = false;
  Chat chat_;
};

}  // namespace

Chat chat_tokens(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
                 const std::vector<ChatMedium>& media) {
  Writer writer(config, tokenizer, sample, media);
  for (const Turn& turn : sample.turns) {
    writer.header(turn.role);
    writer.body(turn);
  }
  return writer.finish(true);
}

std::vector<std::int64_t> prompt_tokens(const Config& config, const BytePairTokenizer& tokenizer,
                                        const Sample& sample,
                                        const std::vector<ChatMedium>& media) {
  Writer writer(config, tokenizer, sample, media);
  for (std::size_t i = 0; i + 1 < sample.turns.size(); ++i) {
    writer.header(sample.turns[i].role);
    writer.body(sample.turns[i]);
  }
  writer.header(Turn::Role::assistant);
  return writer.finish(true).tokens;
}

}  // namespace winnow::qwen3_vl
