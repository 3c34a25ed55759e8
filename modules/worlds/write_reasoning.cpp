#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "worlds/labels.h"
#include "worlds/media_files.h"
#include "worlds/plan.h"
#include "worlds/reasoning.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kFilesPerFolder = 1000;

// Who wrote the solutions. The weights say how corruption is spread; a habit is the direction in
// which its author errs.
struct Author {
  const char* name;
  double size, wrong;
  bool upwards;
};
const std::vector<Author>& authors() {
  static const std::vector<Author> all = {
      {"solver_large", 0.3, 0.5, true},   {"solver_small", 0.25, 1.6, true},
      {"crowd", 0.2, 1.0, false},         {"exam", 0.15, 0.1, false},
      {"scraped_forum", 0.1, 2.0, false},
  };
  return all;
}

struct PlannedProblem {
  std::size_t scene = 0, author = 0;
  Problem problem;
  Corruption corruption = Corruption::none;
};

struct Plan {
  std::vector<Scene> scenes;
  std::vector<PlannedProblem> rows;  // those of a scene are neighbours
};

// Problems of different kinds about each scene; `name` names the streams.
Plan plan_problems(const ReasoningOptions& options, std::int64_t count, const std::string& name) {
  Plan plan;
  while (static_cast<std::int64_t>(plan.rows.size()) < count) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "reasoning/" + name + "/" + std::to_string(plan.scenes.size()));
    const Scene scene = draw_scene({}, random);
    std::vector<double> sizes;
    for (const Author& author : authors()) sizes.push_back(author.size);
    const std::size_t author = random.weighted(sizes);
    const auto kinds = random.sample_indices(kProblemKinds, kProblemsPerScene);
    for (const std::size_t kind : kinds) {
      if (static_cast<std::int64_t>(plan.rows.size()) == count) break;
      plan.rows.push_back({plan.scenes.size(), author,
                           pose(scene, static_cast<ProblemKind>(kind), random), Corruption::none});
    }
    plan.scenes.push_back(scene);
  }
  return plan;
}

// Exactly the share of the rows, spread over the authors by their weights.
void corrupt(Plan& plan, const ReasoningOptions& options) {
  std::vector<double> weights;
  std::vector<std::vector<std::size_t>> rows(authors().size());
  for (const Author& author : authors()) weights.push_back(author.wrong);
  for (std::size_t i = 0; i < plan.rows.size(); ++i) rows[plan.rows[i].author].push_back(i);
  std::vector<std::int64_t> counts;
  for (const auto& own : rows) counts.push_back(static_cast<std::int64_t>(own.size()));
  const auto probabilities = spread(options.wrong_share, weights, counts, "wrong_share");
  for (std::size_t author = 0; author < rows.size(); ++author) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        std::string("reasoning/corruption/") + authors()[author].name);
    random.shuffle(rows[author]);
    const auto wanted = static_cast<std::size_t>(
        std::llround(probabilities[author] * static_cast<double>(rows[author].size())));
    for (std::size_t i = 0; i < wanted; ++i) {
      // misread, miscalculated, miscopied
      plan.rows[rows[author][i]].corruption =
          static_cast<Corruption>(1 + random.weighted({0.5, 0.3, 0.2}));
    }
  }
}

void write_images(const Plan& plan, const Style& style, const std::string& title,
                  const fs::path& folder, const std::function<std::string(std::size_t)>& path_of) {
  Progress progress("reasoning world: " + title, static_cast<std::int64_t>(plan.scenes.size()),
                    "media");
  for (std::size_t i = 0; i < plan.scenes.size(); i += kFilesPerFolder) {
    winnow::create_directories((folder / path_of(i)).parent_path());
  }
  parallel_for(plan.scenes.size(), [&](std::size_t i) {
    write_picture(folder / path_of(i), render(plan.scenes[i], style).front());
    progress.advance();
  });
}

Style pool_style(const ReasoningOptions& options) {
  RandomStream random(static_cast<std::uint64_t>(options.seed), "reasoning/style");
  return Style::draw(random, options.style_strength);
}

std::string numbered(const std::string& name, std::size_t i) {
  return fmt::format("{}/{:03}/{:06}.png", name, i / kFilesPerFolder, i);
}

