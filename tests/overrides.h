#pragma once
// Overrides of a test's config.

#include <algorithm>
#include <string>
#include <vector>

namespace winnow::testing_support {

// `base` with `more` on top: of two for one key the later one stays, as a user writes only one.
inline std::vector<std::string> with_overrides(std::vector<std::string> base,
                                               const std::vector<std::string>& more) {
  const auto key_of = [](const std::string& text) {
    const std::string key = text.substr(0, text.find('='));
    return key.substr(std::min(key.size(), key.find_first_not_of("+~")));
  };
  for (const std::string& text : more) {
    std::erase_if(base, [&](const std::string& other) { return key_of(other) == key_of(text); });
    base.push_back(text);
  }
  return base;
}

}  // namespace winnow::testing_support
