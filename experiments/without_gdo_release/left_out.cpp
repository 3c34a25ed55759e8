// What a build without modules/gdo_release leaves out: goals may still speak to it, and who asks
// for it learns how to get it.

#include "config/left_out.h"

namespace winnow {
namespace {

constexpr const char* kOption = "WINNOW_GDO_RELEASE";

const bool selector = config::add_left_out("selector", "gdo_release", kOption);
const bool measured_pool = config::add_left_out("measured_pool", "gdo_release", kOption);

}  // namespace
}  // namespace winnow
