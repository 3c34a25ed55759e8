// A user's own pool, benchmark and checkpoint through every command, as he types them: relative
// paths, from a folder of his own with a space in its name.

#include "experiments/own_data.h"

#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <sstream>

#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::Outcome;
using testing_support::OwnData;

class OwnDataTest : public testing_support::ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    data_ = folder_ / "my data";
    const OwnData written(data_);
  }

  Outcome run(const std::string& arguments) const {
    const std::string command = "cd '" + data_.string() + "' && " + line(arguments);
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), read_file(folder_ / "out"), read_file(folder_ / "err")};
  }
  // A run of the user's files; `more` besides.
  Outcome run_experiment(const std::string& experiment, const std::string& more = "") const {
    return run("run experiment=" + experiment + " " + kOwn + kSmall + more +
               " --results results run.workers=2");
  }
  static std::map<std::string, std::string> subsets(const fs::path& run) {
    std::map<std::string, std::string> result;
    const json::value content = json::parse(read_file(run / "provenance.json"));
    for (const json::value& entry : content.at("runs").as_array()) {
      result[std::string(entry.at("method").as_string())] = entry.at("subset").as_string();
    }
    return result;
  }
  fs::path only_run() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(data_ / "results")) {
      if (entry.path().filename() == "stages") continue;
      EXPECT_TRUE(found.empty());
      found = entry.path();
    }
    return found;
  }

  static constexpr const char* kPool = "pool=files 'pool.files=[mine.jsonl]' ";
  static constexpr const char* kModel = "model=qwen3_vl model.path=checkpoint sampling.frames=4 ";
  static constexpr const char* kOwn =
      "pool=files 'pool.files=[mine.jsonl]' benchmark@benchmarks.mine=multiple_choice "
      "benchmarks.mine.file=test.jsonl model=qwen3_vl model.path=checkpoint budget=12 "
      "features.maximum_failed_media_share=0.05 ";
  static constexpr const char* kSmall =
      "seeds=[1] sampling.frames=4 anchors.sets.all.count=8 trainer.checkpoints=1 ";
  fs::path data_;
};

TEST_F(OwnDataTest, Table1ComparesTheGoalsAndOneStepTrain) {
  const Outcome outcome = run_experiment("table1");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("MinLoss"), HasSubstr("Temp+"), HasSubstr("OST"),
                                 HasSubstr("Uni-10x"), HasSubstr("mine")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("no hidden labels"), Not(HasSubstr("Oracle")),
                                 Not(HasSubstr("Pre-check"))));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("absent.png"), HasSubstr("damaged")));
  EXPECT_THAT(run_experiment("table1").err, HasSubstr(" 0 stages computed"));
  const auto taken = subsets(only_run());

  // Another order of the rows: the same subsets.
  std::string reversed;
  std::istringstream lines(read_file(data_ / "mine.jsonl"));
  for (std::string text; std::getline(lines, text);) reversed = text + "\n" + reversed;
  write_file(data_ / "mine.jsonl", reversed);
  const fs::path first = only_run();
  fs::rename(first, folder_ / "first");
  ASSERT_EQ(run_experiment("table1").status, 0);
  EXPECT_EQ(subsets(only_run()), taken);

  // A further descriptor is measured by itself.
  const auto walks = [&] {
    const auto folders = fs::directory_iterator(data_ / "results/stages/walk");
    return std::count_if(fs::begin(folders), fs::end(folders),
                         [](const auto& entry) { return fs::exists(entry.path() / "table"); });
  };
  const auto before = walks();
  const Outcome further = run_experiment("table1",
                                         "+descriptors.duration.type=duration "
                                         "++methods.temp.selector.weights.duration=0.1 ");
  EXPECT_EQ(further.status, 0) << further.err;
  EXPECT_EQ(walks(), before + 1);
}

TEST_F(OwnDataTest, OtherExperimentsTakeTheSameFiles) {
  const Outcome ost = run_experiment("ost", "anchors.pool_share=0.05 ");
  ASSERT_EQ(ost.status, 0) << ost.err;
  EXPECT_THAT(ost.out, AllOf(HasSubstr("OST"), HasSubstr("set aside")));
  write_file(
      data_ / "configs/experiment/mine.toml",
      "defaults = [\"table1\", \"_self_\"]\n"
      "[recipe]\ntitle = \"Of my own\"\n"
      "[methods.loss]\nlabel = \"Lowest loss\"\n"
      "selector = {type = \"top_k\", column = \"loss\", budget = 12, direction = \"lowest\"}\n");
  const Outcome own = run_experiment(
      "mine",
      "--config-dir configs '~methods.minloss' '~methods.diverse' '~methods.temp' "
      "'~methods.temp_plus' '~methods.ost' '~methods.ost_strata' '~utility' '~anchors' ");
  ASSERT_EQ(own.status, 0) << own.err;
  EXPECT_THAT(own.out, AllOf(HasSubstr("Of my own"), HasSubstr("Lowest loss")));
}

