#include "report/heat_map.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <stdexcept>

#include "core/files.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

HeatMap example() {
  HeatMap map;
  map.title = "What a reader's eye sees";
  map.note = "red: more";
  map.columns = {"Temp+", "Uni-10x"};
  map.rows = {{"wrong", {0.25, 1.0}}, {"rare_skill", {std::nullopt, 8.0}}};
  map.scale = HeatMap::Scale::logarithmic;
  map.middle = 1.0;
  map.reach = 4.0;
  return map;
}

TEST(HeatMap, TonesReachTheirEnds) {
  HeatMap map = example();
  EXPECT_DOUBLE_EQ(tone_of(map, 1.0), 0.0);
  EXPECT_DOUBLE_EQ(tone_of(map, 2.0), 0.5);
  EXPECT_DOUBLE_EQ(tone_of(map, 0.5), -0.5);
  EXPECT_DOUBLE_EQ(tone_of(map, 4.0), 1.0);
  EXPECT_DOUBLE_EQ(tone_of(map, 100.0), 1.0);
  EXPECT_DOUBLE_EQ(tone_of(map, 0.0), -1.0);
  map.scale = HeatMap::Scale::linear;
  map.middle = map.reach = 0.5;
  EXPECT_DOUBLE_EQ(tone_of(map, 0.5), 0.0);
  EXPECT_DOUBLE_EQ(tone_of(map, 0.75), 0.5);
  EXPECT_DOUBLE_EQ(tone_of(map, 0.0), -1.0);
}

TEST(HeatMap, WritesAllFiles) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("winnow heat map " + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const FigureFiles files = draw(example(), folder / "map");
  const std::string svg = read_file(files.svg);
  EXPECT_THAT(svg, StartsWith("<?xml"));
  for (const char* text : {"What a reader's eye sees", "Temp+", "rare_skill", "0.25", "8.00"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
  EXPECT_THAT(read_file(files.pdf), StartsWith("%PDF"));
  // One line a cell; the empty one has none. 0x2166ac is the deepest blue, with white letters.
  EXPECT_THAT(read_file(files.data),
              HasSubstr("\n0 0 0.25 2188972 0.25 16777215\n1 0 1 16250871 1.00 2236962\n1 1 8 "));
  std::filesystem::remove_all(folder);
}

TEST(HeatMap, WithoutCellsOrWithOddRowsIsABug) {
  HeatMap map = example();
  map.rows[0].values.pop_back();
  EXPECT_THROW(draw(map, "nowhere"), std::logic_error);
  map.rows = {{"empty", {std::nullopt, std::nullopt}}};
  EXPECT_THROW(draw(map, "nowhere"), std::logic_error);
}

}  // namespace
}  // namespace winnow
