#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>

#include "core/hash.h"
#include "core/progress.h"
#include "pool/temporary_folder.h"
#include "worlds/micro_world.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> digests(const fs::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    result[entry.path().lexically_relative(folder)] = digest_of_file(entry.path());
  }
  return result;
}

TEST(MicroWorldHeldOut, IsOfScenesOfItsOwnAndTheSameEachTime) {
  Progress::set_enabled(false);
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "world"}) fs::create_directories(folder / name);
  MicroWorldOptions options;
  options.seed = 3;
  options.questions = 400;
  options.questions_per_benchmark = 30;
  write_held_out(options, 60, folder / "a");
  write_held_out(options, 60, folder / "b");
  EXPECT_EQ(digests(folder / "a"), digests(folder / "b"));

  std::ifstream lines(folder / "a" / "held_out.jsonl");
  std::set<std::string> subtasks;
  std::size_t rows = 0, images = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    const boost::json::object row = boost::json::parse(line).as_object();
    subtasks.emplace(row.at("subtask").as_string());
    images += row.contains("image") ? 1 : 0;
    const auto candidates = boost::json::value_to<std::vector<std::string>>(row.at("candidates"));
    const std::string answer(row.at("answer").as_string());
    EXPECT_NE(std::find(candidates.begin(), candidates.end(), answer), candidates.end());
  }
  EXPECT_EQ(rows, 60U);
  EXPECT_GT(subtasks.size(), 6U);
  EXPECT_GT(images, 10U);
  EXPECT_LT(images, 40U);

  // No file of the world is among them.
  write_world(options, folder / "world");
  std::set<std::string> world;
  for (const auto& [path, digest] : digests(folder / "world")) world.insert(digest);
  for (const auto& [path, digest] : digests(folder / "a")) {
    EXPECT_EQ(world.count(digest), 0U) << path;
  }
}

}  // namespace
}  // namespace winnow::micro_world
