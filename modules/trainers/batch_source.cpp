#include "trainers/batch_source.h"

namespace winnow {

config::ComponentKind<BatchSource>& batch_sources() {
  static config::ComponentKind<BatchSource> kind("batch_source");
  return kind;
}

MakeBatchSource started(const config::Value& table, const std::string& path, TrainingSet set,
                        std::uint64_t seed) {
  batch_sources().create(table, path);  // a mistake in the table is found here
  return [table, path, set = std::move(set), seed] {
    auto source = batch_sources().create(table, path);
    source->start(set, seed);
    return source;
  };
}

MakeBatchSource epochs(TrainingSet set, std::uint64_t seed) {
  config::Value table;
  table.set("type", config::Value(std::string("epochs"), {}));
  return started(table, "batch_source", std::move(set), seed);
}

}  // namespace winnow
