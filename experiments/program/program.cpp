#include "experiments/program/program.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>

#include "config/compose.h"
#include "config/print.h"
#include "config/read.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/logging.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/program/doctor.h"
#include "experiments/program/explain_command.h"
#include "experiments/program/generate_command.h"
#include "experiments/gdo_release/merge_command.h"
#include "experiments/program/pool_commands.h"
#include "experiments/stages/recipe.h"
#include "experiments/program/runtime.h"
#include "experiments/program/select_command.h"
#include "experiments/comparison/world.h"
#include "experiments/program/world_commands.h"
#include "pool/pool.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

struct CommandLine {
  std::vector<std::string> overrides;
  std::vector<fs::path> configs;
  fs::path results = fs::path(WINNOW_SOURCE_DIR) / "results";
  bool sweep = false, fresh = false;
  std::string kind, name;

  std::vector<fs::path> directories() const {
    std::vector<fs::path> all = configs;
    all.push_back(fs::path(WINNOW_SOURCE_DIR) / "configs");
    return all;
  }
  config::Value compose(const std::vector<std::string>& chosen) const {
    return config::compose({directories(), "winnow", chosen});
  }
};

// The recipe of a composed config, which has then read all of it without complaint.
std::unique_ptr<Recipe> checked_recipe(const config::Value& config) {
  std::unique_ptr<Recipe> recipe = recipes().create(config.at("recipe"), "recipe");
  recipe->check(config);
  return recipe;
}

void apply_run_options(const config::Value& config) {
  const config::Value* table = config.child("run");
  const auto options = table == nullptr ? RunOptions{} : config::bind<RunOptions>(*table, "run");
  set_up_logging(options.log_level);
  set_worker_count(static_cast<std::size_t>(options.workers));
  Progress::set_enabled(options.progress);
}

int run_experiments(const CommandLine& line) {
  const auto runs = line.sweep ? config::expand_sweep(line.overrides)
                               : std::vector<std::vector<std::string>>{line.overrides};
  // All runs of a sweep are checked before the first one starts.
  std::vector<config::Value> configs;
  std::vector<std::unique_ptr<Recipe>> checked;
  for (const auto& overrides : runs) {
    configs.push_back(line.compose(overrides));
    if (configs.back().child("recipe") == nullptr) {
      std::string known;
      for (const auto& [group, options] : config::list_groups(line.directories())) {
        if (group != "experiment") continue;
        for (const std::string& option : options) known += (known.empty() ? "" : ", ") + option;
      }
      throw ConfigError("no experiment is chosen; write experiment=NAME. Known: " + known + ".");
    }
    checked.push_back(checked_recipe(configs.back()));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    apply_run_options(configs[i]);
    const std::string name = run_name(runs[i]);
    if (runs.size() > 1) {
      std::cout << (i == 0 ? "" : "\n") << "=== " << name << " ===\n" << std::flush;
    }
    checked[i]->run({name, configs[i], fs::absolute(line.results), line.fresh});
  }
  return 0;
}

int print_composed(const CommandLine& line) {
  const config::Value composed = line.compose(line.overrides);
  if (composed.child("recipe") != nullptr) checked_recipe(composed);
  std::cout << config::print_config(composed);
  return 0;
}

int print_list(const CommandLine& line) {
  std::cout << config::print_component_list(line.kind, line.name);
  if (line.kind.empty()) {
    std::cout << "\nGroups (folders of configs/) and their options:\n"
              << config::print_groups(line.directories());
  }
  return 0;
}

std::string overview(const CommandLine& line) {
  return "Overrides choose options of groups and set values: experiment=table1 scale=smoke\n"
         "trainer.learning_rate=1e-4 +key=new ~key. See configs/README.md.\n\nGroups:\n" +
         config::print_groups(line.directories()) +
         "\nOptions of the table run (run.KEY=VALUE):\n" +
         config::print_options(config::describe<RunOptions>());
}

