#include "experiments/program/generate_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <ostream>
#include <utility>

#include "config/compose.h"
#include "config/read.h"
#include "core/errors.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/stages/setting.h"
#include "media/frames.h"
#include "models/model_family.h"

namespace winnow {
namespace {

// KEY=VALUE, +KEY=VALUE or ~KEY. A question has a space or another such character before its first
// equals sign, or none.
bool is_override(const std::string& word) {
  if (word.starts_with('~')) return word.find(' ') == std::string::npos;
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](unsigned char character) {
                       return std::isalnum(character) != 0 ||
                              std::string_view("_.+@/-\"").find(static_cast<char>(character)) !=
                                  std::string_view::npos;
                     });
}

std::pair<std::string, std::vector<std::string>> question_and_overrides(
    const std::vector<std::string>& words) {
  std::vector<std::string> overrides, questions;
  for (const std::string& word : words) (is_override(word) ? overrides : questions).push_back(word);
  if (questions.empty()) {
    throw ConfigError(
        "there is no question; write it in quotes: winnow generate model.path=FOLDER "
        "--image a.png \"What is this?\"");
  }
  if (questions.size() > 1) {
    throw ConfigError(fmt::format("one question is wanted, in quotes; these are {}: '{}' and '{}'",
                                  questions.size(), questions[0], questions[1]));
  }
  return {questions.front(), overrides};
}

Sample sample_of(const GenerateRequest& request, const std::string& question) {
  Sample sample;
  sample.id = "question";
  sample.media = request.media;
  if (!request.system.empty()) sample.turns.push_back({Turn::Role::system, request.system});
  std::string text;
  for (std::size_t i = 0; i < request.media.size(); ++i) text += kMediaPlaceholder;
  // A placeholder in the question would ask for a medium that is not there.
  if (question.find(kMediaPlaceholder) != std::string::npos) {
    throw ConfigError(fmt::format("the question holds '{}'; name media with --image and --video",
                                  kMediaPlaceholder));
  }
  sample.turns.push_back({Turn::Role::user, text + question});
  sample.turns.push_back({Turn::Role::assistant, ""});
  return sample;
}

}  // namespace

int generate_command(const GenerateRequest& request, std::ostream& out) {
  const auto [question, overrides] = question_and_overrides(request.words);
  const config::Value config = config::compose({request.directories, "generate", overrides});
  config::check_known_keys(config, {"model", "sampling", "run"});
  const auto family = models().create(config.at("model"), "model");
  const SamplingOptions sampling = read_sampling(config, family->published_sampling());
  if (!family->pretrained()) {
    throw ConfigError(
        "the model has no trained weights: name a checkpoint folder, model.path=FOLDER");
  }
  const Sample sample = sample_of(request, question);
  if (request.prepare) request.prepare(config);

  // Media first: a mistake there is found before gigabytes of weights are read.
  std::vector<Frames> decoded;
  for (const Media& medium : request.media) decoded.push_back(decode(medium, sampling));
  const std::unique_ptr<VisionLanguageModel> model = family->load(*family->pretrained());
  std::vector<PreprocessedMedium> media;
  for (const Frames& frames : decoded) media.push_back(model->preprocess(frames));
  const torch::NoGradGuard no_gradients;
  const auto prefix = model->prefill({model->input(sample, model->encode_vision(media))});
  RandomStream stream(request.seed, "generate");
  const bool ended =
      model->stream_answer(*prefix, {request.temperature, request.top_p}, request.maximum_tokens,
                           stream, [&](std::string_view piece) { out << piece << std::flush; });
  out << '\n';
  if (!ended) {
    fmt::print(stderr, "cut off after {} tokens (--maximum-tokens)\n", request.maximum_tokens);
  }
  return 0;
}

namespace {

class GenerateCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.words("words", request_.words, "the question in quotes, and overrides as for run");
    arguments.repeated(
        {{"--image", "an image; may be repeated"}, {"--video", "a clip; may be repeated"}}, media_);
    arguments.option("--system", request_.system, "text of a system turn");
    arguments.option("--temperature", request_.temperature, "0: the likeliest token each time",
                     config::at_least(0));
    arguments.option("--top-p", request_.top_p, "draw from the likeliest tokens of this mass",
                     config::between(1e-6, 1));
    arguments.option("--maximum-tokens", request_.maximum_tokens, "the answer ends here at last",
                     config::at_least(1));
    arguments.option("--seed", request_.seed, "of what is drawn");
    configs_.declare_folders(arguments);
  }

  int run(std::ostream& out) override {
    for (const auto& [option, path] : media_) {
      Media medium;
      medium.kind = option == "--image" ? Media::Kind::image : Media::Kind::video;
      medium.paths = {std::filesystem::absolute(path)};
      request_.media.push_back(std::move(medium));
    }
    request_.directories = configs_.folders();
    request_.prepare = apply_run_options;
    return generate_command(request_, out);
  }

 private:
  std::vector<std::pair<std::string, std::string>> media_;  // option and path, in order
  GenerateRequest request_;
  ConfigArguments configs_;
};

const bool registered = add_command<GenerateCommand>(
    "generate",
    "ask a model: winnow generate model=qwen3_vl model.path=FOLDER --image a.png \"...\"");

}  // namespace
}  // namespace winnow
