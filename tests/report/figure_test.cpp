#include "report/figure.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "core/files.h"

namespace winnow {
namespace {

class FigureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("winnow figure " + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Figure example(std::size_t panels) {
    Figure figure;
    for (std::size_t p = 0; p < panels; ++p) {
      Panel panel;
      panel.title = "panel's 50% " + std::to_string(p);
      for (const auto& [label, size] :
           {std::pair{"Uni-10x", 10000.0}, std::pair{"Temp+", 1000.0}}) {
        Curve curve;
        curve.label = label;
        curve.emphasis = size < 5000;
        curve.points.push_back({0, {45, 45, 45}});
        for (int k = 1; k <= 5; ++k) {
          const double value = 45 + std::sqrt(k) * 2 + (size < 5000 ? 1 : 0);
          curve.points.push_back({size * k / 5, {value, value - 0.8, value + 0.8}});
        }
        panel.curves.push_back(curve);
      }
      panel.lines = {{"Uni-10x, final", 49.5}, {"base", 45.0}};
      figure.panels.push_back(panel);
    }
    return figure;
  }

  std::filesystem::path folder_;
};

TEST_F(FigureTest, WritesAllFiles) {
  const FigureFiles files = draw(example(2), folder_ / "convergence.v1");
  EXPECT_EQ(files.svg, folder_ / "convergence.v1.svg");
  const std::string svg = read_file(files.svg);
  EXPECT_THAT(svg, ::testing::StartsWith("<?xml"));
  EXPECT_THAT(svg, ::testing::HasSubstr("panel's 50% 1"));
  EXPECT_THAT(svg, ::testing::HasSubstr("Uni-10x, final"));
  EXPECT_THAT(read_file(files.pdf), ::testing::StartsWith("%PDF"));
  EXPECT_THAT(read_file(files.png), ::testing::StartsWith("\x89PNG"));
  const std::string data = read_file(files.data);
  EXPECT_THAT(data, ::testing::HasSubstr("# panel's 50% 0: Temp+\n200 48 47.2 48.8\n"));
  EXPECT_EQ(data.find("\n0 45"), std::string::npos);  // zero samples have no place on the axis
  // Nothing else is left in the folder.
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ++count;
    EXPECT_THAT(entry.path().filename().string(), ::testing::StartsWith("convergence.v1."));
  }
  EXPECT_EQ(count, 5U);
}

// One checkpoint of one method, no band, equal values: ranges must not collapse.
TEST_F(FigureTest, DrawsASinglePoint) {
  Figure figure;
  figure.panels = {{"", {{"only", {{300, {50, 50, 50}}}, false}}, {}}};
  const FigureFiles files = draw(figure, folder_ / "single");
  EXPECT_THAT(read_file(files.svg), ::testing::HasSubstr(">300<"));
}

TEST_F(FigureTest, NamesThePackageWhenGnuplotIsMissing) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder_.c_str(), 1);
  try {
    draw(example(1), folder_ / "x");
    ADD_FAILURE() << "drew without gnuplot";
  } catch (const MissingProgramError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("gnuplot-nox"));
  }
  setenv("PATH", path.c_str(), 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.svg"));
}

TEST_F(FigureTest, RefusesAFigureWithoutPoints) {
  Figure figure = example(1);
  figure.panels[0].curves.resize(1);
  figure.panels[0].curves[0].points.resize(1);  // the one at 0 samples
  EXPECT_THROW(draw(figure, folder_ / "x"), std::logic_error);
  EXPECT_THROW(draw({}, folder_ / "x"), std::logic_error);
}

}  // namespace
}  // namespace winnow
