#include "core/text_template.h"

#include <algorithm>
#include <utility>

#include "core/errors.h"

namespace winnow {

TextTemplate::TextTemplate(const std::string& text, const std::vector<std::string>& places,
                           const std::string& name) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      plain += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      plain += c;
      ++i;
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (c == '}' || end == std::string::npos) {
      throw ConfigError(name + " has a single '" + std::string(1, c) +
                        "'; write it twice to mean the sign itself");
    }
    const std::string place = text.substr(i + 1, end - i - 1);
    if (std::find(places.begin(), places.end(), place) == places.end()) {
      throw ConfigError(name + " has no place '{" + place + "}'." + suggestion(place, places));
    }
    if (!plain.empty()) pieces_.push_back({false, std::exchange(plain, "")});
    pieces_.push_back({true, place});
    i = end;
  }
  if (!plain.empty()) pieces_.push_back({false, plain});
}

std::size_t TextTemplate::count(const std::string& place) const {
  return static_cast<std::size_t>(
      std::count_if(pieces_.begin(), pieces_.end(),
                    [&](const Piece& piece) { return piece.is_place && piece.text == place; }));
}

std::string TextTemplate::fill(const std::map<std::string, std::string>& values) const {
  std::string result;
  for (const Piece& piece : pieces_) result += piece.is_place ? values.at(piece.text) : piece.text;
  return result;
}

}  // namespace winnow
