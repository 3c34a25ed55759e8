#pragma once
// What a comparison of selection methods reads from its config. All methods share the tables
// `trainer`, `benchmarks`, `model` and `descriptors`, which lie outside of `methods`: a method can
// only say which rows it takes.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/bind.h"
#include "config/value.h"
#include "selectors/selector.h"

namespace winnow {

// What a method is in the comparison; also the order of the table's rows.
enum class Role {
  base,       // the model before any training
  control,    // a uniform draw of the methods' size
  reference,  // what all are measured against: Uni-10x
  method,
  oracle,  // reads hidden labels; the pre-check's upper bound and no method
};
BOOST_DESCRIBE_ENUM(Role, base, control, reference, method, oracle)

// One table `methods.<name>`, without its `selector`.
struct MethodOptions {
  std::string label;
  Role role = Role::method;
};
BOOST_DESCRIBE_STRUCT(MethodOptions, (), (label, role))
config::Help help(const MethodOptions&);

// The table `recipe` of a comparison.
struct ComparisonOptions {
  std::string title = "Comparison";
  double confidence = 0.95;
  std::int64_t bootstrap_draws = 2000;
};
BOOST_DESCRIBE_STRUCT(ComparisonOptions, (), (title, confidence, bootstrap_draws))
config::Help help(const ComparisonOptions&);

// Keys at the top of the config.
struct RunScale {
  std::vector<std::int64_t> seeds = {100, 101, 102};
  std::int64_t worlds = 1;
  std::int64_t world_seed = 100;
  std::int64_t budget = 1000;
  std::int64_t reference_multiple = 10;
  double checkpoint_questions = 1.0;
  std::map<std::string, std::int64_t> profiles;
};
BOOST_DESCRIBE_STRUCT(RunScale, (),
                      (seeds, worlds, world_seed, budget, reference_multiple, checkpoint_questions,
                       profiles))
config::Help help(const RunScale&);

// The table `world`: what generated pools and benchmarks take their sizes from, by reference.
struct WorldSizes {
  std::int64_t questions = 24000;
  std::int64_t questions_per_benchmark = 750;
};
BOOST_DESCRIBE_STRUCT(WorldSizes, (), (questions, questions_per_benchmark))
config::Help help(const WorldSizes&);

// One table `methods.<name>` and what it selects by. A method without a table `selector` takes the
// one at the top of the config.
struct Method {
  std::string name;
  std::string label;
  Role role = Role::method;
  config::Value selector_config;       // empty for the base
  std::string selector_path;           // its place in the config
  std::unique_ptr<Selector> selector;  // null for the base
  bool takes_rows() const { return selector != nullptr; }
  // Whether it chooses from the files that the table `measured_pool` has written.
  bool reads_files() const { return selector && selector->reads_files(); }
  // The method's name where the selector's place does not tell it; else nothing.
  std::string name_unless_in_path() const;
};

// Methods by role, then in the order of the config. Throws ConfigError unless there is exactly one
// reference and at most one base, control and oracle, the oracle and it alone reads hidden labels,
// the base and it alone has no selector, and no selector says what a run decides.
std::vector<Method> read_methods(const config::Value& config);

// The columns that a method's selector reads, by itself or from the files of the table
// `measured_pool`. Throws ConfigError for bad options of that table, and where a method needs it
// and it is not there.
std::vector<std::string> required_columns(const config::Value& config, const Method& method);

// The keys at the top of the config; throws ConfigError for a table that nothing reads.
RunScale read_scale(const config::Value& config);

// Throws ConfigError, naming the key, where the reference takes fewer rows than the control or a
// method, or where somebody wants more rows than `pool_rows`; 0: of a pool that nobody has read.
void check_budgets(const std::vector<Method>& methods, std::size_t pool_rows);

}  // namespace winnow
