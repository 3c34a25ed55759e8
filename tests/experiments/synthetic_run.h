#pragma once
// Folders of runs as `winnow run` leaves them, without running anything.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/read.h"
#include "core/files.h"
#include "core/random.h"
#include "experiments/runs/run_record.h"

namespace winnow::testing_support {

struct SyntheticMethod {
  std::string name, role = "method";
  double accuracy = 0.5;
  double cpu_seconds = 10.0;
};

struct SyntheticRun {
  std::vector<std::string> overrides = {"experiment=table1"};
  std::string config = "budget = 60\n[trainer]\nlearning_rate = 0.001\n";
  std::string config_file = "configs/experiment/table1.toml";
  std::vector<std::uint64_t> seeds = {1, 2};
  std::vector<std::uint64_t> worlds = {100};  // seed i is trained in world i, one after the other
  std::vector<SyntheticMethod> methods = {{"base", "base", 0.3, 0.0},
                                          {"uniform", "reference", 0.5, 100.0},
                                          {"good", "method", 0.8, 20.0}};
  std::map<std::string, std::size_t> questions = {{"long", 30}, {"short", 40}};
  std::string base_digest = "b0", pool_digest = "p0";
  std::vector<std::string> stages = {"training/aa"};
  bool finished = true;
};

// Answers are drawn by method, seed and question, so that equal ones are equal in every run.
inline void write_run(const std::filesystem::path& folder, const SyntheticRun& run) {
  namespace json = boost::json;
  {
    RunRecord record(folder, run.overrides, config::parse_toml(run.config, run.config_file));
    for (const std::string& stage : run.stages) {
      note_used_stage(stage.substr(0, stage.find('/')), stage.substr(stage.find('/') + 1));
    }
    if (!run.finished) {
      record.fail("it was made to fail");
      return;
    }
    record.finish();
  }
  std::string questions, scores;
  json::array worlds, runs, methods;
  for (const std::uint64_t world : run.worlds) {
    for (const auto& [benchmark, count] : run.questions) {
      json::array list;
      for (std::size_t q = 0; q < count; ++q) {
        list.push_back(json::array{fmt::format("{}-{}-{}", world, benchmark, q),
                                   q % 2 == 0 ? "colour" : "count"});
      }
      questions += json::serialize(json::object{{"world", world},
                                                {"benchmark", benchmark},
                                                {"weight", 1.0},
                                                {"average", "questions"},
                                                {"questions", list}}) +
                   "\n";
    }
    worlds.push_back({{"seed", world}, {"world", run.pool_digest}, {"base", run.base_digest}});
  }
  for (const SyntheticMethod& method : run.methods) {
    double right = 0.0, asked = 0.0;
    for (std::size_t s = 0; s < run.seeds.size(); ++s) {
      const std::uint64_t world = run.worlds[s % run.worlds.size()];
      for (const std::int64_t samples : {30, 60}) {
        for (const auto& [benchmark, count] : run.questions) {
          RandomStream random(run.seeds[s], fmt::format("{} {} {}", method.name, benchmark, world));
          std::string correct;
          for (std::size_t q = 0; q < count; ++q) {
            const bool is_right = random.chance(samples == 60 ? method.accuracy : 0.1);
            correct += is_right ? '1' : '0';
            if (samples == 60) right += is_right ? 1.0 / static_cast<double>(count) : 0.0;
          }
          if (samples == 60) asked += 1.0;
          scores += json::serialize(json::object{{"method", method.name},
                                                 {"seed", run.seeds[s]},
                                                 {"world", world},
                                                 {"samples", samples},
                                                 {"benchmark", benchmark},
                                                 {"correct", correct}}) +
                    "\n";
        }
      }
      runs.push_back({{"method", method.name},
                      {"seed", run.seeds[s]},
                      {"world_seed", world},
                      {"subset", "s-" + method.name},
                      {"weights", fmt::format("w-{}-{}", method.name, run.seeds[s])},
                      {"rows", 60},
                      {"measuring_cpu_seconds", 0.0},
                      {"selection_cpu_seconds", 0.0},
                      {"training_cpu_seconds", method.cpu_seconds}});
    }
    json::object numbers{{"name", method.name},
                         {"label", method.name},
                         {"role", method.role},
                         {"rows", 60},
                         {"average", 100.0 * right / asked},
                         {"spread", 1.0},
                         {"difference", nullptr},
                         {"selection_cpu_seconds", 0.0},
                         {"training_cpu_seconds", method.cpu_seconds}};
    if (method.role != "reference") {
      numbers["difference"] = {{"value", 1.5}, {"low", -1.0}, {"high", 4.0}};
    }
    methods.push_back(std::move(numbers));
  }
  const auto write = [&](const char* name, const json::value& value) {
    write_file(folder / name, json::serialize(value) + "\n");
  };
  write_file(folder / kQuestionsFile, questions);
  write_file(folder / kScoresFile, scores);
  write(kNumbersFile, json::object{{"cpu_seconds", 321.0}, {"methods", methods}});
  write(kProvenanceFile,
        json::object{{"commit", "c0"}, {"libtorch", "1.13.0"}, {"worlds", worlds}, {"runs", runs}});
}

}  // namespace winnow::testing_support
