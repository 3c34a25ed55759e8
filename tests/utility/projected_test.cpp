#include <gmock/gmock.h>

#include <fstream>

#include "core/random.h"
#include "support.h"
#include "temporary_folder.h"
#include "utility/gradient_store.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using test::make_utility;
using test::scores;
using test::value_of;

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

class ProjectedUtility : public testing::Test {
 protected:
  ~ProjectedUtility() override { fs::remove_all(folder_); }

  std::vector<double> of(test::OptionList options, const AnchorSet& anchors) {
    return scores(*model_, *make_utility("projected", options), {anchors}, batch_);
  }
  std::vector<double> exact(const AnchorSet& anchors) {
    return scores(*model_, *make_utility("gradient_dot"), {anchors}, batch_);
  }
  std::vector<fs::path> stores() const {
    std::vector<fs::path> result;
    for (const auto& entry : fs::directory_iterator(folder_)) result.push_back(entry.path());
    return result;
  }

  const fs::path folder_ = testing_support::temporary_folder();
  std::unique_ptr<micro::MicroModel> model_ = testing_support::tiny_model();
  std::vector<Sample> samples_ = test::micro_samples(20);
  std::vector<UtilityInput> batch_ = test::micro_inputs(*model_, samples_);
  AnchorSet first_ = test::micro_anchors(*model_, 6), second_ = test::micro_anchors(*model_, 11);
};

TEST_F(ProjectedUtility, IsTheProductOfGradientsInExpectation) {
  const auto values = of({}, first_), right = exact(first_);
  EXPECT_GT(correlation(values, right), 0.99);
  EXPECT_GT(correlation(of({{"precision", value_of("float16")}}, first_), right), 0.99);
  EXPECT_GT(correlation(of({{"precision", value_of("sign")}}, first_), right), 0.8);
  const auto coarse = of({{"dimensions", value_of(std::int64_t{16})}}, first_);
  EXPECT_LT(correlation(coarse, right), correlation(values, right));
}

TEST_F(ProjectedUtility, UsesStoredSketchesWithOtherAnchors) {
  const test::OptionList stored = {{"store", value_of(folder_.c_str())}};
  const auto fresh = of({}, second_);
  of(stored, first_);
  ASSERT_EQ(stores().size(), 1U);
  const auto written = fs::last_write_time(stores()[0]);
  const auto size = fs::file_size(stores()[0]);
  EXPECT_EQ(of(stored, second_), fresh);
  EXPECT_EQ(fs::file_size(stores()[0]), size);
  EXPECT_EQ(fs::last_write_time(stores()[0]), written);

  // A torn record is dropped and made again.
  fs::resize_file(stores()[0], size - 5);
  EXPECT_EQ(of(stored, second_), fresh);
  EXPECT_EQ(fs::file_size(stores()[0]), size);

  // Other sketches go elsewhere.
  test::OptionList half = stored;
  half.emplace_back("precision", value_of("float16"));
  of(half, first_);
  EXPECT_EQ(stores().size(), 2U);
  {
    const torch::NoGradGuard no_gradients;
    torch::Tensor parameter = model_->named_parameters().front().second;
    parameter.add_(0.01);
  }
  of(stored, first_);
  EXPECT_EQ(stores().size(), 3U);
}

TEST_F(ProjectedUtility, ReallyReadsTheStore) {
  const test::OptionList stored = {{"store", value_of(folder_.c_str())}};
  const auto before = of(stored, first_);
  fs::path file = stores()[0];
  {
    // All records with other bits and their right checksums: a store made by hand.
    const std::size_t record = 8192 * sizeof(float);
    std::string content(fs::file_size(file), '\0');
    std::ifstream(file, std::ios::binary)
        .read(content.data(), static_cast<std::streamsize>(content.size()));
    fs::remove(file);
    GradientStore other(file, record);
    for (std::size_t at = 64; at < content.size(); at += 32 + record + 8) {
      other.add(content.substr(at, 32), std::string(record, '\0'));
    }
    EXPECT_EQ(other.size(), samples_.size());
  }
  for (const double value : of(stored, first_)) EXPECT_EQ(value, 0.0);
}

TEST_F(ProjectedUtility, RefusesAFileOfAnotherKindAndAStoreInUse) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "notes") << std::string(200, 'x');
  EXPECT_THROW(GradientStore(folder_ / "notes", 8), DataError);
  EXPECT_EQ(fs::file_size(folder_ / "notes"), 200U);
  const GradientStore held(folder_ / "store", 8);
  EXPECT_THROW(GradientStore(folder_ / "store", 8), IoError);
}

TEST(PackSketch, KeepsValuesAsWellAsItsPrecisionDoes) {
  RandomStream random(1, "test/sketch");
  std::vector<float> values(1000), others(1000);
  double product = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(1e-7 * random.normal());
    others[i] = values[i] * 1e7F + static_cast<float>(0.5 * random.normal());
    product += static_cast<double>(values[i]) * others[i];
  }
  const auto with = [&](SketchPrecision precision) {
    const std::string bytes = pack_sketch(values, precision);
    double sum = 0.0;
    const std::vector<float> back = unpack_sketch(bytes, values.size(), precision);
    for (std::size_t i = 0; i < back.size(); ++i) {
      sum += static_cast<double>(back[i]) * others[i];
    }
    return std::make_pair(bytes.size(), sum / product);
  };
  EXPECT_EQ(with(SketchPrecision::float32).first, 4000U);
  EXPECT_EQ(with(SketchPrecision::float16).first, 2004U);
  EXPECT_EQ(with(SketchPrecision::sign).first, 129U);
  EXPECT_NEAR(with(SketchPrecision::float32).second, 1.0, 1e-12);
  EXPECT_NEAR(with(SketchPrecision::float16).second, 1.0, 1e-3);
  EXPECT_NEAR(with(SketchPrecision::sign).second, 1.0, 0.1);
}

}  // namespace
}  // namespace winnow