TEST_F(OwnDataTest, TheStagesRunByThemselves) {
  const std::string decode = "pool check --decode mine.jsonl";
  EXPECT_THAT(run(decode).out, AllOf(HasSubstr("missing_media: 2"), HasSubstr("undecodable: 2")));

  // Measured; once more with a further cheap column, which alone is computed.
  const std::string measure =
      std::string("measure ") + kPool + kModel + "descriptors=gdo --results results ";
  const std::string failed = "descriptors.maximum_failed_share=0.05 ";
  const Outcome too_many = run(measure + "descriptors.maximum_failed_share=0.001 output=measured");
  EXPECT_EQ(too_many.status, 1);
  const Outcome measured = run(measure + failed + "output=measured");
  ASSERT_EQ(measured.status, 0) << measured.err;
  EXPECT_THAT(measured.out, HasSubstr("perplexity"));
  EXPECT_THAT(read_file(data_ / "measured/failures.jsonl"), HasSubstr("damaged.png"));
  const Outcome more = run(measure + failed + "+descriptors.duration.type=duration output=more");
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_THAT(more.out, HasSubstr("; 2 stages computed"));  // a walk and its column

  // Selected by GDO's columns, by a utility and by scores of the user's own.
  const std::string select =
      std::string("select ") + kPool + "maximum_missing_share=0.05 maximum_failed_share=0.2 ";
  const Outcome gdo = run(select +
                          "selector=gdo goal=temp_plus selector.budget=12 "
                          "'columns=[measured]' output=chosen");
  ASSERT_EQ(gdo.status, 0) << gdo.err;
  const Outcome utility =
      run(std::string("measure ") + kPool + kModel +
          "utility=forward_mode anchors.sets.all.count=8 utility_pass.maximum_failed_share=0.05 "
          "--results results output=utility");
  ASSERT_EQ(utility.status, 0) << utility.err;
  const Outcome ost = run(select +
                          "maximum_missing_share=0.2 selector=top_k "
                          "selector.column=utility selector.budget=0 selector.share=0.1 "
                          "'columns=[utility]' output=ost");
  EXPECT_EQ(ost.status, 2);  // one key twice
  const Outcome once =
      run(std::string("select ") + kPool +
          "maximum_missing_share=0.2 selector=top_k selector.column=utility selector.budget=0 "
          "selector.share=0.1 'columns=[utility]' output=ost");
  ASSERT_EQ(once.status, 0) << once.err;
  const std::string first_id = [&] {
    for (const auto& entry : fs::directory_iterator(data_ / "chosen")) {
      if (!entry.path().filename().string().starts_with("selection-")) continue;
      std::istringstream lines(read_file(entry.path()));
      std::string head, text;
      std::getline(lines, head);
      std::getline(lines, text);
      return std::string(json::parse(text).at("id").as_string());
    }
    return std::string();
  }();
  EXPECT_THAT(run("explain chosen " + first_id).out, HasSubstr("TAKEN"));

  // Trained, asked.
  const Outcome trained = run(std::string("train ") + kPool + kModel +
                              "selection=chosen trainer.checkpoints=1 "
                              "features.maximum_failed_media_share=0.2 output=tuned --results "
                              "results");
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_TRUE(fs::exists(data_ / "tuned/checkpoint-1/model.safetensors"));
  const std::string evaluate =
      "evaluate model=qwen3_vl sampling.frames=4 benchmark@benchmarks.mine=multiple_choice "
      "benchmarks.mine.file=test.jsonl --results results model.path=";
  const Outcome answered = run(evaluate + "tuned/checkpoint-1 output=answers");
  ASSERT_EQ(answered.status, 0) << answered.err;
  EXPECT_THAT(answered.out, AllOf(HasSubstr("mine"), HasSubstr("60")));
  const std::string outcomes = read_file(data_ / "answers/outcomes/mine.jsonl");
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), '\n'), OwnData::kQuestions);
  EXPECT_THAT(outcomes, AllOf(HasSubstr("\"score\""), HasSubstr("\"answer\"")));

  // Exported in three formats, each of which is read back without a bad row.
  for (const std::string format : {"ms_swift", "llava", "llama_factory"}) {
    const Outcome exported =
        run(std::string("export ") + kPool + "selection=chosen export=" + format +
            " export.media=copy output=" + format);
    ASSERT_EQ(exported.status, 0) << exported.err;
    std::string files;
    const json::value report = json::parse(read_file(data_ / format / "report.json"));
    for (const auto& entry : fs::directory_iterator(data_ / format)) {
      const std::string name = entry.path().filename().string();
      const bool is_own = name == "report.json" || name == "made_by.json" ||
                          name == "dataset_info.json" || name == "config.toml";
      if (entry.is_regular_file() && !is_own) files += " '" + format + "/" + name + "'";
    }
    const Outcome checked = run("pool check --decode --json --maximum-bad-share 0" + files);
    EXPECT_EQ(checked.status, 0) << format << files << checked.err;
    const json::value summary = json::parse(checked.out);
    EXPECT_EQ(summary.at("rows").to_number<std::size_t>(),
              12 - report.at("not_written").as_array().size())
        << format;
  }
}

