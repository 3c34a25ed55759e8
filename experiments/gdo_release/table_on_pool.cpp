// Selectors of tables on the files of pool=llava.

#include "gdo_release/table/table_on_pool.h"

#include "experiments/program/select_command.h"

namespace winnow {
namespace {

const bool registered =
    table_selectors_on_pools().emplace("llava", gdo_release::table_selector_on_pool).second;

}  // namespace
}  // namespace winnow
