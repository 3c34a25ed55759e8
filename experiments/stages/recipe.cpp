#include "experiments/stages/recipe.h"

namespace winnow {
namespace {

const bool registered = config::add_table<RunOptions>("run", "how the program runs");

}  // namespace

config::ComponentKind<Recipe>& recipes() {
  static config::ComponentKind<Recipe> kind("recipe");
  return kind;
}

std::unique_ptr<Recipe> checked_recipe(const config::Value& config) {
  std::unique_ptr<Recipe> recipe = recipes().create(config.at("recipe"), "recipe");
  recipe->check(config);
  return recipe;
}

config::Help help(const RunOptions&) {
  return {{"workers", "jobs side by side, one thread each; 0: one for each core",
           config::between(0, 1024)},
          {"log_level", "debug, info, warning, error or off"},
          {"progress", "whether long work shows its progress"}};
}

}  // namespace winnow
