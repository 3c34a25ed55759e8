#pragma once
// What the command line may say of a config, in the order it is applied:
//
//   goal=diverse     choose the option of a group (a folder of configs/); group@place=option
//   +goal=diverse    add a group that no defaults list names; ++ chooses or adds
//   a.b=1            set a key that the config or the component's options have
//   +a.b=1           add a key that is not there
//   ++a.b=1          set or add
//   ~a.b             delete a key that is there
//
// A sweep (-m) takes commas (goal=minloss,temp) and inclusive ranges (seed=1..5).

#include <functional>
#include <string>
#include <vector>

#include "config/value.h"

namespace winnow::config {

struct Override {
  enum class Action { set, add, force, erase };
  Action action = Action::set;
  std::string key;    // "trainer.learning_rate", "goal", "tracker@run.tracker"
  std::string value;  // as typed; empty for erase
};

// Throws ConfigError when `text` has no such form, or is a sweep.
Override parse_override(const std::string& text);

// Applies one override of a value (not of a group) to a composed config. `top_level_names` are
// further names to suggest for a top-level key (the groups). Throws ConfigError as above.
void apply_override(Value& config, const Override& change,
                    const std::vector<std::string>& top_level_names);

// Whether add_table declared `path` by a pattern that ends in `*`: a table of any name may stand
// there, so that a new one is no misspelt old one.
bool may_have_any_name(const std::string& path);

// The cartesian product of what each override lists, the last override varying fastest; each
// element is one run's overrides. Throws ConfigError for an empty range or above 10,000 runs.
std::vector<std::vector<std::string>> expand_sweep(const std::vector<std::string>& overrides);

// Throws ConfigError at the first key of `config` that is not in `known`: a table that nothing
// reads.
void check_known_keys(const Value& config, const std::vector<std::string>& known,
                      const std::string& path = "");

}  // namespace winnow::config
