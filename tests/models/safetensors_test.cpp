#include "models/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class SafetensorsTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  fs::path file_ = folder_ / "model.safetensors";
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  void expect_refused(const std::string& content, const std::string& reason) {
    write_file(file_, content);
    try {
      read_safetensors(file_);
      FAIL() << "accepted a file where " << reason;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
      EXPECT_THAT(error.what(), testing::HasSubstr("model.safetensors"));
    }
  }

  static std::string with_header(const std::string& header, const std::string& data) {
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
  }
};

TEST_F(SafetensorsTest, WritesWhatItReads) {
  const std::map<std::string, torch::Tensor> tensors = {
      {"a", torch::arange(6, torch::kFloat32).view({2, 3})},
      {"b", torch::tensor({1, 2, 3}, torch::kInt64)},
      {"empty", torch::zeros({0, 4})},
      {"scalar", torch::tensor(2.5, torch::kFloat64)},
      {"transposed", torch::arange(6, torch::kFloat32).view({2, 3}).t()}};
  write_safetensors(file_, tensors);
  const auto read = read_safetensors(file_);
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(read.at(name), tensor)) << name;
  }
}

TEST_F(SafetensorsTest, EqualTensorsGiveEqualBytes) {
  write_safetensors(file_, {{"x", torch::ones({3})}, {"y", torch::zeros({2})}});
  const std::string first = read_file(file_);
  write_safetensors(file_, {{"y", torch::zeros({2})}, {"x", torch::ones({3})}});
  EXPECT_EQ(read_file(file_), first);
}

TEST_F(SafetensorsTest, RefusesMalformedFiles) {
  expect_refused("abc", "shorter");
  expect_refused(std::string(8, '\xff'), "header length");
  expect_refused(with_header("[1]", ""), "JSON object");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", "1234"),
      "unknown dtype");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", "1234"),
      "outside the file");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "1234"),
      "do not match");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "1234"),
      "impossible shape");
  expect_refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,8],"
                             "\"data_offsets\":[0,4]}}",
                             "1234"),
                 "impossible shape");
  expect_refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                             "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
                             "123456"),
                 "overlap");
  const std::string one = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  expect_refused(with_header(one, "12345678"), "belong to no tensor");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "12345678"),
      "belong to no tensor");
  expect_refused(
      with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "1234"),
      "two data_offsets");
  expect_refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[0,4611686018427387904,8],"
                             "\"data_offsets\":[0,0]}}",
                             ""),
                 "impossible shape");
}

TEST_F(SafetensorsTest, ReadsDataThatIsNotAligned) {
  const std::string header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  const float value = 2.5F;
  const std::string data(reinterpret_cast<const char*>(&value), sizeof value);
  for (int padding = 0; padding < 8; ++padding) {
    write_file(file_,
               with_header(header + std::string(static_cast<std::size_t>(padding), ' '), data));
    EXPECT_EQ(SafetensorsFile(file_).tensor("a").item<float>(), value);
  }
}

TEST_F(SafetensorsTest, RefusesATruncatedFile) {
  write_safetensors(file_, {{"x", torch::ones({100})}});
  std::string content = read_file(file_);
  content.resize(content.size() - 1);
  expect_refused(content, "outside the file");
}

}  // namespace
}  // namespace winnow
