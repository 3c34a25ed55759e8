#include "gdo_release/merge/text_feature.h"

#include <cmath>

#include "gdo_release/python/hash.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {

std::array<float, 16> text_feature(std::string_view question, std::string_view answer) {
  std::array<float, 16> feature{};
  float squares = 0.0F;
  for (const std::string_view text : {question, answer}) {
    for (const std::string& token : tokenize(text)) {
      ++feature[static_cast<std::uint64_t>(python::hash(token)) % feature.size()];
    }
  }
  for (const float value : feature) squares += value * value;
  const auto length = static_cast<float>(static_cast<double>(std::sqrt(squares)) + 1e-6);
  for (float& value : feature) value /= length;
  return feature;
}

}  // namespace winnow::gdo_release
