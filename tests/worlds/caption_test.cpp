#include "worlds/caption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worlds/question.h"

namespace winnow::micro_world {
namespace {

using testing::HasSubstr;
using testing::Not;

SceneObject object_at(int colour, int shape, float x, float y) {
  SceneObject object;
  object.colour = colour;
  object.shape = shape;
  object.position = {x, y};
  object.vanishes = kEventFrames;
  return object;
}

Scene clip(Event event, std::vector<SceneObject> objects) {
  Scene scene;
  scene.event = event;
  scene.frames = kEventFrames;
  scene.objects = std::move(objects);
  return scene;
}

TEST(Caption, NamesEveryObjectRowByRow) {
  SceneObject large = object_at(0, 1, 48, 16);
  large.radius = 10.5f;
  EXPECT_EQ(caption_of(clip(Event::quiet, {large, object_at(2, 0, 16, 16)})),
            "blue circle small top left and red square large top right. two objects.");
}

TEST(Caption, SaysWhereThingsMoveAndHowManyDo) {
  SceneObject mover = object_at(3, 2, 16, 40);
  mover.direction = Direction::up;
  mover.speed = 1.0f;
  mover.steps = 4;
  const std::string caption = caption_of(clip(Event::motion, {object_at(1, 3, 48, 16), mover}));
  EXPECT_THAT(caption, HasSubstr("yellow triangle small bottom left moves up"));
  EXPECT_THAT(caption, HasSubstr("green cross small top right and"));
  EXPECT_THAT(caption, HasSubstr("and one move."));
}

TEST(Caption, KeepsTheOrderInWhichThingsAppear) {
  SceneObject first = object_at(5, 0, 48, 48), second = object_at(4, 1, 16, 16);
  first.vanishes = second.appears = 2;
  second.vanishes = 4;
  EXPECT_EQ(caption_of(clip(Event::sequence, {first, second})),
            "cyan circle small bottom right then purple square small top left. two objects.");
}

TEST(Caption, CountsFlashes) {
  SceneObject object = object_at(0, 0, 16, 16);
  object.flashes = {1, 4};
  EXPECT_THAT(caption_of(clip(Event::flash, {object})), HasSubstr("flashes two times"));
}

TEST(Caption, ComparesNeighboursThatStandClearlyBesideEachOther) {
  const SceneObject left = object_at(0, 0, 10, 16), right = object_at(1, 1, 22, 48);
  EXPECT_THAT(caption_of(clip(Event::flash, {right, left}), true),
              HasSubstr("two objects. seen from red green is right."));
  SceneObject above = right;
  above.position.x = 21;  // not clearly
  EXPECT_THAT(caption_of(clip(Event::flash, {above, left}), true), Not(HasSubstr("seen from")));
  EXPECT_THAT(caption_of(clip(Event::motion, {right, left}), true), Not(HasSubstr("seen from")));
}

TEST(Caption, AgreesWithTheAnswersOfDrawnScenes) {
  RandomStream random(5, "test/caption");
  for (int i = 0; i < 200; ++i) {
    SceneRequest request;
    request.frames = kEventFrames;
    request.event = static_cast<Event>(i % 5);
    const Scene scene = draw_scene(request, random);
    const std::string caption = caption_of(scene);
    for (const QuestionType type : askable(scene)) {
      const Question question = ask(scene, type, random);
      if (type == QuestionType::side || type == QuestionType::direction) continue;
      EXPECT_THAT(caption, HasSubstr(question.answer)) << question.text;
      if (type == QuestionType::first) {
        EXPECT_EQ(caption.find(question.answer), 0U);
      }
    }
    EXPECT_EQ(caption.find("moves") != std::string::npos,
              scene.event == Event::motion && !(caption.find("zero move") != std::string::npos));
  }
}

}  // namespace
}  // namespace winnow::micro_world
