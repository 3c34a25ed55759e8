#pragma once
// The GDO release's text feature, as a run with PYTHONHASHSEED=0 has it.

#include <array>
#include <cstdint>
#include <string_view>

namespace winnow::gdo_release {

// hash(text) of CPython 3.11 for ASCII text when randomisation is off: SipHash-1-3 with a key of
// zeros. Otherwise the key is random in every process, and so are the features of a run.
std::int64_t python_hash(std::string_view text);

// Tokens ([A-Za-z0-9_]+ of the lower-cased texts) counted by hash in 16 bins, divided by the
// counts' length plus 1e-6; all 0 without a token. The texts are UTF-8.
std::array<float, 16> text_feature(std::string_view question, std::string_view answer);

}  // namespace winnow::gdo_release
