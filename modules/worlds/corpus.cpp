#include <cassert>
#include <string>

#include "core/errors.h"
#include "worlds/caption.h"
#include "worlds/micro_world.h"
#include "worlds/mixture.h"
#include "worlds/reasoning.h"

namespace winnow::micro_world {
namespace {

std::size_t scenes_for(std::int64_t samples, std::int64_t per_scene) {
  return static_cast<std::size_t>((samples + per_scene - 1) / per_scene);
}

}  // namespace

SceneRequest draw_clip_request(int frames, RandomStream& random, double motion_weight) {
  SceneRequest request;
  request.frames = frames;
  // quiet, motion, sequence, cumulative, flash
  request.event = static_cast<Event>(random.weighted({0.2, 0.28 * motion_weight, 0.2, 0.1, 0.22}));
  request.may_pan = random.chance(0.5);
  return request;
}

CleanCorpus::CleanCorpus(const CleanCorpusOptions& options)
    : options_(options),
      image_scenes_(scenes_for(options.images, options.questions_per_scene)),
      video_scenes_(scenes_for(options.videos, options.questions_per_scene)) {
  if (options.long_video_share + options.ultra_video_share > 1) {
    throw ConfigError("long_video_share and ultra_video_share add up to " +
                      std::to_string(options.long_video_share + options.ultra_video_share) +
                      "; at most 1 is possible");
  }
  for (const auto& [name, weight] : options.question_weights) {
    const std::optional<QuestionType> type = question_type(name);
    if (!type) throw ConfigError("question_weights." + name + ": no kind of question");
    if (!(weight > 0)) {
      throw ConfigError("question_weights." + name + " = " + std::to_string(weight) +
                        "; expected a number above 0");
    }
    weights_[*type] = weight;
  }
}

std::size_t CleanCorpus::size() const {
  return static_cast<std::size_t>(options_.images + options_.videos);
}

std::size_t CleanCorpus::scenes() const {
  return image_scenes_ + video_scenes_ + static_cast<std::size_t>(options_.problem_scenes);
}

std::size_t CleanCorpus::scene_of(std::size_t index) const {
  assert(index < size());
  const auto images = static_cast<std::size_t>(options_.images);
  const auto per_scene = static_cast<std::size_t>(options_.questions_per_scene);
  return index < images ? index / per_scene : image_scenes_ + (index - images) / per_scene;
}

std::string CleanCorpus::id_of(std::size_t scene) const {
  return "base-" + std::to_string(options_.seed) + "-" + std::to_string(scene);
}

void CleanCorpus::show(const Scene& scene, RandomStream& random, ImaginedScene& imagined) const {
  Style style;
  if (options_.augmentation > 0)
    style = Style::draw(random, options_.augmentation * random.uniform());
  imagined.frames = render(scene, style);
  imagined.truth = truth_of(scene);
}

ImaginedScene CleanCorpus::problem_scene(std::size_t index) const {
  ImaginedScene imagined;
  imagined.id = id_of(index);
  RandomStream random(static_cast<std::uint64_t>(options_.seed),
                      "world/base/problems/" + std::to_string(index));
  const Scene scene = draw_scene({}, random);
  show(scene, random, imagined);
  for (const std::size_t kind : random.sample_indices(kProblemKinds, kProblemsPerScene)) {
    const Problem problem = pose(scene, static_cast<ProblemKind>(kind), random);
    Question question;
    question.type = QuestionType::count;
    question.text = random.chance(0.5) ? problem.text : problem.rephrased;
    // As often in words of its own as in the pool's, and now and then the answer alone.
    question.answer = solve(problem, static_cast<Wording>(random.weighted({0.4, 0.4, 0.2})));
    imagined.questions.push_back(std::move(question));
  }
  return imagined;
}

ImaginedScene CleanCorpus::scene(std::size_t index) const {
  assert(index < scenes());
  if (index >= image_scenes_ + video_scenes_) return problem_scene(index);
  ImaginedScene imagined;
  imagined.id = id_of(index);
  RandomStream random(static_cast<std::uint64_t>(options_.seed),
                      "world/base/" + std::to_string(index));
  SceneRequest request;
  if (index >= image_scenes_) {
    const std::size_t length =
        random.weighted({1 - options_.long_video_share - options_.ultra_video_share,
                         options_.long_video_share, options_.ultra_video_share});
    request = draw_clip_request(kEventFrames * static_cast<int>(1 + length), random,
                                options_.motion_weight);
  }
  // A scene without enough different questions to ask is drawn again.
  while (true) {
    const Scene scene = draw_scene(request, random);
    const int wanted = static_cast<int>(options_.questions_per_scene);
    imagined.questions = weights_.empty() ? ask_several(scene, wanted, random)
                                          : ask_weighted(scene, wanted, weights_, random);
    if (imagined.questions.size() < static_cast<std::size_t>(wanted)) continue;
    show(scene, random, imagined);
    if (RandomStream(static_cast<std::uint64_t>(options_.seed),
                     "world/base/caption/" + std::to_string(index))
            .chance(options_.caption_share)) {
      imagined.caption = caption_of(scene, options_.caption_comparisons);
    }
    return imagined;
  }
}

Sample CleanCorpus::conversation_of(const ImaginedScene& scene) const {
  Sample sample;
  sample.id = scene.id;
  sample.source = "base";
  for (const Question& question : scene.questions) {
    const std::string medium = sample.turns.empty() ? std::string(kMediaPlaceholder) + "\n" : "";
    sample.turns.push_back({Turn::Role::user, medium + question.text});
    sample.turns.push_back({Turn::Role::assistant, question.answer});
  }
  if (!scene.caption.empty()) {
    const std::string medium = sample.turns.empty() ? std::string(kMediaPlaceholder) + "\n" : "";
    sample.turns.push_back({Turn::Role::user, medium + kCaptionRequest});
    sample.turns.push_back({Turn::Role::assistant, scene.caption});
  }
  Media media;
  media.kind = scene.frames.size() == 1 ? Media::Kind::image : Media::Kind::frames;
  for (std::size_t frame = 0; frame < scene.frames.size(); ++frame) {
    media.paths.push_back("imagined/" + scene.id + "/" + std::to_string(frame));
  }
  if (media.kind == Media::Kind::frames) media.frames_per_second = kFramesPerSecond;
  sample.media = {media};
  return sample;
}

Sample CleanCorpus::sample_of(const ImaginedScene& scene, std::size_t question) const {
  ImaginedScene single{scene.id, scene.frames, scene.truth, {scene.questions.at(question)}, {}};
  Sample sample = conversation_of(single);
  sample.id += "-" + std::to_string(question);
  return sample;
}

ImaginedSample CleanCorpus::at(std::size_t index) const {
  ImaginedScene imagined = scene(scene_of(index));
  const auto images = static_cast<std::size_t>(options_.images);
  const std::size_t question = (index < images ? index : index - images) %
                               static_cast<std::size_t>(options_.questions_per_scene);
  ImaginedSample result;
  result.sample = sample_of(imagined, question);
  result.question = imagined.questions[question];
  result.frames = {std::move(imagined.frames)};
  result.truth = std::move(imagined.truth);
  return result;
}

}  // namespace winnow::micro_world
