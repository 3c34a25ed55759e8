#include "benchmarks/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using Outcomes = std::vector<std::optional<Outcome>>;  // [questions]

std::vector<fs::path> windows_in(const fs::path& journal) {
  std::vector<fs::path> files;
  if (journal.empty() || !fs::exists(journal)) return files;
  for (const fs::directory_entry& entry : fs::directory_iterator(journal)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Of several outcomes of a question the last counts.
Outcomes read_journal(const fs::path& journal, const std::vector<Question>& questions) {
  Outcomes outcomes(questions.size());
  for (const fs::path& file : windows_in(journal)) {
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
      try {
        const json::object entry = json::parse(line).as_object();
        const auto index = entry.at("question").to_number<std::size_t>();
        if (entry.at("id").as_string() != questions.at(index).id) {
          throw std::invalid_argument("it is of another question");
        }
        outcomes[index] = parse_outcome(entry);
      } catch (const std::exception& error) {
        throw DataError(
            fmt::format("{}: not an answer of this benchmark: {}. Remove the file to "
                        "ask its questions again",
                        file.string(), error.what()));
      }
    }
  }
  return outcomes;
}

void keep_window(const fs::path& journal, const std::vector<std::size_t>& window,
                 const std::vector<Question>& questions, const Outcomes& outcomes) {
  if (journal.empty()) return;
  std::string lines;
  for (const std::size_t index : window) {
    const std::string line = to_json_line(questions[index], *outcomes[index]);
    lines += fmt::format("{{\"question\":{},{}", index, line.substr(1));
  }
  const std::vector<fs::path> earlier = windows_in(journal);
  const int number = earlier.empty() ? 0 : std::stoi(earlier.back().stem().string()) + 1;
  write_file(journal / fmt::format("{:08}.jsonl", number), lines);
}

std::size_t bytes_of(const ModelInput& input) {
  std::size_t bytes = 0;
  for (const VisualTokens& visual : input.visual) bytes += visual.tokens.nbytes();
  return bytes;
}

class Asking {
 public:
  Asking(VisionLanguageModel& model, const Evaluation& evaluation)
      : model_(model),
        evaluation_(evaluation),
        outcomes_(read_journal(evaluation.journal, evaluation.questions)) {
    // What could not be asked before comes last, so that the other windows are what they would have
    // been without an interruption.
    std::vector<std::size_t> failed;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      if (!outcomes_[i]) {
        pending_.push_back(i);
      } else if (was_asked(*outcomes_[i])) {
        advance(1);
      } else {
        failed.push_back(i);
        outcomes_[i].reset();
      }
    }
    pending_.insert(pending_.end(), failed.begin(), failed.end());
  }

  std::vector<Outcome> run() {
    const torch::NoGradGuard no_gradients;
    while (next_ < pending_.size()) ask_window();
    std::vector<Outcome> result;
    for (std::optional<Outcome>& outcome : outcomes_) result.push_back(std::move(*outcome));
    return result;
  }

 private:
  void ask_window() {
    const EvaluationLimits& limits = evaluation_.limits;
    const auto most_bytes = static_cast<std::size_t>(limits.window_megabytes) << 20;
    const std::size_t begin = next_;
    std::size_t bytes = 0;
    std::vector<AskedQuestion> asked;
    std::vector<std::size_t> places;  // of the asked ones among all
    std::vector<double> seconds;      // of making their inputs
    for (; next_ < pending_.size() && bytes < most_bytes &&
           next_ - begin < static_cast<std::size_t>(limits.window_questions);
         ++next_) {
      const std::size_t place = pending_[next_];
      const Question& question = evaluation_.questions[place];
      const auto start = std::chrono::steady_clock::now();
      const auto spent = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      };
      try {
        ModelInput input = model_.input(question.sample, evaluation_.visual(question));
        bytes += bytes_of(input);
        asked.push_back({&question, std::move(input)});
        places.push_back(place);
        seconds.push_back(spent());
      } catch (const DataError& error) {
        outcomes_[place] = Outcome{0.0, "", "", std::string(kNotAsked) + error.what(), 0, spent()};
        count_failure(question, *outcomes_[place]);
      }
    }
    std::vector<Outcome> answers = evaluation_.evaluator.answer(model_, std::move(asked));
    for (std::size_t i = 0; i < places.size(); ++i) {
      answers[i].seconds += seconds[i];
      outcomes_[places[i]] = std::move(answers[i]);
    }
    const std::vector<std::size_t> window(pending_.begin() + static_cast<std::ptrdiff_t>(begin),
                                          pending_.begin() + static_cast<std::ptrdiff_t>(next_));
    keep_window(evaluation_.journal, window, evaluation_.questions, outcomes_);
    advance(static_cast<std::int64_t>(window.size()));
  }

  void count_failure(const Question& question, const Outcome& outcome) {
    ++failed_;
    const double share = static_cast<double>(failed_) / static_cast<double>(outcomes_.size());
    if (share <= evaluation_.limits.maximum_failed_share) return;
    throw DataError(fmt::format(
        "benchmark {}: {} of {} questions could not be asked, more than maximum_failed_share = {} "
        "allows. The last is '{}' ({}): {}",
        evaluation_.name, failed_, outcomes_.size(), evaluation_.limits.maximum_failed_share,
        question.id, question.place(), outcome.failure.substr(kNotAsked.size())));
  }

  void advance(std::int64_t count) const {
    if (evaluation_.progress) evaluation_.progress(count);
  }

  VisionLanguageModel& model_;
  const Evaluation& evaluation_;
  Outcomes outcomes_;
  std::vector<std::size_t> pending_;
  std::size_t next_ = 0;  // in pending_
  std::int64_t failed_ = 0;
};

}  // namespace

config::Help help(const EvaluationLimits&) {
  return {
      {"maximum_failed_share",
       "share of the questions that may be impossible to ask, by their media or their length; "
       "they count as wrong and are listed",
       config::between(0, 1)},
      {"window_questions", "questions that are in memory at once, at most", config::at_least(1)},
      {"window_megabytes", "and their visual features, but for the last question's",
       config::at_least(1)}};
}

std::vector<Outcome> evaluate(VisionLanguageModel& model, const Evaluation& evaluation) {
  return Asking(model, evaluation).run();
}

}  // namespace winnow
