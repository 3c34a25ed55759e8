#pragma once

#include <string>

#include "worlds/micro_world.h"

namespace winnow::micro_world {

// One line of labels.jsonl, line break included.
std::string to_json_line(const HiddenLabel& label);

}  // namespace winnow::micro_world