// `winnow pool check|show|make`.
class PoolCommands {
 public:
  PoolCommands(CLI::App& app, int& status) {
    CLI::App* pool = app.add_subcommand("pool", "look at a pool, or make one");
    pool->require_subcommand(1);
    CLI::App* check = pool->add_subcommand("check", "what is in a pool, and its bad rows");
    reads_pool(check);
    check->add_flag("--json", json_, "one JSON object instead of text");
    check->add_option("--ledger", ledger_, "write all bad rows to this file, one JSON object each");
    check
        ->add_option("--maximum-bad-share", maximum_bad_share_,
                     "share of bad rows above which the check fails")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    check->callback([this, &status] {
      const Pool read = read_pool();
      if (!ledger_.empty()) write_ledger(read, ledger_);
      status = pool_check(read, std::cout, json_);
      const std::size_t bad = read.ledger().size(), rows = bad + read.samples().size();
      if (static_cast<double>(bad) > maximum_bad_share_ * static_cast<double>(rows)) {
        std::cout.flush();
        throw DataError(
            fmt::format("{} of {} rows are bad, a larger share than {} "
                        "(--maximum-bad-share)",
                        bad, rows, maximum_bad_share_));
      }
    });

    CLI::App* show = pool->add_subcommand("show", "one sample as it was read");
    show->add_option("id", id_, "the sample")->required();
    reads_pool(show);
    show->callback([this, &status] {
      options_.check_media = false;
      status = pool_show(read_pool(), id_, std::cout);
    });

    CLI::App* make = pool->add_subcommand("make", "write a micro world");
    make->add_option("folder", folder_, "a folder that is not there yet")->required();
    make->add_option("options", make_options_, "KEY=VALUE: see `winnow list world micro_world`");
    make->callback([this, &status] {
      config::Value table;
      for (const std::string& text : make_options_) {
        const config::Override change = config::parse_override(text);
        table.set(change.key, config::parse_value(change.value, change.key, {"command line", 0}));
      }
      status = make_world_command(config::bind<micro_world::MicroWorldOptions>(table, "world"),
                                  folder_, std::cout);
    });
  }

 private:
  void reads_pool(CLI::App* command) {
    command->add_option("files", options_.files,
                        "JSONL files; without them the pool of the newest world in results/");
    command->add_option("--media-root", options_.media_root,
                        "folder of relative media paths; by default each file's own");
  }

  Pool read_pool() {
    if (options_.files.empty()) {
      const fs::path world = newest_world(fs::path(WINNOW_SOURCE_DIR) / "results" / "stages");
      if (world.empty()) throw ConfigError("there is no world in results/ yet; name pool files");
      fmt::print(stderr, "pool of {}\n", world.string());
      options_.files = pool_files(world);
    }
    options_.maximum_bad_share = 1.0;
    return Pool::read(options_);
  }

  PoolOptions options_;
  bool json_ = false;
  double maximum_bad_share_ = PoolOptions{}.maximum_bad_share;
  fs::path ledger_, folder_;
  std::string id_;
  std::vector<std::string> make_options_;
};

// `winnow generate`.
class GenerateCommand {
 public:
  GenerateCommand(CLI::App& app, const CommandLine& line, int& status) {
    command_ = app.add_subcommand(
        "generate",
        "ask a model: winnow generate model=qwen3_vl model.path=FOLDER --image a.png \"...\"");
    command_->add_option("words", request_.words,
                         "the question in quotes, and overrides as for run");
    image_ = command_->add_option("--image", images_, "an image; may be repeated");
    video_ = command_->add_option("--video", videos_, "a clip; may be repeated");
    for (CLI::Option* option : {image_, video_}) option->allow_extra_args(false);
    command_->add_option("--system", request_.system, "text of a system turn");
    command_->add_option("--temperature", request_.temperature, "0: the likeliest token each time")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command_->add_option("--top-p", request_.top_p, "draw from the likeliest tokens of this mass")
        ->check(CLI::Range(1e-6, 1.0))
        ->capture_default_str();
    command_
        ->add_option("--maximum-tokens", request_.maximum_tokens, "the answer ends here at last")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command_->add_option("--seed", request_.seed, "of what is drawn")->capture_default_str();
    command_->callback([this, &line, &status] {
      request_.media = media();
      request_.directories = line.directories();
      request_.prepare = apply_run_options;
      status = generate_command(request_, std::cout);
    });
  }
  CLI::App* command() { return command_; }

 private:
  // Images and clips in the order of the command line.
  std::vector<Media> media() const {
    std::vector<Media> result;
    std::size_t next_image = 0, next_video = 0;
    for (const CLI::Option* option : command_->parse_order()) {
      if (option != image_ && option != video_) continue;
      Media medium;
      medium.kind = option == image_ ? Media::Kind::image : Media::Kind::video;
      medium.paths = {
          fs::absolute(option == image_ ? images_[next_image++] : videos_[next_video++])};
      result.push_back(std::move(medium));
    }
    return result;
  }

  CLI::App* command_;
  CLI::Option *image_, *video_;
  std::vector<fs::path> images_, videos_;
  GenerateRequest request_;
};

