#pragma once

#include <cstdint>
#include <string_view>

namespace winnow::gdo_release::python {

// hash(text) of CPython 3.11 for ASCII text in a run with PYTHONHASHSEED=0: SipHash-1-3 with a key
// of zeros. Otherwise the key is random in every process.
std::int64_t hash(std::string_view text);

}  // namespace winnow::gdo_release::python
