#include "models/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void expect_refused(const std::string& reason) {
    try {
      const Checkpoint checkpoint(folder_);
      FAIL() << "accepted a folder where " << reason;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
    }
  }

  void write_index(const std::string& map) {
    write_file(folder_ / "model.safetensors.index.json", "{\"weight_map\":" + map + "}");
  }

  const std::map<std::string, torch::Tensor> tensors_ = {
      {"a", torch::arange(6, torch::kFloat32).view({2, 3})},
      {"b", torch::arange(4, torch::kFloat32).to(torch::kBFloat16)},
      {"c", torch::arange(4, torch::kFloat32).to(torch::kFloat16)}};

  void expect_equal(const Checkpoint& checkpoint) {
    EXPECT_THAT(checkpoint.names(), testing::ElementsAre("a", "b", "c"));
    for (const auto& [name, tensor] : tensors_) {
      EXPECT_EQ(checkpoint.entry(name).type, tensor.scalar_type()) << name;
      EXPECT_TRUE(torch::equal(checkpoint.tensor(name), tensor)) << name;
    }
    EXPECT_THROW(checkpoint.tensor("d"), DataError);
  }
};

TEST_F(CheckpointTest, OneFile) {
  write_checkpoint(folder_, tensors_, 1000);
  EXPECT_TRUE(fs::exists(folder_ / "model.safetensors"));
  expect_equal(Checkpoint(folder_));
}

TEST_F(CheckpointTest, SeveralFiles) {
  write_checkpoint(folder_, tensors_, 32);
  EXPECT_FALSE(fs::exists(folder_ / "model.safetensors"));
  EXPECT_TRUE(fs::exists(folder_ / "model-00001-of-00002.safetensors"));
  EXPECT_TRUE(fs::exists(folder_ / "model-00002-of-00002.safetensors"));
  expect_equal(Checkpoint(folder_));
}

TEST_F(CheckpointTest, AViewOutlivesItsCheckpoint) {
  write_checkpoint(folder_, tensors_, 32);
  torch::Tensor view;
  {
    const Checkpoint checkpoint(folder_);
    view = checkpoint.tensor("a");
  }
  EXPECT_TRUE(torch::equal(view, tensors_.at("a")));
}

TEST_F(CheckpointTest, RefusesFoldersThatAreNone) {
  expect_refused("holds neither");
  write_index("[1]");
  expect_refused("weight_map");
  write_index("{\"a\":7}");
  expect_refused("name of a file in this folder");
  write_index("{\"a\":\"../model.safetensors\"}");
  expect_refused("name of a file in this folder");
  write_index("{\"a\":\"absent.safetensors\"}");
  expect_refused("absent.safetensors, which is missing");
}

TEST_F(CheckpointTest, RefusesAnIndexThatDisagreesWithItsFiles) {
  write_checkpoint(folder_, tensors_, 32);
  const std::string first = "\"model-00001-of-00002.safetensors\"";
  const std::string second = "\"model-00002-of-00002.safetensors\"";
  write_index("{\"a\":" + first + ",\"b\":" + second + ",\"c\":" + second + "}");
  expect_refused("lacks tensor 'b'");
  write_index("{\"a\":" + first + "}");
  expect_refused("holds tensor 'b'");
}

}  // namespace
}  // namespace winnow
