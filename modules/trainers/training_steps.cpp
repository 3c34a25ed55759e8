#include "trainers/training_steps.h"

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

json::value written(double number) {
  return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

double read_number(const simdjson::dom::element& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : double(value.get_double());
}

}  // namespace

bool TrainingStep::skipped() const { return !std::isfinite(loss) || !std::isfinite(gradient_norm); }

MetricsFile::MetricsFile(const fs::path& path, std::int64_t steps) : path_(path) {
  if (path.has_parent_path()) winnow::create_directories(path.parent_path());
  if (fs::exists(path)) {
    const std::string content = read_file(path);
    std::size_t end = 0;
    std::int64_t kept = 0;
    for (; kept < steps; ++kept) {
      const std::size_t line_end = content.find('\n', end);
      if (line_end == std::string::npos) break;
      end = line_end + 1;
    }
    if (kept < steps) {
      spdlog::warn("{}: the metrics of {} of {} steps are gone", path.string(), steps - kept,
                   steps);
    }
    fs::resize_file(path, end);
  }
  file_.open(path, std::ios::binary | std::ios::app);
  if (!file_) throw IoError(path.string() + ": cannot be opened for writing");
}

void MetricsFile::step(const TrainingStep& step) {
  file_ << json::serialize(json::object{{"step", step.step},
                                        {"samples", step.samples},
                                        {"tokens", step.tokens},
                                        {"loss", written(step.loss)},
                                        {"gradient_norm", written(step.gradient_norm)},
                                        {"learning_rate", step.learning_rate},
                                        {"seconds", step.seconds}})
        << '\n'
        << std::flush;
  if (!file_) throw IoError(path_.string() + ": writing failed");
}

std::vector<TrainingStep> read_metrics(const fs::path& path) {
  const std::string content = read_file(path);
  std::vector<TrainingStep> steps;
  simdjson::dom::parser parser;  // Boost.JSON may lose a number's last bit
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    try {
      const simdjson::dom::object line = parser.parse(content.data() + begin, end - begin);
      steps.push_back({line["step"].get_int64(), line["samples"].get_int64(),
                       line["tokens"].get_int64(), read_number(line["loss"]),
                       read_number(line["gradient_norm"]), line["learning_rate"].get_double(),
                       line["seconds"].get_double()});
    } catch (const std::exception& error) {
      throw DataError(path.string() + ":" + std::to_string(steps.size() + 1) +
                      ": not the metrics of a training step: " + error.what());
    }
    begin = end + 1;
  }
  return steps;
}

}  // namespace winnow
