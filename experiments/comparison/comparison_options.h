#pragma once
// What a comparison of selection methods reads from its config. All methods share the tables
// `trainer`, `evaluator`, `model` and `descriptors`, which lie outside of `methods`: a method can
// only say which rows it takes.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/bind.h"
#include "config/value.h"
#include "media/frames.h"
#include "selectors/pool_selector.h"
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
  double maximum_failed_media_share = 0.001;
};
BOOST_DESCRIBE_STRUCT(ComparisonOptions, (),
                      (title, confidence, bootstrap_draws, maximum_failed_media_share))
config::Help help(const ComparisonOptions&);

// Keys at the top of the config.
struct RunScale {
  std::vector<std::int64_t> seeds = {100, 101, 102};
  std::int64_t worlds = 1;
  std::int64_t world_seed = 100;
  std::int64_t budget = 1000;
  std::int64_t reference_budget = 10000;
  std::map<std::string, std::int64_t> profiles;
  std::vector<std::string> benchmarks = {"short", "mixed", "long", "ultra"};
};
BOOST_DESCRIBE_STRUCT(RunScale, (),
                      (seeds, worlds, world_seed, budget, reference_budget, profiles, benchmarks))
config::Help help(const RunScale&);

// One table `methods.<name>` and what it selects by. A method without a table `selector` takes the
// one at the top of the config.
struct Method {
  std::string name;
  std::string label;
  Role role = Role::method;
  config::Value selector_config;  // empty for the base
  // One of the two; neither for the base.
  std::unique_ptr<Selector> selector;
  std::unique_ptr<PoolSelector> pool_selector;  // reads files (measured_pool.h)
  bool takes_rows() const { return selector || pool_selector; }
};

// The table `proxy`: the model that measures the pool.
struct ProxyOptions {
  double warm_up_share = 0.0;
  bool per_seed = true;
};
BOOST_DESCRIBE_STRUCT(ProxyOptions, (), (warm_up_share, per_seed))
config::Help help(const ProxyOptions&);

// Methods by role, then in the order of the config. Throws ConfigError unless there is exactly one
// reference and at most one base, control and oracle, the oracle and it alone reads hidden labels,
// and the base and it alone has no selector.
std::vector<Method> read_methods(const config::Value& config);

// The columns that a method's selector reads, by itself or from the files of the table
// `measured_pool`. Throws ConfigError for bad options of that table, and where a method needs it
// and it is not there or says what a run decides.
std::vector<std::string> required_columns(const config::Value& config, const Method& method);

// The keys at the top of the config; throws ConfigError for a table that nothing reads.
RunScale read_scale(const config::Value& config);

ProxyOptions read_proxy(const config::Value& config);

// The table `sampling`: the frames that model and descriptors see of a medium.
// `unsaid`: what holds where the config does not say.
SamplingOptions read_sampling(const config::Value& config, const SamplingOptions& unsaid = {});

}  // namespace winnow
