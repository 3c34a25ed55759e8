#include "experiments/runs/run_filter.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <cctype>
#include <cstdlib>
#include <set>
#include <string_view>

#include "core/errors.h"

namespace winnow {
namespace {

std::optional<double> as_number(const std::string& text) {
  if (text.empty()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

// "90", "2d", "3 h": in seconds.
std::optional<double> as_duration(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  std::string unit(end);
  unit.erase(0, unit.find_first_not_of(' '));
  if (end == text.c_str()) return std::nullopt;
  if (unit.empty() || unit == "s") return value;
  if (unit == "min") return value * 60;
  if (unit == "h") return value * 3600;
  if (unit == "d") return value * 86400;
  return std::nullopt;
}

std::string shown(double value) { return fmt::format("{}", value); }

std::vector<std::string> of_method(const MethodOfRun& method, const std::string& what) {
  if (what == "average") return {shown(method.average)};
  if (what == "rows") return {fmt::format("{}", method.rows)};
  if (what == "cost") return {shown(method.cpu_seconds)};
  if (what == "spread" && method.spread) return {shown(*method.spread)};
  if (what == "difference" && method.difference) return {shown(method.difference->value)};
  return {};
}

// As a user writes it: "text" of TOML without its quotes.
std::string unquoted(const std::string& text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

const std::set<std::string>& own_keys() {
  static const std::set<std::string> keys = {"name",   "experiment", "state",   "host",
                                             "commit", "method",     "average", "difference",
                                             "spread", "rows",       "cost",    "age"};
  return keys;
}

std::vector<std::string> known_keys(const std::vector<Run>& runs) {
  std::set<std::string> keys = own_keys();
  for (const Run& run : runs) {
    for (const MethodOfRun& method : run.methods) keys.insert(method.name + ".average");
    for (const auto& [group, names] : run.choices) keys.insert(group);
    for (const auto& [key, entry] : run.config()) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace

std::vector<std::string> values_of(const Run& run, const std::string& key, std::int64_t now) {
  const auto if_there = [](const std::string& text) {
    return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
  };
  if (key == "name") return {run.name};
  if (key == "experiment") return if_there(run.experiment);
  if (key == "state") return if_there(run.state);
  if (key == "host") return if_there(run.host);
  if (key == "commit") return if_there(run.commit);
  if (key == "age") return run.time ? if_there(fmt::format("{}", now - *run.time)) : if_there("");
  if (key == "cost") return run.cpu_seconds ? if_there(shown(*run.cpu_seconds)) : if_there("");
  if (key == "method" || key == "average" || key == "difference" || key == "spread" ||
      key == "rows") {
    const MethodOfRun* best = run.best();
    if (best == nullptr) return {};
    return key == "method" ? std::vector<std::string>{best->name} : of_method(*best, key);
  }
  if (const std::size_t dot = key.rfind('.'); dot != std::string::npos) {
    for (const MethodOfRun& method : run.methods) {
      if (method.name != key.substr(0, dot)) continue;
      if (auto values = of_method(method, key.substr(dot + 1)); !values.empty()) return values;
    }
  }
  for (const std::string& text : run.overrides) {
    if (text.starts_with(key + "=")) return {text.substr(key.size() + 1)};
  }
  if (const auto found = run.choices.find(key); found != run.choices.end()) {
    return {found->second.begin(), found->second.end()};
  }
  if (const auto found = run.config().find(key); found != run.config().end()) {
    return {unquoted(found->second.value)};
  }
  return {};
}

std::optional<double> number_of(const Run& run, const std::string& key, std::int64_t now) {
  const std::vector<std::string> values = values_of(run, key, now);
  return values.empty() ? std::nullopt : as_number(values.front());
}

struct RunFilter::Node {
  enum class Kind { comparison, word, both, either, negation };
  Kind kind = Kind::word;
  std::string key, operation, value;
  std::optional<double> number;  // of the value
  std::unique_ptr<Node> left, right;

  bool compares(const std::string& text) const {
    const std::optional<double> other = as_number(text);
    const bool numbers = number && other;
    if (operation == "=" || operation == "!=") {
      const bool equal =
          numbers ? *number == *other : ::fnmatch(value.c_str(), text.c_str(), 0) == 0;
      return equal == (operation == "=");
    }
    const double sign = numbers ? *other - *number : static_cast<double>(text.compare(value));
    if (operation == "<") return sign < 0;
    if (operation == "<=") return sign <= 0;
    return operation == ">" ? sign > 0 : sign >= 0;
  }

  bool matches(const Run& run, std::int64_t now) const {
    switch (kind) {
      case Kind::both:
        return left->matches(run, now) && right->matches(run, now);
      case Kind::either:
        return left->matches(run, now) || right->matches(run, now);
      case Kind::negation:
        return !left->matches(run, now);
      case Kind::word:
        return run.name.find(value) != std::string::npos;
      case Kind::comparison:
        break;
    }
    for (const std::string& text : values_of(run, key, now)) {
      if (compares(text)) return true;
    }
    return false;
  }

  void add_keys(std::set<std::string>& keys) const {
    if (kind == Kind::comparison) keys.insert(key);
    if (left) left->add_keys(keys);
    if (right) right->add_keys(keys);
  }
};

class RunFilter::Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  std::unique_ptr<Node> parse() {
    std::unique_ptr<Node> node = either();
    if (skip_spaces(); place_ < text_.size()) fail("expected `and`, `or` or the end");
    return node;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw ConfigError(fmt::format("filter '{}': {} at '{}'", text_, problem, text_.substr(place_)));
  }

  void skip_spaces() {
    while (place_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[place_])) != 0) {
      ++place_;
    }
  }

  bool take(std::string_view word) {
    skip_spaces();
    if (text_.compare(place_, word.size(), word) != 0) return false;
    const std::size_t end = place_ + word.size();
    const bool letters = std::isalpha(static_cast<unsigned char>(word.front())) != 0;
    if (letters && end < text_.size() &&
        std::string_view(" ()").find(text_[end]) == std::string_view::npos) {
      return false;
    }
    place_ = end;
    return true;
  }

  std::unique_ptr<Node> joined(Node::Kind kind, std::unique_ptr<Node> left,
                               std::unique_ptr<Node> right) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }

  std::unique_ptr<Node> either() {
    std::unique_ptr<Node> node = both();
    while (take("or")) node = joined(Node::Kind::either, std::move(node), both());
    return node;
  }

  std::unique_ptr<Node> both() {
    std::unique_ptr<Node> node = single();
    while (take("and")) node = joined(Node::Kind::both, std::move(node), single());
    return node;
  }

  std::unique_ptr<Node> single() {
    if (take("not")) return joined(Node::Kind::negation, single(), nullptr);
    if (take("(")) {
      std::unique_ptr<Node> node = either();
      if (!take(")")) fail("expected ')'");
      return node;
    }
    auto node = std::make_unique<Node>();
    node->key = word("=!<> ()");
    if (node->key.empty()) fail("expected KEY=VALUE or a name");
    for (const char* operation : {"!=", "<=", ">=", "=", "<", ">"}) {
      if (!take(operation)) continue;
      node->kind = Node::Kind::comparison;
      node->operation = operation;
      skip_spaces();
      node->value = word(" ()");
      if (node->value.empty()) fail("expected a value");
      node->number = node->key == "age" ? as_duration(node->value) : as_number(node->value);
      if (node->key == "age" && !node->number) fail("expected a time as 30min, 12h or 2d");
      return node;
    }
    node->value = node->key;
    return node;
  }

  // Up to one of `ends`, or what quotes hold.
  std::string word(std::string_view ends) {
    skip_spaces();
    if (place_ < text_.size() && (text_[place_] == '"' || text_[place_] == '\'')) {
      const std::size_t end = text_.find(text_[place_], place_ + 1);
      if (end == std::string::npos) fail("a quote is not closed");
      std::string inside = text_.substr(place_ + 1, end - place_ - 1);
      place_ = end + 1;
      return inside;
    }
    const std::size_t start = place_;
    while (place_ < text_.size() && ends.find(text_[place_]) == std::string_view::npos) ++place_;
    return text_.substr(start, place_ - start);
  }

  const std::string& text_;
  std::size_t place_ = 0;
};

RunFilter::RunFilter(const std::string& text) {
  if (text.find_first_not_of(' ') != std::string::npos) root_ = Parser(text).parse();
}
RunFilter::~RunFilter() = default;
RunFilter::RunFilter(RunFilter&&) noexcept = default;
RunFilter& RunFilter::operator=(RunFilter&&) noexcept = default;

bool RunFilter::matches(const Run& run, std::int64_t now) const {
  return !root_ || root_->matches(run, now);
}

void check_key(const std::string& key, const std::vector<Run>& runs, std::int64_t now) {
  if (own_keys().count(key) > 0 || runs.empty()) return;
  for (const Run& run : runs) {
    if (!values_of(run, key, now).empty()) return;
  }
  const std::vector<std::string> known = known_keys(runs);
  const std::string nearest = nearest_name(key, known);
  throw ConfigError(fmt::format(
      "no run has '{}'.{} Keys are name, experiment, state, host, commit, method, average, "
      "difference, spread, rows, cost, age, METHOD.average, what was chosen (goal) and every key "
      "of a config",
      key, nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

void RunFilter::check_keys(const std::vector<Run>& runs, std::int64_t now) const {
  if (!root_) return;
  std::set<std::string> keys;
  root_->add_keys(keys);
  for (const std::string& key : keys) check_key(key, runs, now);
}

}  // namespace winnow
