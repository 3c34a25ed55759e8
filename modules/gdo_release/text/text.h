#pragma once
// Facts about a text as the GDO release computes them: Python's white space, Python's `\b` and case
// folding, ASCII tokens. Texts are valid UTF-8.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::gdo_release {

// Runs of Unicode white space become one space; none is left at the ends.
std::string normalize_text(std::string_view text);
// The same with every <image>, <video> and <audio> taken as white space.
std::string strip_media_tokens(std::string_view text);

// Maximal runs of [a-z0-9_] of the lower-cased text.
std::vector<std::string> tokenize(std::string_view text);
std::int64_t count_tokens(std::string_view text);

std::string_view question_form(std::string_view question);      // "MCQ", "Open"
std::string_view temporal_category(std::string_view question);  // "Temporal", "Mixed"
std::string_view question_length_bucket(std::int64_t tokens);
std::string_view answer_length_bucket(std::int64_t tokens);
std::string_view duration_bucket(std::int64_t frames);
// A part of `normalized_source`, or "unknown".
std::string_view source_group(std::string_view normalized_source);

// The release's fluency term. `answer_tokens` is count_tokens(answer).
double quality_score(std::int64_t question_tokens, std::int64_t answer_tokens,
                     std::string_view answer);
double difficulty_score(std::int64_t question_tokens, std::int64_t answer_tokens);

}  // namespace winnow::gdo_release
