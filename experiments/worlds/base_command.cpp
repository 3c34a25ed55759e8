// `winnow base make`: trains a base from nothing and keeps it, for worlds that it has not seen.
// Prints the digest of each of its files.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <ostream>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "models/model_family.h"
#include "models/safetensors.h"
#include "pool/pool_source.h"
#include "trainers/base_trainer.h"

namespace winnow {

// The top of configs/base_make.toml.
struct BaseMakeOptions {
  std::string output;
  std::int64_t seed = 0;
};
BOOST_DESCRIBE_STRUCT(BaseMakeOptions, (), (output, seed))
inline config::Help help(const BaseMakeOptions&) {
  return {{"output", "the folder that is made; what a stopped run needs lies beside it"},
          {"seed", "of the scenes it learns from, and of its weights", config::at_least(0)}};
}

namespace {

namespace fs = std::filesystem;

// What generated pools say: words that a base which serves all worlds should have as tokens.
std::vector<std::string> words_of_pools(std::uint64_t seed, const fs::path& folder) {
  const config::Origin origin{"winnow base make", 0};
  std::vector<std::string> texts;
  for (const char* type : {"micro_world", "micro_reasoning"}) {
    config::Value table;
    table.set("type", {std::string(type), origin});
    table.set("questions", {std::int64_t{2000}, origin});
    const std::unique_ptr<PoolSource> source = pools().create(table, "pool");
    const fs::path own = folder / type;
    fs::remove_all(own);
    winnow::create_directories(own);
    source->make(seed, own);
    const Pool pool = source->open(own);
    for_each_sample(pool, [&](std::size_t, const Sample& sample) {
      for (const Turn& turn : sample.turns) texts.push_back(turn.text);
    });
    fs::remove_all(own);
  }
  return texts;
}

// Half the size; what is loaded from it is a float32 model all the same.
void shorten_weights(const fs::path& file) {
  std::map<std::string, torch::Tensor> tensors = read_safetensors(file);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(torch::kBFloat16);
  write_safetensors(file, tensors);
}

class BaseMakeCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    arguments.footer([] {
      return overview_of_command({{"model", models().names()}, {"base", base_trainers().names()}},
                                 config::describe<BaseMakeOptions>());
    });
  }

  int run(std::ostream& out) override {
    const config::Value config = configs_.compose("base_make", configs_.overrides());
    const auto options =
        config::bind<BaseMakeOptions>(config, "", {"model", "base", "run", "sampling"});
    if (options.output.empty()) {
      config::fail_value(config.at("output"), "output", "expected a folder, as in output=FOLDER");
    }
    config::Value untrained = config.at("model");
    untrained.erase("path");
    const auto family = models().create(untrained, "model");
    const auto trainer = base_trainers().create(config.at("base"), "base");
    apply_run_options(config);
    const fs::path folder = fs::absolute(options.output).lexically_normal();
    if (fs::exists(folder)) throw ConfigError(folder.string() + " is there already (output)");
    const fs::path resume = folder.string() + ".training";
    const auto seed = static_cast<std::uint64_t>(options.seed);
    const auto began = std::chrono::steady_clock::now();
    winnow::create_directories(resume);
    const std::unique_ptr<VisionLanguageModel> model =
        trainer->train({*family, words_of_pools(seed, resume), seed, resume});
    PendingDirectory pending(folder);
    model->save(pending.path());
    shorten_weights(pending.path() / "model.safetensors");
    pending.commit();
    fs::remove_all(resume);
    const double minutes =
        std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - began)
            .count();
    std::set<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) files.insert(entry);
    for (const fs::path& file : files) {
      out << fmt::format("{}  {}\n", digest_of_file(file),
                         (folder.filename() / file.filename()).string());
    }
    spdlog::info("{}: trained in {:.1f} minutes", folder.string(), minutes);
    return 0;
  }

 private:
  ConfigArguments configs_;
};

const bool registered = add_command<BaseMakeCommand>(
    "base make", "a base model that is trained once and kept: winnow base make output=FOLDER");

}  // namespace
}  // namespace winnow
