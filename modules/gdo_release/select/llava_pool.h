#pragma once
// The pool of `winnow select`, pool=llava.

#include "config/value.h"
#include "gdo_release/select/run.h"

namespace winnow::gdo_release {

// The files that the config's table `pool` names. Throws ConfigError for a pool of another type and
// for one without both files.
PoolFiles llava_files(const config::Value& pool);

}  // namespace winnow::gdo_release
