#include "gdo_release/support/release_text_maker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace winnow::bench {
namespace {

constexpr std::string_view kWords[] = {
    "the",      "a",         "of",         "and",        "in",        "is",         "to",
    "on",       "man",       "with",       "woman",      "person",    "what",       "this",
    "at",       "it",        "image",      "are",        "video",     "for",        "from",
    "his",      "their",     "that",       "two",        "white",     "black",      "red",
    "table",    "left",      "right",      "walks",      "holds",     "hand",       "street",
    "then",     "small",     "large",      "wearing",    "shirt",     "shows",      "while",
    "camera",   "behind",    "front",      "child",      "dog",       "car",        "before",
    "after",    "first",     "next",       "kitchen",    "knife",     "cup",        "bottle",
    "water",    "ball",      "plays",      "opens",      "closes",    "door",       "window",
    "building", "tree",      "grass",      "sky",        "blue",      "green",      "chart",
    "value",    "number",    "line",       "axis",       "total",     "percent",    "year",
    "angle",    "triangle",  "equation",   "text",       "sign",      "word",       "page",
    "title",    "letter",    "screen",     "button",     "near",      "under",      "over",
    "between",  "across",    "during",     "later",      "finally",   "sequence",   "earlier",
    "happen",   "moves",     "turns",      "jumps",      "runs",      "sits",       "stands",
    "looks",    "smiles",    "talks",      "picks",      "puts",      "throws",     "catches",
    "pours",    "cuts",      "mixes",      "washes",     "cleans",    "repairs",    "draws",
    "paints",   "several",   "many",       "few",        "some",      "each",       "other",
    "same",     "different", "bicycle",    "train",      "boat",      "horse",      "bird",
    "cat",      "sheep",     "cow",        "guitar",     "piano",     "phone",      "laptop",
    "book",     "chair",     "bed",        "lamp",       "stage",     "singer",     "dancer",
    "crowd",    "player",    "team",       "field",      "court",     "background", "foreground",
    "visible",  "appears",   "suggests",   "indicates",  "describes", "including",  "possibly",
    "likely",   "overall",   "atmosphere", "surrounded", "various"};

constexpr std::string_view kRequests[] = {
    "Please provide a detailed description of the image.",
    "What is happening in the video?",
    "Describe the scene.",
    "Answer the question using a single word or phrase.",
    "Provide a one-sentence caption for the provided image.",
    "Which of the following choices is right?",
    "\\u8bf7\\u63cf\\u8ff0\\u8fd9\\u5f20\\u56fe\\u7247\\u3002",
    "请详细描述视频里发生了什么。"};

constexpr std::string_view kShortAnswers[] = {
    "Yes", "No", "A", "B", "C", "D", "2", "3", "Yes.", "No.", "Red", "left", "B. No", "是的。"};

constexpr std::string_view kForeign[] = {"一个男人在街上走路，", "他打开了门，然后坐下。",
                                         "图中有两只猫。",       "los niños juegan en el parque ",
                                         "déjà vu — ",           "😀 "};

template <std::size_t n>
std::string_view any(const std::string_view (&texts)[n], RandomStream& random) {
  return texts[random.below(n)];
}

}  // namespace

std::int64_t ReleaseTextMaker::length(double median, double spread, std::int64_t most) {
  const double words = median * std::exp(spread * random_.normal());
  return std::clamp<std::int64_t>(std::llround(words), 1, most);
}

void ReleaseTextMaker::append_words(std::int64_t count, std::string& out) {
  constexpr auto kCount = static_cast<double>(std::size(kWords));
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) out += random_.chance(0.06) ? ", " : " ";
    const double place = std::pow(random_.uniform(), 1.8);  // the first words are the common ones
    const std::string_view word = kWords[static_cast<std::size_t>(place * kCount)];
    const std::size_t start = out.size();
    out += word;
    if (i == 0 || random_.chance(0.02)) out[start] = static_cast<char>(out[start] & ~0x20);
    if (random_.chance(0.01)) out += std::to_string(random_.below(100));
  }
}

void ReleaseTextMaker::append_question(bool video, std::string& out) {
  if (random_.chance(0.08)) {
    out += any(kRequests, random_);
    return;
  }
  append_words(length(video ? 18.0 : 15.0, 0.75, 130), out);
  out += random_.chance(0.7) ? "?" : "";
  if (random_.chance(0.03)) out += any(kForeign, random_);
  if (!random_.chance(video ? 0.3 : 0.15)) return;
  const int options = static_cast<int>(random_.integer(3, 5));
  for (int i = 0; i < options; ++i) {
    out += "\\n";
    out += static_cast<char>('A' + i);
    out += ". ";
    append_words(random_.integer(1, 6), out);
  }
}

void ReleaseTextMaker::append_answer(bool video, std::string& out) {
  if (random_.chance(video ? 0.12 : 0.3)) {
    out += any(kShortAnswers, random_);
    return;
  }
  const std::int64_t sentences = length(video ? 3.2 : 4.2, 0.7, 30);
  for (std::int64_t i = 0; i < sentences; ++i) {
    if (i > 0) out += random_.chance(0.15) ? "\\n\\n" : " ";
    if (random_.chance(0.03)) out += any(kForeign, random_);
    if (random_.chance(0.01)) out += "\\\"quoted\\\" ";
    append_words(length(15.0, 0.5, 60), out);
    out += ".";
  }
}

}  // namespace winnow::bench
