#include "experiments/stages/evaluation_stage.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace winnow {
namespace {

// Raised when the stage computes or writes something else.
constexpr int kEvaluationFormat = 2;
constexpr const char* kOutcomesFile = "outcomes.jsonl";

// Indices of the benchmark's questions, rising.
std::vector<std::size_t> asked_questions(Setting& setting, std::size_t benchmark, double share) {
  const std::size_t all = setting.questions(benchmark).asked.size();
  const std::string& name = (*setting.options().benchmarks)[benchmark].name();
  const auto count =
      static_cast<std::size_t>(std::max(1.0, std::round(share * static_cast<double>(all))));
  std::vector<std::size_t> drawn = RandomStream(setting.seed(), "evaluation/questions/" + name)
                                       .sample_indices(all, std::min(count, all));
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::vector<Question> questions_at(const std::vector<std::size_t>& places,
                                   const std::vector<Question>& all) {
  std::vector<Question> some;
  for (const std::size_t place : places) some.push_back(all[place]);
  return some;
}

}  // namespace

StageOutput EvaluationStage::run(StageCache& stages) const {
  const BenchmarkTask& task = (*setting.options().benchmarks)[benchmark];
  Stage stage;
  stage.name = "evaluation";
  stage.format_version = kEvaluationFormat;
  stage.config.set("evaluator", with_defaults(task.evaluator_config(), "evaluator"));
  stage.config.set("model", identity_of(setting.options().model.value()));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  if (share < 1.0) {
    stage.config.set("share", config::Value(share, {}));
    stage.config.set("seed", value_of(setting.seed()));
  }
  stage.inputs = setting.inputs_of(benchmark);
  stage.inputs["weights"] = weights.digest;
  stage.title = title;
  stage.one_thread = true;
  return stages.run(stage, [&](StageWork& work) {
    const std::vector<Question> questions = questions_at(asked_questions(setting, benchmark, share),
                                                         setting.questions(benchmark).asked);
    const auto model = setting.load(weights);
    const torch::NoGradGuard no_gradients;
    Evaluation evaluation{task.name(), task.evaluator(), questions, [&](const Question& question) {
                            return setting.visual_of(benchmark, question.sample, *model);
                          }};
    evaluation.limits = task.options();
    evaluation.journal = work.resume / "journal";
    const std::vector<Outcome> outcomes = evaluate(*model, evaluation);
    write_outcomes(work.output / kOutcomesFile, questions, outcomes);
    std::int64_t failed = 0;
    for (const Outcome& outcome : outcomes) failed += was_asked(outcome) ? 0 : 1;
    work.facts = {{"questions", questions.size()}, {"failed", failed}};
    work.digest = digest_of(ids_of(questions), outcomes);
  });
}

std::vector<Outcome> read_outcomes(const StageOutput& evaluation, Setting& setting,
                                   std::size_t benchmark) {
  return read_outcomes(evaluation.folder / kOutcomesFile,
                       ids_of(setting.questions(benchmark).asked));
}

std::vector<std::optional<Outcome>> read_outcomes_of_share(const StageOutput& evaluation,
                                                           Setting& setting, std::size_t benchmark,
                                                           double share) {
  const std::vector<Question>& all = setting.questions(benchmark).asked;
  const std::vector<std::size_t> places = asked_questions(setting, benchmark, share);
  std::vector<Outcome> outcomes =
      read_outcomes(evaluation.folder / kOutcomesFile, ids_of(questions_at(places, all)));
  std::vector<std::optional<Outcome>> result(all.size());
  for (std::size_t i = 0; i < places.size(); ++i) result[places[i]] = std::move(outcomes[i]);
  return result;
}

}  // namespace winnow
