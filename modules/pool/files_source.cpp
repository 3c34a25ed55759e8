// The user's own files, of any format that a reader knows.

#include "core/errors.h"
#include "pool/pool_source.h"

namespace winnow {
namespace fs = std::filesystem;

struct FilesPoolOptions : PoolOptions {
  fs::path labels;
};
BOOST_DESCRIBE_STRUCT(FilesPoolOptions, (PoolOptions), (labels))
config::Help help(const FilesPoolOptions& options) {
  config::Help all = help(static_cast<const PoolOptions&>(options));
  all.push_back({"labels", "file of hidden labels, for the oracle and for diagnosis; empty: none"});
  for (config::FieldHelp& field : all) {
    if (field.name == "files") {
      field.text =
          "pool files or patterns (*.jsonl), read in this order; relative to the working "
          "directory";
    }
  }
  return all;
}

namespace {

class FilesPool : public PoolSource {
 public:
  explicit FilesPool(FilesPoolOptions options) : options_(std::move(options)) {
    if (options_.files.empty()) {
      throw ConfigError(
          "pool.files is empty: name at least one pool file, as in "
          "pool.files=[mine.jsonl]");
    }
    std::error_code error;
    if (!options_.labels.empty() && !fs::exists(options_.labels, error)) {
      throw IoError("pool.labels: there is no file " + options_.labels.string());
    }
  }

  config::Value identity(std::uint64_t) const override {
    config::Value value = identity_of_files(expanded());
    value.set("type", config::Value(std::string("files"), {}));
    return value;
  }
  Pool open(const fs::path&) const override { return Pool::read(expanded()); }
  std::optional<fs::path> labels(const fs::path&) const override {
    if (options_.labels.empty()) return std::nullopt;
    return options_.labels;
  }

 private:
  PoolOptions expanded() const {
    PoolOptions options = options_;
    options.files = expand_files(options_.files, "pool.files");
    return options;
  }

  FilesPoolOptions options_;
};

const bool registered = pools().add<FilesPool, FilesPoolOptions>(
    "files", "JSON lines or JSON arrays of both LLaVA families, with media beside them");

}  // namespace
}  // namespace winnow
