#pragma once
// The columns of judges over a setting's pool: the config's table `judge`.

#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"
#include "judges/pass.h"

namespace winnow {

// Facts: rows, and by column what the answers cost. Throws DataError where more samples have no
// score than a judge's maximum_failed_share allows.
StageOutput run_judges(const config::Value& judge, Setting& setting);

}  // namespace winnow
