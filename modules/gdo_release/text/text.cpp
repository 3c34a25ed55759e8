#include "gdo_release/text/text.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "gdo_release/text/text_scan.h"

namespace winnow::gdo_release {
namespace {

std::string normalized(std::string_view text, bool media) {
  std::string result(text.size() + python::ByteBlock::size, '\0');
  const char* const end = text.data() + text.size();
  const Normalized written =
      write_normalized<TextForm::plain>(text.data(), end, media, result.data());
  result.resize(static_cast<std::size_t>(written.end - result.data()));
  return result;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// A set of tokens that ignores case, for one text at a time. It is kept between texts.
class TokenSet {
 public:
  void start(std::string_view text, std::size_t tokens) {
    end_ = text.data() + text.size();
    const std::size_t wanted = std::bit_ceil(2 * tokens + 2);
    if (slots_.size() < wanted) slots_.assign(wanted, Slot{});
    shift_ = 64 - std::countr_zero(slots_.size());
    if (++text_ == 0) {  // the counter has come round
      slots_.assign(slots_.size(), Slot{});
      text_ = 1;
    }
  }
  // True when the token was not there yet.
  bool add(std::string_view token) {
    const std::uint64_t letters = first_letters(token, end_);
    const std::size_t hash = (letters ^ token.size() << 59) * 0x9E3779B97F4A7C15u >> shift_;
    for (std::size_t i = hash;; i = (i + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[i];
      if (slot.text != text_) return slot = {letters, token, text_}, true;
      if (slot.letters == letters && equal(slot.token, token)) return false;
    }
  }

 private:
  struct Slot {
    std::uint64_t letters = 0;
    std::string_view token;
    std::uint32_t text = 0;
  };
  // Of tokens whose first eight letters are the same.
  static bool equal(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 8; i < a.size(); ++i) {
      if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
  }
  std::vector<Slot> slots_;
  const char* end_ = nullptr;
  int shift_ = 0;
  std::uint32_t text_ = 0;
};

// At least so many of the text's tokens are distinct: those that fall on different bits. Counts up
// to `enough`.
std::int64_t surely_distinct_tokens(std::string_view text, std::int64_t enough) {
  std::array<std::uint64_t, 16> bits{};
  const char* const end = text.data() + text.size();
  std::int64_t distinct = 0;
  each_token(text, [&](std::string_view token) {
    const std::uint64_t letters = first_letters(token, end) ^ token.size() << 59;
    const std::uint64_t hash = letters * 0x9E3779B97F4A7C15u >> 54;
    std::uint64_t& word = bits[hash / 64];
    const std::uint64_t bit = std::uint64_t{1} << hash % 64;
    distinct += (word & bit) == 0;
    word |= bit;
    return distinct < enough;
  });
  return distinct;
}

// How many different ones are among the text's `tokens` tokens, or some number of more than 0.55 of
// them, which is as good for a score.
std::int64_t distinct_tokens(std::string_view text, std::int64_t tokens) {
  const auto enough = static_cast<std::int64_t>(std::ceil(0.56 * static_cast<double>(tokens)));
  if (surely_distinct_tokens(text, enough) >= enough) return enough;
  static thread_local TokenSet seen;
  seen.start(text, static_cast<std::size_t>(tokens));
  std::int64_t distinct = 0;
  each_token(text, [&](std::string_view token) {
    distinct += seen.add(token);
    return distinct < enough;
  });
  return distinct;
}

}  // namespace

std::string normalize_text(std::string_view text) { return normalized(text, false); }
std::string strip_media_tokens(std::string_view text) { return normalized(text, true); }

std::vector<std::string> tokenize(std::string_view text) {
  std::vector<std::string> tokens;
  each_token(with_ascii_tokens(text), [&](std::string_view token) {
    std::string& lowered = tokens.emplace_back(token);
    for (char& c : lowered) c = lower(c);
    return true;
  });
  return tokens;
}

std::int64_t count_tokens(std::string_view text) { return measure(text, false).tokens; }

std::string_view question_form(std::string_view question) {
  // The release also looks for options on lines of their own, which normalised text has not.
  for (std::size_t i = question.find('\n'); i != std::string_view::npos;
       i = question.find('\n', i + 1)) {
    const std::string_view option = question.substr(i + 1, 2);
    if (option == "A." || option == "A)" || option == "a." || option == "a)") return "MCQ";
  }
  return measure(question, true).choice ? "MCQ" : "Open";
}

std::string_view temporal_category(std::string_view question) {
  return measure(question, true).temporal ? "Temporal" : "Mixed";
}

std::string_view question_length_bucket(std::int64_t tokens) {
  if (tokens <= 6) return "q_tiny";
  if (tokens <= 14) return "q_short";
  if (tokens <= 30) return "q_medium";
  if (tokens <= 60) return "q_long";
  return "q_very_long";
}

std::string_view answer_length_bucket(std::int64_t tokens) {
  if (tokens <= 2) return "a_tiny";
  if (tokens <= 8) return "a_short";
  if (tokens <= 24) return "a_medium";
  if (tokens <= 64) return "a_long";
  return "a_very_long";
}

std::string_view duration_bucket(std::int64_t frames) {
  if (frames <= 1) return "image";
  if (frames <= 8) return "very_short";
  if (frames <= 24) return "short";
  if (frames <= 64) return "medium";
  if (frames <= 160) return "long";
  return "very_long";
}

std::string_view source_group(std::string_view normalized_source) {
  const std::size_t bracket = normalized_source.find('(');
  std::string_view group = normalized_source.substr(0, bracket);
  if (bracket == std::string_view::npos) {
    std::size_t at = std::string_view::npos;  // the fourth underscore
    for (int i = 0; i < 4; ++i) {
      at = group.find('_', i == 0 ? 0 : at + 1);
      if (at == std::string_view::npos) break;
    }
    group = group.substr(0, at);
  } else if (group.ends_with(' ')) {
    group.remove_suffix(1);
  }
  return group.empty() ? "unknown" : group;
}

double quality_score(std::int64_t question_tokens, std::int64_t answer_tokens,
                     std::string_view answer) {
  const double questions = static_cast<double>(std::max<std::int64_t>(1, question_tokens));
  const double answers = static_cast<double>(std::max<std::int64_t>(1, answer_tokens));
  const double question_term = -std::abs(std::log(questions) - std::log(14.0));
  const double answer_term = -std::abs(std::log(answers) - std::log(16.0));
  std::string spelled;
  if (needs_ascii_tokens(answer)) answer = spelled = with_ascii_tokens(answer);
  const double distinct = static_cast<double>(distinct_tokens(answer, answer_tokens));
  const double repetition = std::max(0.0, 0.55 - distinct / answers);
  return question_term + 1.25 * answer_term - 1.2 * repetition;
}

double difficulty_score(std::int64_t question_tokens, std::int64_t answer_tokens) {
  const double size =
      static_cast<double>(question_tokens) + 0.5 * static_cast<double>(answer_tokens);
  const double z = std::abs(std::log(std::max(1.0, size)) - std::log(22.0));
  return std::exp(-z * z / (2.0 * 0.85 * 0.85));
}

}  // namespace winnow::gdo_release
