#include "experiments/comparison/comparison_record.h"

#include <boost/describe/enum_to_string.hpp>
#include <cmath>

namespace winnow {
namespace json = boost::json;
namespace {

json::value number(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

}  // namespace

json::object numbers_record(const ComparisonNumbers& numbers, const ComparisonResults& results) {
  double cpu_seconds = 0.0;
  for (const WorldResult& world : results.worlds) {
    for (const auto& [stage, seconds] : world.shared_cpu_seconds) cpu_seconds += seconds;
  }
  for (const MethodResult& method : results.methods) {
    for (const MethodRun& run : method.runs) {
      cpu_seconds += run.selection_cpu_seconds + run.training_cpu_seconds;
    }
  }
  json::array methods;
  for (const MethodNumbers& method : numbers.methods) {
    json::object entry{{"name", method.name},
                       {"label", method.label},
                       {"role", boost::describe::enum_to_string(method.role, "")},
                       {"rows", method.rows},
                       {"average", number(method.average.mean)},
                       {"spread", number(method.average.spread)},
                       {"selection_cpu_seconds", method.selection_cpu_seconds},
                       {"training_cpu_seconds", method.training_cpu_seconds}};
    if (method.difference) {
      const Interval& interval = method.difference->interval;
      entry["difference"] = {{"value", number(interval.value)},
                             {"low", number(interval.low)},
                             {"high", number(interval.high)}};
    } else {
      entry["difference"] = nullptr;
    }
    methods.push_back(std::move(entry));
  }
  return {{"cpu_seconds", cpu_seconds}, {"methods", std::move(methods)}};
}

std::string question_lines(const ComparisonResults& results) {
  std::string lines;
  for (const WorldResult& world : results.worlds) {
    for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
      const ComparedBenchmark& benchmark = results.benchmarks[b];
      json::array questions;
      for (const QuestionKind& question : world.questions.at(b)) {
        questions.push_back(json::array{question.id, question.subtask});
      }
      lines += json::serialize(
                   json::object{{"world", world.seed},
                                {"benchmark", benchmark.name},
                                {"weight", benchmark.weight},
                                {"average", boost::describe::enum_to_string(benchmark.average, "")},
                                {"questions", std::move(questions)}}) +
               "\n";
    }
  }
  return lines;
}

}  // namespace winnow
