#pragma once
// `winnow run`: an experiment, or a sweep of them.

#include <string>
#include <vector>

namespace winnow {

// A run's folder name: the experiment and what sets it apart, "table1,scale=smoke"; what cannot
// stand in a file name becomes a digest. Options of the table `run` do not count.
std::string run_name(const std::vector<std::string>& overrides);

}  // namespace winnow
