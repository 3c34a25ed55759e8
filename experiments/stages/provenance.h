#pragma once
// What made a result: the state of the code and the versions it ran with.

#include <boost/json.hpp>

namespace winnow {

// {winnow, commit, modified, compiler, libtorch, opencv, blas, machine, cores, workers, time}.
// `commit` is null where the source is no git checkout; `modified`: whether it had changes.
boost::json::object provenance();

}  // namespace winnow
