#include "experiments/stages/stage.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/stages/used_stages.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class StageTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("stages-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  static Stage stage(std::int64_t option, const std::string& input = "a") {
    Stage stage;
    stage.name = "count";
    stage.config.set("option", config::Value(option, {}));
    stage.inputs["pool"] = input;
    return stage;
  }

  StageOutput run(StageCache& cache, const Stage& what, const std::string& content = "text") {
    return cache.run(what, [&](StageWork& work) {
      ++computed_;
      work.facts["rows"] = 7;
      write_file(work.output / "data" / "rows.txt", content);
    });
  }

  fs::path root_;
  std::atomic<int> computed_{0};
};

TEST_F(StageTest, ASecondRunReusesTheOutput) {
  StageCache first(root_, false);
  const StageOutput made = run(first, stage(1));
  StageCache second(root_, false);
  const StageOutput reused = run(second, stage(1));
  EXPECT_EQ(computed_, 1);
  EXPECT_EQ(reused.digest, made.digest);
  EXPECT_EQ(reused.facts.at("rows").as_int64(), 7);
  EXPECT_EQ(reused.cpu_seconds, made.cpu_seconds);
  EXPECT_EQ(read_file(reused.folder / "data" / "rows.txt"), "text");
  EXPECT_EQ(second.reused(), 1u);
  EXPECT_EQ(second.computed(), 0u);
}

TEST_F(StageTest, ConfigInputsNameAndFormatMakeTheAddress) {
  Stage other_format = stage(1), other_name = stage(1);
  other_format.format_version = 2;
  other_name.name = "counts";
  const std::vector<std::string> addresses = {stage(1).address(), stage(2).address(),
                                              stage(1, "b").address(), other_format.address(),
                                              other_name.address()};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(addresses[i], addresses[j]) << i << ' ' << j;
  }
  Stage retitled = stage(1);
  retitled.title = "another title";
  EXPECT_EQ(retitled.address(), stage(1).address());
}

TEST_F(StageTest, FreshComputesOnceMoreAndOnlyOnce) {
  StageCache first(root_, false);
  run(first, stage(1), "old");
  StageCache fresh(root_, true);
  const StageOutput output = run(fresh, stage(1), "new");
  run(fresh, stage(1), "newer");
  EXPECT_EQ(computed_, 2);
  EXPECT_EQ(read_file(output.folder / "data" / "rows.txt"), "new");
}

TEST_F(StageTest, AnOutputWithFailuresIsComputedAgainFromItsResumeState) {
  const auto work_with = [&](int failures) {
    return [&computed = computed_, failures](StageWork& work) {
      ++computed;
      const bool goes_on = fs::exists(work.resume / "journal");
      work.facts = {{"failures", failures}, {"resumed", goes_on}};
      work.keep_resume = failures > 0;
      write_file(work.output / "rows.txt", failures > 0 ? "six rows" : "seven rows");
      write_file(work.resume / "journal", std::to_string(computed));
    };
  };
  const auto has_failures = [](const StageOutput& output) {
    return output.facts.at("failures").as_int64() > 0;
  };
  StageCache first(root_, false);
  const StageOutput partial = first.run(stage(1), work_with(1));
  EXPECT_FALSE(partial.facts.at("resumed").as_bool());
  EXPECT_FALSE(fs::exists(root_ / "count" / ("." + stage(1).address() + ".work")));
  // What is kept is no part of the result.
  EXPECT_EQ(StageCache(root_ / "other", false).run(stage(1), work_with(1)).digest, partial.digest);
  computed_ = 1;

  StageCache unasked(root_, false);
  unasked.run(stage(1), work_with(0));
  EXPECT_EQ(computed_, 1);
  // In vain: once by each object, and what was there is not lost when it breaks off.
  StageCache in_vain(root_, false);
  EXPECT_THROW(in_vain.run(
                   stage(1), [](StageWork&) { throw DataError("x"); }, has_failures),
               DataError);
  in_vain.run(stage(1), work_with(1), has_failures);
  EXPECT_EQ(in_vain.run(stage(1), work_with(1), has_failures).digest, partial.digest);
  EXPECT_EQ(computed_, 2);

  StageCache retry(root_, false);
  const StageOutput repaired = retry.run(stage(1), work_with(0), has_failures);
  EXPECT_TRUE(repaired.facts.at("resumed").as_bool());
  EXPECT_EQ(repaired.folder, partial.folder);
  EXPECT_EQ(read_file(repaired.folder / "rows.txt"), "seven rows");
  EXPECT_FALSE(fs::exists(repaired.folder / "resume"));
  StageCache again(root_, false);
  again.run(stage(1), work_with(0), has_failures);
  EXPECT_EQ(computed_, 3);
  EXPECT_EQ(again.reused(), 1U);

  StageCache whole(root_ / "whole", false);
  EXPECT_EQ(whole.run(stage(1), work_with(0)).digest, repaired.digest);
}

