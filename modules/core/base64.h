#pragma once
// Base64 (RFC 4648) with padding: pictures inside JSON.

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

std::string base64(std::string_view bytes);

// The inverse, also of the alphabet for addresses (- and _), without padding, and with white space
// anywhere. Nothing for a text that is no base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace winnow
