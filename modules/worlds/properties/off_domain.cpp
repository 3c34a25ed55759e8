#include <fmt/format.h>

#include <optional>

#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

// Mean of the background's channels; grounds near the border are not asked about.
constexpr float kDarkBelow = 0.23f, kBrightAbove = 0.31f;

struct OtherQuestion {
  std::string type;
  Question question;
};

OtherQuestion make(const std::string& type, std::string text, std::vector<std::string> candidates,
                   std::string answer, RandomStream& random) {
  OtherQuestion other{type, {}};
  random.shuffle(candidates);
  other.question.text = std::move(text);
  other.question.candidates = std::move(candidates);
  other.question.answer = std::move(answer);
  return other;
}

std::optional<OtherQuestion> ask_background(const Scene& scene, RandomStream& random) {
  if (scene.backgrounds.size() != 1) return std::nullopt;
  const cv::Vec3f& colour = scene.backgrounds[0].colour;
  const float level = (colour[0] + colour[1] + colour[2]) / 3;
  if (level > kDarkBelow && level < kBrightAbove) return std::nullopt;
  return make("background",
              random.choose(std::vector<std::string>{"Is the ground dark or bright?",
                                                     "Dark or bright: how is the ground?"}),
              {"dark", "bright"}, level < kDarkBelow ? "dark" : "bright", random);
}

std::optional<OtherQuestion> ask_medium(const Scene& scene, RandomStream& random) {
  return make("medium",
              random.choose(std::vector<std::string>{"Is this a picture or a clip?",
                                                     "Picture or clip: what is this?"}),
              {"picture", "clip"}, scene.frames == 1 ? "picture" : "clip", random);
}

std::optional<OtherQuestion> ask_arithmetic(const Scene& /*scene*/, RandomStream& random) {
  const std::vector<std::string>& words = number_words();
  const auto sum = static_cast<std::size_t>(random.integer(2, 4));
  const auto first =
      static_cast<std::size_t>(random.integer(1, static_cast<std::int64_t>(sum) - 1));
  return make("arithmetic",
              fmt::format("The caption says {} of one kind and {} of another. How many in all?",
                          words[first], words[sum - first]),
              {words[1], words[2], words[3], words[4]}, words[sum], random);
}

class OffDomain : public Property {
 public:
  std::string help() const override {
    return "it asks, truthfully answered, what no benchmark asks: about the ground, the medium or "
           "a "
           "sum in a caption";
  }
  unsigned parts() const override { return kSkill | kScene; }
  bool plant(std::size_t row, const Planting& planting) const override {
    PlannedRow& planned = planting.plan.rows[row];
    const Scene& scene = planting.scene_of(planned);
    using Ask = std::optional<OtherQuestion> (*)(const Scene&, RandomStream&);
    std::vector<Ask> kinds = {ask_background, ask_medium, ask_arithmetic};
    planting.random.shuffle(kinds);
    for (const Ask kind : kinds) {
      std::optional<OtherQuestion> other = kind(scene, planting.random);
      if (!other || planting.is_asked(other->question.text, row)) continue;
      planned.other_type = other->type;
      planting.ask(planned, std::move(other->question));
      return true;
    }
    return false;
  }
};

const bool registered = add_property<OffDomain>("off_domain");

}  // namespace
}  // namespace winnow::micro_world