int dispatch(int argc, char** argv) {
  CommandLine line;
  int status = 0;
  CLI::App app("winnow chooses training data for vision-language models.", "winnow");
  app.require_subcommand(1);
  app.footer([&] { return overview(line); });
  const auto takes_configs = [&](CLI::App* command) {
    command
        ->add_option("--config-dir", line.configs,
                     "folder of config files that comes before winnow's own; may be repeated")
        ->allow_extra_args(false);
  };

  CLI::App* run = app.add_subcommand("run", "run an experiment: winnow run experiment=table1");
  run->add_option("overrides", line.overrides, "GROUP=OPTION, KEY=VALUE, +KEY=VALUE, ~KEY");
  run->add_flag("-m,--sweep", line.sweep, "sweep: run every combination of a=1,2 b=1..3");
  run->add_flag("--fresh", line.fresh, "compute every stage again");
  run->add_option("--results", line.results, "folder for stages and results")
      ->capture_default_str();
  takes_configs(run);
  run->footer([&] { return overview(line); });
  run->callback([&] { status = run_experiments(line); });

  CLI::App* show = app.add_subcommand("config", "print the composed config with its sources");
  show->add_option("overrides", line.overrides, "as for run");
  takes_configs(show);
  show->callback([&] { status = print_composed(line); });

  CLI::App* list = app.add_subcommand("list", "list components and their options");
  list->add_option("kind", line.kind, "a kind of component: selector, descriptor, ...");
  list->add_option("name", line.name, "a component: prints its options");
  takes_configs(list);
  list->callback([&] { status = print_list(line); });

  const PoolCommands pool_commands(app, status);

  CLI::App* select = app.add_subcommand(
      "select", "rows of a pool's files: winnow select selector=gdo_release output=FOLDER ...");
  select->add_option("overrides", line.overrides, "GROUP=OPTION, KEY=VALUE, +KEY=VALUE, ~KEY");
  select->add_flag("-m,--sweep", line.sweep, "several at once, in one pass: -m goal=temp,diverse");
  takes_configs(select);
  select->callback([&] {
    status = select_command({line.overrides, line.sweep, line.directories(), apply_run_options},
                            std::cout);
  });

  CLI::App* merge = app.add_subcommand("merge", "merge the GDO release's descriptor shards");
  merge->add_option("overrides", line.overrides,
                    "shards=FOLDER output=FOLDER [merge.cluster_k=64 ...]");
  merge->footer("Options:\n" + merge_command_help());
  merge->callback([&] { status = merge_command(line.overrides, std::cout); });

  ExplainRequest explain_request;
  CLI::App* explain =
      app.add_subcommand("explain", "why a run's selections took a sample, or did not");
  explain->add_option("run", explain_request.run, "a run in the folder of results, or a path")
      ->required();
  explain->add_option("sample", explain_request.sample, "id of the sample")->required();
  explain->add_option("--method", explain_request.method, "one method; by default all");
  explain->add_option("--seed", explain_request.seed, "by default the first of each method");
  explain->add_option("--results", line.results, "folder of results")->capture_default_str();
  explain->callback([&] {
    explain_request.results = line.results;
    status = explain_command(explain_request, std::cout);
  });

  GenerateCommand generate(app, line, status);
  takes_configs(generate.command());

  CLI::App* doctor =
      app.add_subcommand("doctor", "what this machine offers, what is slow or missing");
  doctor->callback([&] { status = run_doctor(std::cout, line.results); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::cout.flush();
  if (!std::cout) throw IoError("standard output cannot be written");
  return status;
}

int fail(const std::string& message, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return status;
}

}  // namespace

std::string run_name(const std::vector<std::string>& overrides) {
  std::string experiment = "run", rest;
  for (const std::string& text : overrides) {
    if (text.starts_with("experiment=")) {
      experiment = text.substr(std::string("experiment=").size());
    } else if (!text.starts_with("run.")) {
      rest += "," + text;
    }
  }
  const bool plain = std::all_of(rest.begin(), rest.end(), [](unsigned char character) {
    return std::isalnum(character) != 0 ||
           std::string_view("=,.+-_~@").find(static_cast<char>(character)) !=
               std::string_view::npos;
  });
  constexpr std::size_t longest = 100;
  return experiment +
         (plain && rest.size() <= longest ? rest : "," + digest_of(rest).substr(0, 16));
}

int run_program(int argc, char** argv) {
  try {
    set_up_process();
    return dispatch(argc, argv);
  } catch (const Error& error) {
    return fail(error.what(), error.exit_status());
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory; fewer workers (run.workers=1) need less", 1);
  } catch (const c10::Error& error) {
    return fail("LibTorch: " + std::string(error.what_without_backtrace()), 1);
  } catch (const fs::filesystem_error& error) {
    return fail(error.what(), 1);
  } catch (const std::exception& error) {
    return fail(std::string("this is a fault of winnow: ") + error.what(), 1);
  }
}

}  // namespace winnow
