#pragma once
// The GDO release's text feature, as a run with PYTHONHASHSEED=0 has it.

#include <array>
#include <cstdint>
#include <string_view>

namespace winnow::gdo_release {

// Tokens ([A-Za-z0-9_]+ of the lower-cased texts) counted by hash in 16 bins, divided by the
// counts' length plus 1e-6; all 0 without a token. The texts are UTF-8.
std::array<float, 16> text_feature(std::string_view question, std::string_view answer);

}  // namespace winnow::gdo_release
