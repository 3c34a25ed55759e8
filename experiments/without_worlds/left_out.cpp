// What a build without modules/worlds leaves out: who asks for it learns how to get it.

#include "config/left_out.h"

namespace winnow {
namespace {

constexpr const char* kOption = "WINNOW_WORLDS";

const bool registered = config::add_left_out("pool", "micro_world", kOption) &&
                        config::add_left_out("pool", "micro_reasoning", kOption) &&
                        config::add_left_out("benchmark", "micro_world", kOption) &&
                        config::add_left_out("benchmark", "micro_reasoning", kOption) &&
                        config::add_left_out("base_trainer", "micro_world", kOption) &&
                        config::add_left_out("selector", "oracle", kOption);

}  // namespace
}  // namespace winnow