TEST_F(StageTest, AFailedStageLeavesOnlyItsResumeState) {
  StageCache cache(root_, false);
  EXPECT_THROW(cache.run(stage(1),
                         [](StageWork& work) {
                           write_file(work.output / "half.txt", "half");
                           write_file(work.resume / "progress", "5");
                           throw DataError("broken");
                         }),
               DataError);
  EXPECT_FALSE(fs::exists(root_ / "count" / stage(1).address()));
  std::size_t entries = 0;
  for (const auto& entry : fs::directory_iterator(root_ / "count")) {
    ++entries;
    EXPECT_EQ(entry.path().filename(), "." + stage(1).address() + ".work");
  }
  EXPECT_EQ(entries, 1u);

  const StageOutput output = cache.run(stage(1), [](StageWork& work) {
    EXPECT_EQ(read_file(work.resume / "progress"), "5");
    EXPECT_FALSE(fs::exists(work.output / "half.txt"));
    write_file(work.output / "whole.txt", "whole");
  });
  EXPECT_TRUE(fs::exists(output.folder / "whole.txt"));
  EXPECT_FALSE(fs::exists(root_ / "count" / ("." + stage(1).address() + ".work")));
}

TEST_F(StageTest, AKilledProcessLeavesItsResumeStateAndNoOutput) {
  const pid_t child = ::fork();
  if (child == 0) {
    StageCache cache(root_, false);
    cache.run(stage(1), [](StageWork& work) {
      write_file(work.output / "half.txt", "half");
      write_file(work.resume / "progress", "5");
      ::kill(::getpid(), SIGKILL);
    });
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));

  StageCache cache(root_, false);
  std::string resumed;
  const StageOutput output = cache.run(stage(1), [&](StageWork& work) {
    resumed = read_file(work.resume / "progress");
    work.earlier_cpu_seconds = 100.0;
    EXPECT_FALSE(fs::exists(work.output / "half.txt"));
    write_file(work.output / "whole.txt", "whole");
  });
  EXPECT_EQ(resumed, "5");
  EXPECT_GE(output.cpu_seconds, 100.0);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(root_ / "count")) ++entries;
  EXPECT_EQ(entries, 1u) << "nothing but the output is left";
}

