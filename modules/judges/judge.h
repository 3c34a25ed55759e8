#pragma once
// A judge looks at a sample and gives it a score, or says why it has none. How to add one:
// README.md.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/component.h"
#include "pool/sample.h"

namespace winnow {

struct Verdict {
  std::optional<double> score;
  std::string reason = {};   // where there is no score
  bool unavailable = false;  // it may have one another time
};

// What the scores of a run rest on. Tokens and money are those of all answers, whether they were
// got in this run or before; an answer that serves several samples counts once.
struct JudgeCost {
  std::int64_t requests = 0;      // sent in this run, repeated ones too
  std::int64_t answers = 0;       // distinct ones
  std::int64_t kept_answers = 0;  // of these, from the cache
  std::int64_t uncounted = 0;     // of these, without a count of tokens: the sums are too low
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
  double money = 0.0, money_this_run = 0.0;
  std::string currency = {};
};

struct JudgeLimits {
  std::int64_t concurrency = 8;
  double maximum_failed_share = 0.01;
  std::int64_t maximum_unavailable_in_a_row = 20;
};
BOOST_DESCRIBE_STRUCT(JudgeLimits, (),
                      (concurrency, maximum_failed_share, maximum_unavailable_in_a_row))
config::Help help(const JudgeLimits&);

class Judge {
 public:
  virtual ~Judge() = default;
  // Digest of all options that a score or a cost depends on.
  virtual std::string identity() const = 0;
  virtual const JudgeLimits& limits() const = 0;
  // Called once, before judge(). `cache`: folder for answers. Throws ConfigError when it cannot
  // begin (no key).
  virtual void open(const std::filesystem::path& cache, std::uint64_t seed) = 0;
  // Called from `limits().concurrency` threads. A sample it cannot judge has a reason; throws
  // other Errors when it can judge none.
  virtual Verdict judge(const Sample& sample) = 0;
  // Makes calls of judge() end soon; their verdicts are not used.
  virtual void stop() = 0;
  virtual JudgeCost cost() const = 0;
};

config::ComponentKind<Judge>& judges();

}  // namespace winnow
