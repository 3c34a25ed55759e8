#include "experiments/comparison/comparison_report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "core/files.h"
#include "experiments/comparison/comparison_numbers.h"
#include "experiments/comparison/comparison_record.h"
#include "experiments/comparison/comparison_tables.h"
#include "experiments/comparison/published.h"
#include "experiments/comparison/tracked_methods.h"
#include "experiments/stages/provenance.h"
#include "experiments/stages/run_files.h"
#include "experiments/stages/shown_tables.h"
#include "report/figure.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Right and wrong answers as "0110", which is how most benchmarks score; other scores as numbers. A
// question that was not asked is "-" or null.
void add_scores(const BenchmarkScores& answers, json::object& line) {
  const std::vector<double>& scores = answers.scores;
  const bool right_or_wrong = std::all_of(
      scores.begin(), scores.end(), [](double score) { return score == 0.0 || score == 1.0; });
  if (!right_or_wrong) {
    json::array numbers;
    for (std::size_t q = 0; q < scores.size(); ++q) {
      numbers.push_back(answers.was_asked(q) ? json::value(scores[q]) : json::value());
    }
    line["scores"] = std::move(numbers);
    return;
  }
  std::string correct;
  for (std::size_t q = 0; q < scores.size(); ++q) {
    correct += !answers.was_asked(q) ? '-' : scores[q] == 1.0 ? '1' : '0';
  }
  line["correct"] = std::move(correct);
}

// One line for each seed, checkpoint and benchmark.
std::string score_lines(const ComparisonResults& results) {
  std::string lines;
  for (const MethodResult& method : results.methods) {
    for (std::size_t r = 0; r < method.runs.size(); ++r) {
      for (const CheckpointScores& checkpoint : method.runs[r].checkpoints) {
        for (const BenchmarkScores& scores : checkpoint.scores) {
          const Replicate& replicate = results.replicates[r];
          json::object line{{"method", method.name},
                            {"seed", replicate.seed},
                            {"world", results.worlds[replicate.world].seed},
                            {"samples", checkpoint.samples},
                            {"benchmark", scores.benchmark}};
          add_scores(scores, line);
          lines += json::serialize(line) + "\n";
        }
      }
    }
  }
  return lines;
}

Figure convergence_figure(const ComparisonNumbers& numbers) {
  Panel panel;
  for (const MethodNumbers& method : numbers.methods) {
    if (method.role == Role::base) {
      panel.lines.push_back({method.label, method.average.mean});
    } else {
      panel.curves.push_back({method.label, method.curve, method.role == Role::reference});
    }
    if (method.role == Role::reference) {
      panel.lines.push_back({method.label + ", final", method.average.mean});
    }
  }
  Figure figure;
  figure.y_label = "average accuracy (%)";
  figure.panels = {std::move(panel)};
  return figure;
}

// Accuracy over everything spent so far: a method's curve begins when its choice is made.
Figure cost_figure(const ComparisonNumbers& numbers) {
  Panel panel;
  for (const MethodNumbers& method : numbers.methods) {
    if (method.role == Role::base) {
      panel.lines.push_back({method.label, method.average.mean});
      continue;
    }
    if (method.role == Role::oracle) continue;
    Curve curve{method.label, method.curve, method.role == Role::reference};
    const double all = curve.points.back().samples;
    for (CurvePoint& point : curve.points) {
      point.samples =
          method.selection_cpu_seconds + method.training_cpu_seconds * point.samples / all;
    }
    panel.curves.push_back(std::move(curve));
  }
  Figure figure;
  figure.x_label = "CPU seconds, selection and training";
  figure.y_label = "average accuracy (%)";
  figure.panels = {std::move(panel)};
  return figure;
}

}  // namespace

