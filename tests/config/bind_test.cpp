#include "config/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "config/component.h"
#include "config/left_out.h"

namespace winnow::config {
namespace {

using testing::HasSubstr;

enum class Mode { fast, exact, auto_ };
BOOST_DESCRIBE_ENUM(Mode, fast, exact, auto_)

struct Sampling {
  double fps = 1.5;
  std::optional<std::int64_t> frames;
};
BOOST_DESCRIBE_STRUCT(Sampling, (), (fps, frames))
Help help(const Sampling&) {
  return {{"frames", "frames of a clip", at_least(1)}, {"fps", "frames a second", above(0)}};
}

struct Base {
  std::string name = "x";
};
BOOST_DESCRIBE_STRUCT(Base, (), (name))

struct Everything : Base {
  std::int64_t budget = 10;
  std::uint8_t small = 3;
  double share = 0.5;
  bool strict = true;
  std::filesystem::path folder = "out";
  Mode mode = Mode::auto_;
  Sampling sampling;
  std::vector<double> weights = {1.0, 2.0};
  std::map<std::string, double> floors;
  std::vector<Sampling> stages;
  std::vector<bool> flags;
};
BOOST_DESCRIBE_STRUCT(Everything, (Base),
                      (budget, small, share, strict, folder, mode, sampling, weights, floors,
                       stages, flags))
Help help(const Everything&) {
  return {{"name", "a name"},
          {"budget", "rows", at_least(1)},
          {"small", "a small number"},
          {"share", "a share", between(0, 1)},
          {"strict", "strictness"},
          {"folder", "a folder"},
          {"mode", "a mode"},
          {"sampling", "sampling"},
          {"weights", "weights", at_least(0)},
          {"floors", "floors by source", between(0, 1)},
          {"stages", "stages"},
          {"flags", "flags"}};
}

struct Forgetful {
  int first = 0, second = 0;
};
BOOST_DESCRIBE_STRUCT(Forgetful, (), (first, second))
Help help(const Forgetful&) { return {{"first", "one"}}; }

struct Surplus {
  int first = 0;
};
BOOST_DESCRIBE_STRUCT(Surplus, (), (first))
Help help(const Surplus&) { return {{"first", "one"}, {"frist", "two"}}; }

Origin at(int line) { return {"configs/a.toml", line}; }

Value table_of(const std::string& key, Value value) {
  Value table(Value::Table{}, at(1));
  table.set(key, std::move(value));
  return table;
}

std::string message_of(const Value& table) {
  try {
    bind<Everything>(table, "selector");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Bind, AbsentKeysKeepDefaultsAndTypeIsIgnored) {
  const auto options =
      bind<Everything>(table_of("type", Value(std::string("x"), at(2))), "selector");
  EXPECT_EQ(options.budget, 10);
  EXPECT_EQ(options.mode, Mode::auto_);
  EXPECT_FALSE(options.sampling.frames.has_value());
}

TEST(Bind, ReadsEveryType) {
  Everything input;
  input.name = "renamed";
  input.budget = 77;
  input.small = 255;
  input.share = 0.25;
  input.strict = false;
  input.folder = "a/b";
  input.mode = Mode::exact;
  input.sampling = {2.5, 8};
  input.weights = {0.5};
  input.floors = {{"a.b", 0.1}, {"c", 1.0}};
  input.stages = {{1.0, std::nullopt}, {3.0, 4}};
  input.flags = {true, false};
  const Value value = to_value(input);
  const auto output = bind<Everything>(value, "selector");
  EXPECT_EQ(output.name, "renamed");
  EXPECT_EQ(output.budget, 77);
  EXPECT_EQ(output.small, 255);
  EXPECT_EQ(output.share, 0.25);
  EXPECT_FALSE(output.strict);
  EXPECT_EQ(output.folder, "a/b");
  EXPECT_EQ(output.mode, Mode::exact);
  EXPECT_EQ(output.sampling.frames, 8);
  EXPECT_EQ(output.weights, input.weights);
  EXPECT_EQ(output.floors, input.floors);
  ASSERT_EQ(output.stages.size(), 2U);
  EXPECT_FALSE(output.stages[0].frames.has_value());
  EXPECT_EQ(output.stages[1].frames, 4);
  EXPECT_EQ(output.flags, input.flags);
  EXPECT_EQ(to_value(output).to_json(), value.to_json());
  EXPECT_EQ(value.find("mode")->string(), "exact");
  EXPECT_EQ(value.find("floors.\"a.b\"")->number(), 0.1);
}

TEST(Bind, IntegerLiteralIsANumber) {
  const auto options =
      bind<Everything>(table_of("share", Value(std::int64_t{1}, at(2))), "selector");
  EXPECT_EQ(options.share, 1.0);
}

TEST(Bind, UnknownKeyNamesFileLineKeyValueAndNearest) {
  EXPECT_EQ(message_of(table_of("bugdet", Value(std::int64_t{1}, at(3)))),
            "configs/a.toml:3: selector.bugdet = 1: unknown key. Did you mean 'budget'?");
  EXPECT_EQ(message_of(table_of("bugdet", Value(std::int64_t{1}, {"command line", 0}))),
            "command line: selector.bugdet = 1: unknown key. Did you mean 'budget'?");
  EXPECT_THAT(message_of(table_of("sampling.frame", Value(1.0, at(3)))),
              HasSubstr("selector.sampling.frame = 1.0: unknown key. Did you mean 'frames'?"));
}

TEST(Bind, WrongTypes) {
  const auto text = [](const char* value) { return Value(std::string(value), at(4)); };
  EXPECT_EQ(
      message_of(table_of("budget", text("ten"))),
      "configs/a.toml:4: selector.budget = \"ten\": wrong type (string): expected an integer");
  EXPECT_THAT(message_of(table_of("budget", Value(1000.0, at(4)))), HasSubstr("write 1000"));
  EXPECT_THAT(message_of(table_of("share", text("x"))), HasSubstr("expected a number"));
  EXPECT_THAT(message_of(table_of("strict", text("yes"))), HasSubstr("expected true or false"));
  EXPECT_THAT(message_of(table_of("name", Value(std::int64_t{7}, at(4)))),
              HasSubstr("put it in double quotes: \"7\""));
  EXPECT_THAT(message_of(table_of("weights", Value(1.0, at(4)))), HasSubstr("expected a list"));
  EXPECT_THAT(message_of(table_of("weights", Value(Value::Array{text("x")}, at(4)))),
              HasSubstr("selector.weights[0] = \"x\": wrong type"));
  EXPECT_THAT(message_of(table_of("floors", Value(1.0, at(4)))), HasSubstr("expected a table"));
  EXPECT_THAT(message_of(table_of("sampling", Value(1.0, at(4)))), HasSubstr("expected a table"));
  EXPECT_THAT(message_of(table_of("mode", text("exatc"))),
              HasSubstr("expected one of fast, exact, auto. Did you mean 'exact'?"));
}

TEST(Bind, Ranges) {
  const auto integer = [](std::int64_t value) { return Value(value, at(5)); };
  EXPECT_EQ(message_of(table_of("budget", integer(0))),
            "configs/a.toml:5: selector.budget = 0: out of range: expected at least 1");
  EXPECT_THAT(message_of(table_of("small", integer(256))), HasSubstr("between 0 and 255"));
  EXPECT_THAT(message_of(table_of("small", integer(-1))), HasSubstr("between 0 and 255"));
  EXPECT_THAT(message_of(table_of("share", Value(1.5, at(5)))), HasSubstr("between 0 and 1"));
  EXPECT_THAT(message_of(table_of("share", Value(std::nan(""), at(5)))), HasSubstr("out of range"));
  EXPECT_THAT(message_of(table_of("sampling.fps", integer(0))), HasSubstr("above 0"));
  EXPECT_THAT(message_of(table_of("weights", Value(Value::Array{integer(-1)}, at(5)))),
              HasSubstr("selector.weights[0] = -1: out of range"));
  EXPECT_THAT(message_of(table_of("floors.a", integer(2))), HasSubstr("selector.floors.a = 2"));
  EXPECT_EQ(message_of(table_of("budget", integer(1))), "no error");
}

TEST(Bind, HelpMustMatchTheMembers) {
  EXPECT_THROW(describe<Forgetful>(), std::logic_error);
  EXPECT_THROW(describe<Surplus>(), std::logic_error);
}

TEST(Describe, TypesDefaultsAndNestedOptions) {
  std::map<std::string, OptionDescription> options;
  std::vector<std::string> order;
  for (const OptionDescription& option : describe<Everything>()) {
    options[option.name] = option;
    order.push_back(option.name);
  }
  EXPECT_THAT(order,
              testing::ElementsAre("name", "budget", "small", "share", "strict", "folder", "mode",
                                   "sampling", "sampling.fps", "sampling.frames", "weights",
                                   "floors", "stages", "stages[].fps", "stages[].frames", "flags"));
  EXPECT_EQ(options["budget"].type, "integer");
  EXPECT_EQ(options["budget"].default_value, "10");
  EXPECT_EQ(options["share"].default_value, "0.5");
  EXPECT_EQ(options["folder"].type, "path");
  EXPECT_EQ(options["folder"].default_value, "\"out\"");
  EXPECT_EQ(options["mode"].type, "fast | exact | auto");
  EXPECT_EQ(options["mode"].default_value, "\"auto\"");
  EXPECT_EQ(options["sampling"].type, "table");
  EXPECT_EQ(options["sampling.frames"].type, "integer");
  EXPECT_EQ(options["sampling.frames"].default_value, "");
  EXPECT_EQ(options["sampling.fps"].range->text(), "above 0");
  EXPECT_EQ(options["weights"].type, "list of number");
  EXPECT_EQ(options["weights"].default_value, "[1.0, 2.0]");
  EXPECT_EQ(options["floors"].type, "table of number");
}

struct Shape {
  explicit Shape(const Sampling&) {}
};

// Tables for another component are passed over, whether this build has it or leaves it out.
TEST(Component, OneThatIsLeftOutIsSpokenOfAndNotMade) {
  ComponentKind<Shape> shapes("shape");
  shapes.add<Shape, Sampling>("round", "a shape");
  add_left_out("shape", "square", "WITH_SQUARES");
  Value table;
  table.set("type", Value(std::string("round"), {}));
  table.set("square.side", Value(2.0, {}));
  EXPECT_NE(shapes.create(table, "shape"), nullptr);
  table.set("triangle.side", Value(2.0, {}));
  EXPECT_THROW(shapes.create(table, "shape"), ConfigError);
  table.set("type", Value(std::string("square"), {}));
  try {
    shapes.create(table, "shape");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("-DWITH_SQUARES=ON"));
  }
}

}  // namespace
}  // namespace winnow::config
