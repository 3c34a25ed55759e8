#include "config/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "config/component.h"
#include "config/compose.h"
#include "config/print.h"
#include "config/read.h"

namespace winnow::config {
namespace {

using testing::HasSubstr;

struct PrintedOptions {
  std::int64_t budget = 10;
  std::optional<double> share;
};
BOOST_DESCRIBE_STRUCT(PrintedOptions, (), (budget, share))
Help help(const PrintedOptions&) {
  return {{"budget", "rows to take", at_least(1)}, {"share", "share of rows", between(0, 1)}};
}
struct Printed {
  virtual ~Printed() = default;
};
struct Plain : Printed {
  explicit Plain(const PrintedOptions& given) : options(given) {}
  PrintedOptions options;
};
ComponentKind<Printed>& printed_kind() {
  static ComponentKind<Printed> kind("printed");
  return kind;
}
const auto registered =
    printed_kind().add<Plain, PrintedOptions>("plain", "for the tests of printing");

TEST(Value, JsonIsCanonical) {
  const Value left = parse_toml("b = 1\na = [1.0, \"x\\n\", true]\n[c]\nd = inf", "left");
  const Value right = parse_toml("c = {d = inf}\na = [1.0, \"x\\n\", true]\nb = 1", "right");
  EXPECT_EQ(left.to_json(), R"({"a":[1.0,"x\n",true],"b":1,"c":{"d":"inf"}})");
  EXPECT_EQ(left.to_json(), right.to_json());
}

TEST(Value, FindSetErase) {
  Value value;
  value.set("a.b", Value(std::int64_t{1}, {"x", 1}));
  value.set("a.\"c.d\"", Value(std::int64_t{2}, {"x", 2}));
  EXPECT_EQ(value.find("a.b")->integer(), 1);
  EXPECT_EQ(value.find("a")->child("c.d")->integer(), 2);
  EXPECT_EQ(value.find("a.c"), nullptr);
  EXPECT_EQ(value.find("a.b.c"), nullptr);
  EXPECT_TRUE(value.erase("a.b"));
  EXPECT_FALSE(value.erase("a.b"));
  EXPECT_FALSE(value.erase("z.b"));
  EXPECT_THROW(value.at("a.b"), ConfigError);
}

TEST(Value, KeepsTheOrderOfTheFile) {
  const Value value = parse_toml("zebra = 1\napple = 2\n[m]\nx = 1\n[b]\ny = 1", "file");
  std::vector<std::string> keys;
  for (const auto& [key, child] : value.table()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("zebra", "apple", "m", "b"));
}

TEST(Value, FloatsSurviveText) {
  for (const double number : {0.1, 1.0, 1e-5, 1e300, -2.5e-310, 123456789012345680.0}) {
    const Value value(number, Origin{});
    const Value again = parse_toml("x = " + value.to_text(), "text");
    EXPECT_TRUE(again.at("x").is_number() && !again.at("x").is_integer()) << value.to_text();
    EXPECT_EQ(again.at("x").number(), number) << value.to_text();
  }
}

TEST(Value, LongValuesAreCutInMessages) {
  const Value value(std::string(500, 'x'), Origin{"f", 1});
  try {
    fail_value(value, "a", "bad");
  } catch (const ConfigError& error) {
    EXPECT_LT(std::string(error.what()).size(), 120U);
    EXPECT_THAT(error.what(), HasSubstr("..."));
  }
}

TEST(Print, ConfigTellsWhereEachValueIsFrom) {
  Value value = parse_toml("a = 1\nlong_name = \"x\"\n[t]\nb = [1, 2]\n[t.u]\n", "configs/x.toml");
  value.set("t.c", Value(true, {"command line", 0}));
  EXPECT_EQ(print_config(value),
            "a = 1            # configs/x.toml:1\n"
            "long_name = \"x\"  # configs/x.toml:2\n"
            "\n"
            "[t]\n"
            "b = [1, 2]  # configs/x.toml:4\n"
            "c = true    # command line\n"
            "\n"
            "[t.u]\n");
}

TEST(Print, Components) {
  EXPECT_THAT(print_component_list(), HasSubstr("printed\n  plain  for the tests of printing\n"));
  EXPECT_EQ(print_component_list("printed"), "printed\n  plain  for the tests of printing\n");
  EXPECT_EQ(print_component_tables("printed"),
            "| printed | |\n| --- | --- |\n| `plain` | for the tests of printing |\n");
  EXPECT_EQ(print_component_list("printed", "plain"),
            "printed plain: for the tests of printing\n"
            "  budget  integer  = 10  rows to take (at least 1)\n"
            "  share   number         share of rows (between 0 and 1)\n");
  const auto message = [](const std::string& kind, const std::string& name) {
    try {
      return print_component_list(kind, name);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(message("printd", ""), HasSubstr("Did you mean 'printed'?"));
  EXPECT_THAT(message("printed", "plane"), HasSubstr("there is no printed named 'plane'. Did"));
}

TEST(Print, GroupsAndMissingFolders) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "winnow_config_groups";
  std::filesystem::create_directories(folder / "trainer/optimizer");
  std::ofstream(folder / "trainer/sft.toml") << "a = 1\n";
  std::ofstream(folder / "trainer/optimizer/sgd.toml") << "a = 1\n";
  std::ofstream(folder / "trainer/optimizer/adamw.toml") << "a = 1\n";
  EXPECT_EQ(print_groups({folder}),
            "  trainer            = sft\n  trainer/optimizer  = adamw | sgd\n");
  std::filesystem::remove_all(folder);
  EXPECT_THROW(print_groups({folder}), ConfigError);
  ComposeRequest request;
  request.directories = {folder};
  EXPECT_THROW(compose(request), ConfigError);
}

TEST(Component, IsCreatedFromItsTable) {
  const Value config = parse_toml("[s]\ntype = \"plain\"\nbudget = 3", "f.toml");
  const auto made = printed_kind().create(config.at("s"), "s");
  EXPECT_EQ(dynamic_cast<Plain&>(*made).options.budget, 3);
  EXPECT_THROW((printed_kind().add<Plain, PrintedOptions>("plain", "again")), std::logic_error);
}

TEST(Sweep, RefusesWhatCannotBeRun) {
  EXPECT_THROW(expand_sweep({"seed=5..1"}), ConfigError);
  EXPECT_THROW(expand_sweep({"seed=1..1000000000000"}), ConfigError);
  EXPECT_THROW(expand_sweep({"a=1..101", "b=1..101"}), ConfigError);
  EXPECT_EQ(expand_sweep({"a=1..100", "b=1..100"}).size(), 10000U);
}

}  // namespace
}  // namespace winnow::config
