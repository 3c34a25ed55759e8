#include "models/chat_ml.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/errors.h"

namespace winnow {
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

class Writer : public ChatSink {
 public:
  Writer(const BytePairTokenizer& tokenizer, const Sample& sample, std::size_t media,
         const WriteMedium& write_medium)
      : tokenizer_(tokenizer),
        sample_(sample),
        media_(media),
        write_medium_(write_medium),
        start_(tokenizer.added("<|im_start|>")) {}

  void header(Turn::Role role) {
    put(start_, false);
    text(role_name(role));
    text("\n");
  }

  void body(const Turn& turn) {
    const bool trained = turn.is_trained();
    if (turn.role == Turn::Role::assistant) flush();  // equal tokens, trained or not
    const std::vector<std::string> pieces = pieces_around_media(turn);
    put_text(pieces.front(), trained);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      std::string_view piece = pieces[i];
      if (media_ == 0) {
        // The line break that set the medium off goes with it.
        if (piece.starts_with('\n')) piece.remove_prefix(1);
      } else {
        if (next_ == media_) mismatch();
        write_medium_(next_++, *this);
      }
      put_text(piece, trained);
    }
    put(tokenizer_.end_of_turn(), trained);
    put_text("\n", trained);
  }

  void text(std::string_view text) override { put_text(text, false); }
  void control(std::int64_t token, std::int64_t count) override {
    for (std::int64_t i = 0; i < count; ++i) put(token, false);
  }

  Chat finish() {
    flush();
    if (next_ != media_) mismatch();
    return std::move(chat_);
  }

 private:
  [[noreturn]] void mismatch() const {
    throw DataError(
        fmt::format("sample '{}': its text has places for another number of media than "
                    "the {} given",
                    sample_.id, media_));
  }

  void append(std::int64_t token, bool trained) {
    chat_.tokens.push_back(token);
    chat_.labels.push_back(trained ? token : -100);
  }

  void flush() {
    for (const std::int64_t token : tokenizer_.encode(pending_)) append(token, trained_);
    pending_.clear();
  }

  void put_text(std::string_view more, bool trained) {
    if (trained != trained_) flush();
    trained_ = trained;
    pending_ += more;
  }

  void put(std::int64_t token, bool trained) {
    flush();
    append(token, trained);
  }

  const BytePairTokenizer& tokenizer_;
  const Sample& sample_;
  std::size_t media_;
  const WriteMedium& write_medium_;
  std::int64_t start_;
  std::size_t next_ = 0;
  std::string pending_;  // text that is not yet tokenized
  bool trained_ = false;
  Chat chat_;
};

}  // namespace

Chat chat_tokens(const BytePairTokenizer& tokenizer, const Sample& sample, std::size_t media,
                 const WriteMedium& write_medium) {
  Writer writer(tokenizer, sample, media, write_medium);
  for (const Turn& turn : sample.turns) {
    writer.header(turn.role);
    writer.body(turn);
  }
  return writer.finish();
}

std::vector<std::int64_t> prompt_tokens(const BytePairTokenizer& tokenizer, const Sample& sample,
                                        std::size_t media, const WriteMedium& write_medium) {
  Writer writer(tokenizer, sample, media, write_medium);
  for (std::size_t i = 0; i + 1 < sample.turns.size(); ++i) {
    writer.header(sample.turns[i].role);
    writer.body(sample.turns[i]);
  }
  writer.header(Turn::Role::assistant);
  return writer.finish().tokens;
}

}  // namespace winnow