TEST_F(StageTest, ThreadsThatWantOneStageComputeItOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      StageCache cache(root_, false);
      cache.run(stage(1), [&](StageWork& work) {
        ++computed_;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        write_file(work.output / "rows.txt", "text");
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(computed_, 1);
}

TEST_F(StageTest, AnOutputThatIsNoLongerWhatItWasIsComputedAgain) {
  StageCache cache(root_, false);
  const StageOutput output = run(cache, stage(1));
  const fs::path manifest = output.folder / "manifest.json", rows = output.folder / "data/rows.txt";
  const std::string written = read_file(manifest);
  const auto replace = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::pair<const char*, std::function<void()>>> damages = {
      {"no manifest", [&] { fs::remove(manifest); }},
      {"half a manifest", [&] { write_file(manifest, written.substr(0, 40)); }},
      {"another fact", [&] { write_file(manifest, replace(written, "\"rows\":7", "\"rows\":8")); }},
      {"a file is gone", [&] { fs::remove(rows); }},
      {"a file was cut short", [&] { write_file(rows, "te"); }},
      {"a file of the same size", [&] { write_file(rows, "next"); }},
      {"the manifest of another stage",
       [&] {
         StageCache other(root_, false);
         const StageOutput another = run(other, stage(2));
         --computed_;
         fs::copy_file(another.folder / "manifest.json", manifest,
                       fs::copy_options::overwrite_existing);
       }},
  };
  for (const auto& [what, damage] : damages) {
    computed_ = 0;
    damage();
    StageCache next(root_, false);
    const StageOutput again = run(next, stage(1));
    EXPECT_EQ(computed_, 1) << what;
    EXPECT_EQ(again.digest, output.digest) << what;
    EXPECT_EQ(read_file(rows), "text") << what;
    EXPECT_EQ(next.computed(), 1U) << what;
  }
}

TEST_F(StageTest, ATouchedFileIsComparedByItsContent) {
  StageCache cache(root_, false);
  const StageOutput output = run(cache, stage(1));
  write_file(output.folder / "data/rows.txt", "text");
  write_file(output.folder / "of_the_user.txt", "no file of the stage");
  StageCache next(root_, false);
  run(next, stage(1));
  EXPECT_EQ(computed_, 1);
}

TEST_F(StageTest, AFolderThatIsRemovedWhileItIsFilledIsNotCommitted) {
  StageCache cache(root_, false);
  const auto disturbed = [](StageWork& work) {
    write_file(work.output / "first.txt", "1");
    fs::remove_all(work.output);
    write_file(work.output / "second.txt", "2");
  };
  EXPECT_THROW(cache.run(stage(1), disturbed), IoError);
  run(cache, stage(1));
  EXPECT_EQ(computed_, 1);
}

TEST_F(StageTest, TheManifestSaysWhatMadeTheOutput) {
  StageCache cache(root_, false);
  const StageOutput output = run(cache, stage(1));
  for (const char* key :
       {"commit", "modified", "build", "libtorch", "processor", "command", "started", "ended"}) {
    EXPECT_TRUE(output.made_by.contains(key)) << key;
  }
  StageCache next(root_, false);
  EXPECT_EQ(run(next, stage(1)).made_by, output.made_by);
  ASSERT_EQ(next.commits().size(), 1U);
  EXPECT_EQ(next.commits().begin()->second, 1U);
}

TEST_F(StageTest, WhatARunAsksForIsKnownBeforeItIsThere) {
  StageCache cache(root_, false);
  run(cache, stage(1));  // nobody's
  const fs::path file = root_ / "run" / "stages.txt";
  std::string seen;
  {
    const UsedStages used(file);
    run(cache, stage(2));
    run(cache, stage(2));
    EXPECT_FALSE(cache.find(stage(4)));  // there is none to keep
    EXPECT_TRUE(cache.find(stage(1)));
    StageCache other(root_, false);
    EXPECT_THROW(other.run(stage(3),
                           [&](StageWork&) {
                             seen = read_file(file);
                             throw DataError("stopped");
                           }),
                 DataError);
  }
  run(cache, stage(5));  // nobody's either
  EXPECT_EQ(seen, "count/" + stage(2).address() + "\ncount/" + stage(1).address() + "\ncount/" +
                      stage(3).address() + "\n");
  EXPECT_EQ(read_file(file), seen);
}

TEST_F(StageTest, ARootThatCannotBeWrittenIsAnIoError) {
  write_file(root_, "a file where the folder should be");
  StageCache cache(root_, false);
  EXPECT_THROW(run(cache, stage(1)), IoError);
  EXPECT_EQ(computed_, 0);
}

}  // namespace
}  // namespace winnow
