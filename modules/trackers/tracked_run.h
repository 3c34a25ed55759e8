#pragma once
// A run, to whoever has something to say of it. It is told and never asked: nothing here waits,
// throws or returns what a tracker did with it.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "trackers/record.h"

namespace winnow {

enum class RunStatus { finished, failed, killed };
BOOST_DESCRIBE_ENUM(RunStatus, finished, failed, killed)

// Who takes what a run says, from any thread.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void add(Record record) = 0;
  // The path of a child (TrackedRun::child).
  virtual std::string child(const std::string& parent, const std::string& name,
                            const std::string& identity) = 0;
  // A copy of the file that stays as it is, by its name in the journal's folder; nothing where it
  // cannot be had.
  virtual std::optional<std::string> keep(const std::filesystem::path& file) = 0;
};

// Cheap to copy. Thread-safe. One that was made from nothing tells nobody.
//
// What was said before is not said again: the steps of a key rise, and a step that is not above the
// last one is passed over, as is a word that was said alike. So a job that goes on from a resume
// point, or a stage that is reused, may tell everything once more.
class TrackedRun {
 public:
  TrackedRun() = default;
  explicit TrackedRun(std::shared_ptr<RecordSink> sink, std::string path = {})
      : sink_(std::move(sink)), path_(std::move(path)) {}

  // Whether anybody hears; what is dear to prepare need not be, otherwise.
  bool is_told() const { return sink_ != nullptr; }

  // `time`: when it was, where that is not now; seconds since 1970.
  void scalars(std::int64_t step, Scalars values, std::optional<double> time = {}) const;
  // What tells this run from others like it. The first value stays.
  void parameter(const std::string& key, const std::string& value) const;
  // A key of its composed config, "trainer.learning_rate". The first value stays.
  void setting(const std::string& key, const std::string& value) const;
  // What it was made by: a commit, a digest. The last value stays.
  void tag(const std::string& key, const std::string& value) const;
  void text(const std::string& key, std::int64_t step, const std::string& markdown) const;
  // A PNG file; it may change or go as soon as this returns, as an artifact may.
  void image(const std::string& key, std::int64_t step, const std::filesystem::path& png) const;
  void artifact(const std::string& name, const std::filesystem::path& file) const;
  void finish(RunStatus status) const;

  // A part of it that has curves of its own: one training of a comparison. `name`: a folder's name.
  // `identity` says what it computes: where a child of this name is known with another one, this is
  // another run.
  TrackedRun child(const std::string& name, const std::string& identity) const;

 private:
  void add(Record record) const;

  std::shared_ptr<RecordSink> sink_;
  std::string path_;
};

}  // namespace winnow
