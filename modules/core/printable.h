#pragma once
// Text from elsewhere, made safe to show: what a pool, a checkpoint or a server wrote must not
// retitle, clear or recolour a terminal, nor turn the order of what stands around it.

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

// The text on one line. Control characters (C0 with line breaks and tabs, DEL, C1), line and
// paragraph separators, and marks that change the direction of writing become "\u001b"; bytes that
// are no UTF-8 become "\u00ff". In serialised JSON that changes the spelling, not the value.
std::string printable(std::string_view text);

// The same, but line breaks and tabs stay.
std::string printable_lines(std::string_view text);

// At most `longest` bytes of the text, cut between characters, with "..." behind what was cut.
std::string shortened(std::string_view text, std::size_t longest);

}  // namespace winnow