json::object provenance_of(const ComparisonResults& results, const fs::path& results_folder) {
  json::array worlds, runs;
  for (const WorldResult& world : results.worlds) {
    json::object screening = world.screening;
    screening["folder"] =
        world.screening_folder.lexically_relative(results_folder).generic_string();
    worlds.push_back({{"seed", world.seed},
                      {"world", world.world_digest},
                      {"base", world.base_digest},
                      {"screening", std::move(screening)}});
    if (!world.unusable.empty()) worlds.back().as_object()["unusable"] = world.unusable;
  }
  for (const MethodResult& method : results.methods) {
    for (std::size_t r = 0; r < method.runs.size(); ++r) {
      const MethodRun& run = method.runs[r];
      const Replicate& replicate = results.replicates[r];
      json::object entry{{"method", method.name},
                         {"seed", replicate.seed},
                         {"world_seed", results.worlds[replicate.world].seed},
                         {"subset", run.subset_digest},
                         {"weights", run.weights_digest},
                         {"measuring_cpu_seconds", run.descriptor_cpu_seconds},
                         {"selection_cpu_seconds", run.selection_cpu_seconds},
                         {"training_cpu_seconds", run.training_cpu_seconds}};
      if (const json::value* rows = run.composition.if_contains("rows")) entry["rows"] = *rows;
      if (!run.selection_folder.empty()) {
        entry["selection"] =
            (run.selection_folder.lexically_relative(results_folder) / run.manifest)
                .generic_string();
      }
      runs.push_back(std::move(entry));
    }
  }
  json::object result = provenance();
  json::object commits;
  for (const auto& [commit, stages] : results.commits) commits[commit] = stages;
  result["stages_by_commit"] = std::move(commits);
  result["worlds"] = std::move(worlds);
  result["runs"] = std::move(runs);
  return result;
}

void write_comparison(const ComparisonResults& results, const ComparisonNumbers& numbers,
                      const std::vector<Table>& tables, const RunRequest& request,
                      const fs::path& folder) {
  winnow::create_directories(folder);
  for (const MethodResult& method : results.methods) {
    if (method.role == Role::base) continue;
    for (const json::value& warning : method.runs.front().warnings) {
      spdlog::warn("{}: {}", method.label, warning.as_string().c_str());
    }
  }
  write_file(folder / "table.txt", to_terminal(tables, false));
  write_file(folder / "table.md", to_markdown(tables));
  write_file(folder / "table.tex", to_latex(tables));
  write_file(folder / "table.csv", to_csv(tables));
  write_file(folder / "table.json", to_json(tables));
  std::string toxic;
  for (const WorldResult& world : results.worlds) {
    if (!world.toxic_folder.empty()) toxic += read_file(world.toxic_folder / "toxic.jsonl");
  }
  if (!toxic.empty()) write_file(folder / "toxic.jsonl", toxic);
  write_file(folder / "config.toml", request.config.to_toml());
  write_file(folder / kScoresFile, score_lines(results));
  write_file(folder / kQuestionsFile, question_lines(results));
  write_file(folder / kNumbersFile, json::serialize(numbers_record(numbers, results)) + "\n");
  write_file(folder / kProvenanceFile,
             json::serialize(provenance_of(results, request.results)) + "\n");
  try {
    draw(convergence_figure(numbers), folder / "convergence");
    draw(cost_figure(numbers), folder / "cost");
  } catch (const MissingProgramError& error) {
    spdlog::warn("no figure: {}", error.what());
  }
}

void report_comparison(const ComparisonResults& results, const ComparisonOptions& options,
                       const RunRequest& request, const fs::path& folder) {
  const ComparisonNumbers numbers = numbers_of(results, options);
  const std::vector<Table> tables =
      comparison_tables(numbers, results, options, read_published(request.config));
  // The pre-check stands before it.
  show_tables(tables, numbers.has(Role::oracle) ? 1 : 0, request.all_tables);
  write_comparison(results, numbers, tables, request, folder);
  track_numbers(request.tracked, numbers);
  request.tracked.text("tables", 0, to_markdown(tables));
  fmt::print(
      stderr,
      "\nIn {}:\n"
      "  table.txt table.md table.tex table.csv table.json   the tables above\n"
      "  convergence.svg convergence.pdf convergence.png     accuracy over training samples\n"
      "  cost.svg cost.pdf cost.png                          accuracy over CPU seconds\n"
      "  scores.jsonl questions.jsonl numbers.json           every answer, to what, the numbers\n"
      "  config.toml provenance.json run.json stages.txt     how it came\n",
      folder.string());
}

}  // namespace winnow