TEST_F(OwnDataTest, MistakesCostASecondAndAreNamed) {
  struct Mistake {
    std::string more, message;
  };
  write_file(data_ / "no_answer.jsonl",
             "{\"id\":\"x\",\"image\":\"pictures/00.png\",\"question\":\"Which?\",\"candidates\":["
             "\"a\",\"b\"],\"answer\":\"c\"}\n");
  write_file(data_ / "gone.jsonl",
             "{\"id\":\"x\",\"image\":\"nowhere.png\",\"conversations\":[{\"from\":\"human\","
             "\"value\":\"<image>\\nq\"},{\"from\":\"gpt\",\"value\":\"a\"}]}\n");
  fs::copy(data_ / "checkpoint", data_ / "other");
  std::string config = read_file(data_ / "other/config.json");
  write_file(data_ / "other/config.json", "{\"model_type\": \"llama\"}");
  write_file(data_ / "a_file", "");
  const auto refused = [&](const std::string& overrides, const std::string& results,
                           const testing::Matcher<std::string>& message) {
    SCOPED_TRACE(overrides);
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = run("run experiment=table1 " + overrides + " --results " + results);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_NE(outcome.status, 0);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: "), message));
    EXPECT_THAT(outcome.out, testing::IsEmpty());
    EXPECT_FALSE(fs::exists(data_ / "none/stages/base"));
    EXPECT_LT(took.count(), 20.0);  // a second, on a machine that does nothing else
  };
  const std::string files = "pool=files 'pool.files=[mine.jsonl]' ";
  const std::string asked =
      "benchmark@benchmarks.mine=multiple_choice benchmarks.mine.file=test.jsonl ";
  const std::string model = "model=qwen3_vl model.path=checkpoint ";
  const std::string lenient = "features.maximum_failed_media_share=0.05 ";
  refused(files + model, "none", HasSubstr("no benchmark"));
  refused(
      files + model + "benchmark@benchmarks.mine=multiple_choice benchmarks.mine.file=tset.jsonl",
      "none", AllOf(HasSubstr("benchmarks.mine"), HasSubstr("tset.jsonl")));
  refused(files + model +
              "benchmark@benchmarks.mine=multiple_choice benchmarks.mine.file=no_answer.jsonl",
          "none", AllOf(HasSubstr("no_answer.jsonl:1"), HasSubstr("c")));
  refused("pool=files 'pool.files=[gone.jsonl]' " + asked + model, "none",
          AllOf(HasSubstr("gone.jsonl"), HasSubstr("missing_media")));
  refused("pool=files 'pool.files=[absent.jsonl]' " + asked + model, "none",
          HasSubstr("absent.jsonl"));
  refused(files + asked + "model=qwen3_vl model.path=other", "none", HasSubstr("other"));
  refused(files + asked + "model=qwen3_vl model.path=nowhere", "none", HasSubstr("nowhere"));
  refused(files + asked + model + lenient + "budget=5000", "none",
          AllOf(HasSubstr("command line: budget = 5000"), HasSubstr("299")));
  // A goal of videos on pictures alone, before anything is measured.
  std::istringstream rows(read_file(data_ / "mine.jsonl"));
  std::string pictures;
  for (std::string row; std::getline(rows, row);) {
    if (row.find("video") == std::string::npos) pictures += row + "\n";
  }
  write_file(data_ / "pictures.jsonl", pictures);
  refused("pool=files 'pool.files=[pictures.jsonl]' " + asked + model + lenient + "budget=12",
          "none", HasSubstr("methods.minloss.selector.video_share_minimum: wanted at least 5"));
  refused(files + asked + model +
              "methods.uni_10x.selector.multiple=1 "
              "methods.uni_10x.selector.budget=5 budget=12",
          "none", HasSubstr("methods.uni_1x.selector.budget"));
  refused(files + asked + model + "budget=12 budget=13", "none", HasSubstr("budget"));
  refused(files + asked + model + "budget=12", "a_file", HasSubstr("a_file"));
}

}  // namespace
}  // namespace winnow