void write_questions(const std::string& name, const ReasoningOptions& options, std::int64_t count,
                     const Style& style, bool rephrased, const fs::path& folder) {
  const Plan plan = plan_problems(options, count, name);
  write_images(plan, style, name, folder, [&](std::size_t i) { return numbered(name, i); });
  std::string lines;
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const Problem& problem = plan.rows[i].problem;
    RandomStream random(static_cast<std::uint64_t>(options.seed), "reasoning/solution");
    std::string answer;
    const std::string solution = solve(problem, Corruption::none, true, random, answer);
    lines +=
        json::serialize(json::object{{"id", fmt::format("{}-{:05}", name, i)},
                                     {"image", numbered(name, plan.rows[i].scene)},
                                     {"question", rephrased ? problem.rephrased : problem.text},
                                     {"candidates", json::value_from(problem.candidates())},
                                     {"answer", answer},
                                     {"solution", solution},
                                     {"subtask", to_string(problem.kind)},
                                     {"duration", 0}}) +
        "\n";
  }
  write_plain(folder / (name + ".jsonl"), lines);
}

}  // namespace

WorldSummary write_reasoning_pool(const ReasoningOptions& options, const fs::path& folder) {
  WorldSummary summary;
  Plan plan = plan_problems(options, options.questions, "pool");
  corrupt(plan, options);
  const fs::path pool = folder / "pool";
  write_images(plan, pool_style(options), "pool", pool,
               [](std::size_t i) { return numbered("images", i); });
  summary.images = static_cast<std::int64_t>(plan.scenes.size());
  // Rows in random order and ids after it, so that neither tells anything about a row.
  std::vector<std::size_t> order(plan.rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  RandomStream(static_cast<std::uint64_t>(options.seed), "reasoning/rows").shuffle(order);
  std::string lines, labels;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const PlannedProblem& row = plan.rows[order[place]];
    const Author& author = authors()[row.author];
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "reasoning/solution/" + std::to_string(order[place]));
    HiddenLabel label;
    label.id = fmt::format("reasoning-{:06}", place);
    label.source = author.name;
    label.type = to_string(row.problem.kind);
    label.wrong = to_string(row.corruption);
    std::string given;
    const std::string solution = solve(row.problem, row.corruption, author.upwards, random, given);
    solve(row.problem, Corruption::none, true, random, label.true_answer);
    const auto turn = [](const char* speaker, const std::string& text) {
      return json::object{{"role", speaker}, {"content", text}};
    };
    lines += json::serialize(
                 json::object{{"id", label.id},
                              {"data_source", author.name},
                              {"images", json::array{json::string(numbered("images", row.scene))}},
                              {"messages", json::array{turn("user", "<image>\n" + row.problem.text),
                                                       turn("assistant", solution)}}}) +
             "\n";
    labels += to_json_line(label);
    summary.labels.push_back(std::move(label));
  }
  write_plain(pool / "problems.jsonl", lines);
  write_plain(folder / "labels.jsonl", labels);
  return summary;
}

void write_reasoning_benchmark(const ReasoningOptions& options, const std::string& part,
                               const fs::path& folder) {
  const std::vector<std::string> names = {"internal", "external", "held_out"};
  if (std::find(names.begin(), names.end(), part) == names.end()) {
    throw ConfigError("the reasoning world has no benchmark '" + part + "'." +
                      suggestion(part, names));
  }
  const bool external = part == "external";
  write_questions(part, options, options.questions_per_benchmark,
                  external ? Style{} : pool_style(options), external, folder);
}

WorldSummary write_reasoning_world(const ReasoningOptions& options, const fs::path& folder) {
  WorldSummary summary = write_reasoning_pool(options, folder);
  winnow::create_directories(folder / "benchmarks");
  for (const char* name : {"internal", "external"}) {
    write_reasoning_benchmark(options, name, folder / "benchmarks");
    summary.benchmark_questions[name] = options.questions_per_benchmark;
  }
  return summary;
}

void write_reasoning_held_out(const ReasoningOptions& options, std::int64_t questions,
                              const fs::path& folder) {
  ReasoningOptions own = options;
  own.questions_per_benchmark = questions;
  write_reasoning_benchmark(own, "held_out", folder);
}

}  // namespace winnow::micro_world
