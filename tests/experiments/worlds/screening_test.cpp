#include <gmock/gmock.h>

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "benchmarks/question_reader.h"
#include "config/compose.h"
#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/measured_setting.h"
#include "experiments/stages/screening_stage.h"
#include "experiments/stages/selection_stage.h"
#include "pool/pool_source.h"
#include "selectors/explanation.h"
#include "tests/temporary_folder.h"
#include "worlds/micro_world.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kBenchmarks = {"short", "mixed", "long", "ultra"};

json::object first_question(const fs::path& world, const std::string& benchmark,
                            const std::string& medium) {
  const std::string content = read_file(world / "benchmarks" / (benchmark + ".jsonl"));
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    json::object row = json::parse(line).as_object();
    if (row.contains(medium)) return row;
  }
  throw std::runtime_error("no such question");
}

// Adds samples to a micro world's pool that its benchmarks hold: a clip under another name, a
// picture compressed anew, and one that repeats a sample of the pool.
void plant(const fs::path& world) {
  const json::object clip = first_question(world, "long", "video");
  const json::object picture = first_question(world, "mixed", "image");
  const fs::path media = world / "pool" / "planted";
  fs::create_directories(media);
  fs::copy_file(world / "benchmarks" / clip.at("video").as_string().c_str(), media / "clip.mp4");
  const cv::Mat image =
      cv::imread((world / "benchmarks" / picture.at("image").as_string().c_str()).string());
  cv::imwrite((media / "picture.jpg").string(), image, {cv::IMWRITE_JPEG_QUALITY, 80});

  const fs::path file = world / "pool" / "images_messages.jsonl";
  const std::string content = read_file(file);
  json::object copy = json::parse(content.substr(0, content.find('\n'))).as_object();
  const fs::path shown = world / "pool" / copy.at("images").at(0).as_string().c_str();
  fs::copy_file(shown, media / ("copy" + shown.extension().string()));
  copy["id"] = "planted-copy";
  copy["images"] = json::array{("planted/copy" + shown.extension().string()).c_str()};

  const auto row = [](const char* id, const char* key, const char* path, const std::string& text) {
    return json::serialize(json::object{
        {"id", id},
        {"data_source", "planted"},
        {key, json::array{path}},
        {"messages", json::array{json::object{{"role", "user"}, {"content", text}},
                                 json::object{{"role", "assistant"}, {"content", "red"}}}}});
  };
  std::ofstream lines(file, std::ios::app);
  lines << row("planted-clip", "videos", "planted/clip.mp4", "Describe it.") << "\n"
        << row("planted-picture", "images", "planted/picture.jpg",
               picture.at("question").as_string().c_str())
        << "\n"
        << json::serialize(copy) << "\n";

  std::ofstream labels(world / "labels.jsonl", std::ios::app);
  const std::string all = read_file(world / "labels.jsonl");
  json::object label = json::parse(all.substr(0, all.find('\n'))).as_object();
  for (const char* id : {"planted-clip", "planted-picture", "planted-copy"}) {
    label["id"] = id;
    labels << json::serialize(label) << "\n";
  }
}

// The pool of a world whose benchmarks it holds.
class PlantedPool : public PoolSource {
 public:
  explicit PlantedPool(micro_world::MicroPoolOptions options) {
    options_.questions = options.questions;
  }
  config::Value identity(std::uint64_t) const override { return config::to_value(options_); }
  void make(std::uint64_t, const fs::path& folder) const override {
    micro_world::write_world(options_, folder);
    plant(folder);
  }
  Pool open(const fs::path& folder) const override { return read_pool(folder); }
  std::optional<fs::path> labels(const fs::path& folder) const override {
    return folder / "labels.jsonl";
  }
  static Pool read_pool(const fs::path& folder) {
    PoolOptions options;
    options.files = expand_files({folder / "pool" / "*.jsonl"}, "files");
    return Pool::read(options);
  }

 private:
  micro_world::MicroWorldOptions options_ = [] {
    micro_world::MicroWorldOptions options;
    options.seed = 100;
    options.questions_per_benchmark = 40;
    return options;
  }();
};
const bool registered = pools().add<PlantedPool, micro_world::MicroPoolOptions>(
    "planted_world", "a micro world whose pool holds questions of its benchmarks");

class ScreeningTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  struct World {
    Pool pool;
    AskedQuestions questions;
  };
  static ScreeningResult screen(const World& world, const ScreeningOptions& options) {
    return winnow::screen(world.pool, world.questions, options);
  }
  World world(bool planted) const {
    micro_world::MicroWorldOptions options;
    options.questions = 400;
    options.questions_per_benchmark = 40;
    fs::create_directories(folder_ / "world");
    micro_world::write_world(options, folder_ / "world");
    if (planted) plant(folder_ / "world");
    World world{PlantedPool::read_pool(folder_ / "world"), {}};
    for (const std::string& name : kBenchmarks) {
      world.questions[name] = read_questions(folder_ / "world/benchmarks" / (name + ".jsonl"));
    }
    return world;
  }
  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(ScreeningTest, AMicroWorldIsClean) {
  const ScreeningResult result = screen(world(false), {});
  EXPECT_THAT(result.contaminated, IsEmpty());
  EXPECT_THAT(result.duplicates, IsEmpty());
  EXPECT_EQ(result.questions, 160);
}

TEST_F(ScreeningTest, FindsWhatIsPlantedAndNothingElse) {
  const World planted = world(true);
  const ScreeningResult result = screen(planted, {});
  ASSERT_EQ(result.contaminated.size(), 2U);
  EXPECT_EQ(result.contaminated[0].id, "planted-clip");
  EXPECT_THAT(result.contaminated[0].detail, HasSubstr("the same file"));
  EXPECT_EQ(result.contaminated[1].id, "planted-picture");
  ASSERT_EQ(result.duplicates.size(), 1U);
  EXPECT_EQ(result.duplicates[0].first, "planted-copy");
}

TEST_F(ScreeningTest, FurtherReferencesAreReadAndAMissingOneIsAnError) {
  const World clean = world(false);
  const Sample sample = clean.pool.sample(0);
  const fs::path file = folder_ / "own.jsonl";
  write_file(file,
             json::serialize(json::object{{"question", "Anything?"},
                                          {"image", sample.media.at(0).paths.at(0).string()}}) +
                 "\n");
  ScreeningOptions options;
  options.references = {file};
  const ScreeningResult result = screen(clean, options);
  ASSERT_FALSE(result.contaminated.empty());
  for (const LeftOutSample& found : result.contaminated) {
    EXPECT_THAT(found.detail, HasSubstr("own, question line 1"));
  }
  options.references = {folder_ / "absent.jsonl"};
  EXPECT_THROW(screen(clean, options), IoError);
  write_file(file, "{\"question\":\"Anything?\",\"image\":\"absent.png\"}\n");
  options.references = {file};
  EXPECT_THROW(screen(clean, options), IoError);
  options.decontaminate = false;
  EXPECT_THAT(screen(clean, options).contaminated, IsEmpty());
}

// From the config to the manifests: no method can take what was planted, and it is said why.
TEST_F(ScreeningTest, NoMethodTakesWhatIsPlanted) {
  const config::Value config = config::compose(
      {{fs::path(WINNOW_SOURCE_DIR) / "configs"},
       "winnow",
       {"experiment=table1", "scale=smoke", "mixture@pool=noisy", "pool.type=planted_world",
        "base.image_samples=64", "base.video_samples=64", "base.tower_frames=100",
        "base.tower_epochs=1", "methods.uni_10x.selector.budget=600",
        "methods.uni_10x.selector.multiple=1"}});
  StageCache stages(folder_ / "stages", false);
  testing_support::MeasuredSetting run(config, 100, stages);
  EXPECT_EQ(run.setting.screening().facts.at("contaminated").as_int64(), 2);
  EXPECT_EQ(run.setting.screening().facts.at("duplicates").as_int64(), 1);
  for (const Method& method : read_methods(config)) {
    if (method.name != "uni_10x" && method.name != "oracle") continue;
    const Bound<Selector> selector(selectors, method.selector_config, "selector");
    const StageOutput selection = SelectionStage{run.setting, selector, {}, 100, ""}.run(stages);
    const fs::path manifest = find_selection(selection.folder);
    const auto ids = read_selected_ids(manifest);
    for (const std::string& id : ids) {
      EXPECT_NE(id, "planted-clip");
      EXPECT_NE(id, "planted-picture");
    }
    EXPECT_THAT(explain_selection(manifest, "planted-clip"), HasSubstr("evaluation medium"));
    if (method.role == Role::reference) {
      EXPECT_EQ(ids.size(), 600U);  // all there are but what is planted
      EXPECT_THAT(explain_selection(manifest, "planted-copy"), HasSubstr("duplicate content"));
    }
  }
}

}  // namespace
}  // namespace winnow
