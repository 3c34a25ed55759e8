#include "trackers/tracked_run.h"

namespace winnow {

void TrackedRun::add(Record record) const {
  if (!sink_) return;
  record.run = path_;
  if (record.time == 0.0) record.time = seconds_now();
  sink_->add(std::move(record));
}

void TrackedRun::scalars(std::int64_t step, Scalars values, std::optional<double> time) const {
  Record record{RecordKind::scalars};
  record.time = time.value_or(0.0);
  record.step = step;
  record.values = std::move(values);
  add(std::move(record));
}

void TrackedRun::parameter(const std::string& key, const std::string& value) const {
  add({.kind = RecordKind::parameter, .key = key, .text = value});
}

void TrackedRun::setting(const std::string& key, const std::string& value) const {
  add({.kind = RecordKind::setting, .key = key, .text = value});
}

void TrackedRun::tag(const std::string& key, const std::string& value) const {
  add({.kind = RecordKind::tag, .key = key, .text = value});
}

void TrackedRun::text(const std::string& key, std::int64_t step,
                      const std::string& markdown) const {
  add({.kind = RecordKind::text, .step = step, .key = key, .text = markdown});
}

void TrackedRun::image(const std::string& key, std::int64_t step,
                       const std::filesystem::path& png) const {
  if (!sink_) return;
  if (const auto kept = sink_->keep(png)) {
    add({.kind = RecordKind::image, .step = step, .key = key, .text = *kept});
  }
}

void TrackedRun::artifact(const std::string& name, const std::filesystem::path& file) const {
  if (!sink_) return;
  if (const auto kept = sink_->keep(file)) {
    add({.kind = RecordKind::artifact, .key = name, .text = *kept});
  }
}

void TrackedRun::finish(RunStatus status) const {
  add({.kind = RecordKind::finish, .text = boost::describe::enum_to_string(status, "")});
}

TrackedRun TrackedRun::child(const std::string& name, const std::string& identity) const {
  if (!sink_) return {};
  const TrackedRun run(sink_, sink_->child(path_, name, identity));
  run.add({.kind = RecordKind::start, .key = name, .text = identity});
  return run;
}

}  // namespace winnow
