// The benchmark type `file`: questions in a file of the user's own.

#include "benchmarks/benchmark.h"
#include "benchmarks/question_reader.h"
#include "core/errors.h"
#include "core/hash.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct FileBenchmarkOptions {
  fs::path file;
  JsonRowsFormat format = JsonRowsFormat::automatic;
  fs::path media_root;
  AnswerForm answer_form = AnswerForm::automatic;
  std::string subtask_key;
};
BOOST_DESCRIBE_STRUCT(FileBenchmarkOptions, (),
                      (file, format, media_root, answer_form, subtask_key))

config::Help help(const FileBenchmarkOptions&) {
  return {
      {"file", "JSON lines or a JSON array of questions, from the working directory"},
      {"format", "automatic: by the file's first character"},
      {"media_root", "folder that relative media paths start from; empty: the file's"},
      {"answer_form",
       "what a right answer is: an option's text, its letter, its index from 0 or its number "
       "from 1; automatic: whichever fits, where no two of them do"},
      {"subtask_key", "key of a row's subtask; empty: subtask, task_type, category and the like"}};
}

class FileBenchmark : public Benchmark {
 public:
  explicit FileBenchmark(FileBenchmarkOptions options) : options_(std::move(options)) {}

  // Content counts, not where it lies: the file's bytes, and the names and sizes of its media.
  config::Value identity(std::uint64_t) const override {
    config::Value value = config::to_value(options_);
    value.set("type", config::Value(std::string("file"), {}));
    value.set("file", config::Value(digest_of_file(file()), {}));
    value.set("media_root", config::Value(digest_of_media(), {}));
    return value;
  }

  std::vector<Question> questions(const fs::path&) const override {
    return read_questions(
        file(), {options_.format, options_.media_root, options_.answer_form, options_.subtask_key});
  }

 private:
  const fs::path& file() const {
    if (options_.file.empty()) throw IoError("the option `file` names the file of its questions");
    if (!fs::exists(options_.file)) {
      throw IoError("file = " + options_.file.string() + ": there is no such file");
    }
    return options_.file;
  }

  std::string digest_of_media() const {
    Digest digest;
    for (const Question& question : questions({})) {
      for (const Media& medium : question.sample.media) {
        for (const fs::path& path : medium.paths) {
          std::error_code absent;
          const std::uintmax_t size = fs::file_size(path, absent);
          digest.add(path.lexically_proximate(medium.root).native());
          digest.add(absent ? std::string("absent") : std::to_string(size));
        }
      }
    }
    return digest.hex();
  }

  FileBenchmarkOptions options_;
};

const bool registered = benchmarks().add<FileBenchmark, FileBenchmarkOptions>(
    "file", "questions from a file of JSON lines, or a JSON array");

}  // namespace
}  // namespace winnow
