#include "experiments/stages/evaluation_stage.h"

namespace winnow {
namespace {

// Raised when the stage computes or writes something else.
constexpr int kEvaluationFormat = 2;
constexpr const char* kOutcomesFile = "outcomes.jsonl";

}  // namespace

StageOutput EvaluationStage::run(StageCache& stages) const {
  const BenchmarkTask& task = (*setting.options().benchmarks)[benchmark];
  Stage stage;
  stage.name = "evaluation";
  stage.format_version = kEvaluationFormat;
  stage.config.set("evaluator", with_defaults(task.evaluator_config(), "evaluator"));
  stage.config.set("model", identity_of(setting.options().model.value()));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  stage.inputs = setting.inputs_of(benchmark);
  stage.inputs["weights"] = weights.digest;
  stage.title = title;
  stage.one_thread = true;
  return stages.run(stage, [&](StageWork& work) {
    const std::vector<Question>& questions = setting.questions(benchmark).asked;
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

}  // namespace winnow
