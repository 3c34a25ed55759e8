#include "trackers/tracking.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "trackers/delivery.h"
#include "trackers/journal.h"
#include "trackers/system_metrics.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kFolder = "tracking";
constexpr const char* kJournal = "journal.jsonl";
constexpr const char* kKept = "kept";
constexpr std::size_t kQueue = 65536;  // records
// How long a record waits for others to be written with it.
constexpr std::chrono::milliseconds kGathering{500};
// How long who says something waits for room where the disk takes nothing.
constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::seconds kSystemInterval{10};

// Held by the process that writes a journal; the system lets it go with the process.
class JournalLock {
 public:
  explicit JournalLock(const fs::path& folder) {
    const fs::path file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      throw IoError(file.string() + ": cannot be opened: " + std::strerror(errno));
    }
    held_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  }
  ~JournalLock() { ::close(descriptor_); }
  JournalLock(const JournalLock&) = delete;
  JournalLock& operator=(const JournalLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_ = -1;
  bool held_ = false;
};

struct RunFile {
  std::string id, name, group, identity;
};
BOOST_DESCRIBE_STRUCT(RunFile, (), (id, name, group, identity))

std::optional<RunFile> read_run_file(const fs::path& folder) {
  const fs::path file = folder / "run.json";
  if (!fs::exists(file)) return std::nullopt;
  try {
    return json::value_to<RunFile>(json::parse(read_file(file)));
  } catch (const boost::system::system_error&) {
    return std::nullopt;
  }
}

TrackedRunFacts facts_of(const RunFile& run, const fs::path& folder) {
  return {run.id, run.name, run.group, folder};
}

// Where the folders of earlier runs of this name lie.
std::vector<fs::path> set_aside(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with(std::string(kFolder) + "-") &&
        entry.is_directory()) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

RunFile begin_run(const TrackingPlan& plan, const fs::path& folder) {
  RunFile run{"", plan.name, plan.group, plan.identity};
  run.id = digest_of(fmt::format("{}\n{}\n{}\n{}", plan.identity, folder.string(), ::getpid(),
                                 seconds_now()))
               .substr(0, 16);
  const std::size_t earlier = set_aside(plan.folder).size();
  if (earlier > 0) run.name += fmt::format(".{}", earlier + 1);
  write_file(folder / "run.json", json::serialize(json::value_from(run)) + "\n");
  return run;
}

// Ends what goes on.
std::vector<Record> ends_of(const Journal& journal, RunStatus status, double time) {
  std::vector<Record> ends;
  for (const std::string& path : journal.unfinished()) {
    ends.push_back({.kind = RecordKind::finish, .run = path, .time = time});
    ends.back().text = boost::describe::enum_to_string(status, "");
  }
  return ends;
}

// The config's table as a file that `sync` reads back, from whatever folder it is called.
void store_trackers(const fs::path& folder, const config::Value& table) {
  config::Value root;
  root.set("trackers", table);
  for (auto& [name, options] : root.find("trackers")->table()) {
    config::Value* path = options.child("folder");
    if (path == nullptr || path->string().empty()) continue;
    *path = config::Value(fs::absolute(path->string()).string(), path->origin());
  }
  write_file(folder / "trackers.toml", root.to_toml());
}

}  // namespace

struct Tracking::State : RecordSink {
  fs::path folder;
  RunFile identity;
  std::unique_ptr<JournalLock> lock;
  std::unique_ptr<Journal> journal;
  std::vector<std::unique_ptr<Delivery>> deliveries;
  std::mutex mutex;
  std::condition_variable changed, room;
  std::vector<Record> queue;
  std::size_t lost = 0;  // since something was written
  bool ending = false;
  RunStatus status = RunStatus::failed;
  std::thread writer;

  void add(Record record) override {
    std::unique_lock guard(mutex);
    if (ending) return;
    if (queue.size() >= kQueue) {
      changed.notify_all();
      if (lost > 0 || !room.wait_for(guard, kPatience, [&] { return queue.size() < kQueue; })) {
        if (lost++ == 0) {
          spdlog::warn("{}: nothing can be written; what the run says is lost", folder.string());
        }
        return;
      }
    }
    queue.push_back(std::move(record));
  }

  std::string child(const std::string& parent, const std::string& name,
                    const std::string& child_identity) override {
    return journal->child(parent, name, child_identity);
  }

  std::optional<std::string> keep(const fs::path& file) override {
    try {
      const std::string name =
          fmt::format("{}/{}{}", kKept, digest_of_content(file), file.extension().string());
      if (!fs::exists(folder / name)) {
        winnow::create_directories(folder / kKept);
        const fs::path partial = folder / (name + ".partial");
        std::error_code ignored;
        fs::remove(partial, ignored);
        winnow::copy_file(file, partial);
        fs::rename(partial, folder / name);
      }
      return name;
    } catch (const std::exception& error) {
      spdlog::warn("no tracker gets {}: {}", file.string(), error.what());
      return std::nullopt;
    }
  }

  void write() {
    using Clock = std::chrono::steady_clock;
    SystemMetrics system(folder);
    Clock::time_point next_reading = Clock::now() + kSystemInterval;
    bool warned = false;
    std::unique_lock guard(mutex);
    while (true) {
      changed.wait_for(guard, kGathering, [&] { return ending || queue.size() >= kQueue / 2; });
      std::vector<Record> records = std::move(queue);
      queue.clear();
      const bool last = ending;
      if (lost > 0) spdlog::warn("{}: {} records of the run are lost", folder.string(), lost);
      lost = 0;
      room.notify_all();
      guard.unlock();
      try {
        if (!last && Clock::now() >= next_reading) {
          next_reading = Clock::now() + kSystemInterval;
          Record reading{.kind = RecordKind::scalars, .time = seconds_now()};
          reading.values = system.read();
          for (const auto& [key, value] : reading.values) {
            reading.step = std::max(reading.step, journal->last_step("", key) + 1);
          }
          records.push_back(std::move(reading));
        }
        journal->append(records);
        if (last) journal->append(ends_of(*journal, status, seconds_now()));
      } catch (const std::exception& error) {
        if (!warned) spdlog::warn("what the run says of itself is lost: {}", error.what());
        warned = true;
      }
      for (const auto& delivery : deliveries) delivery->grow(journal->size());
      guard.lock();
      if (last) return;
    }
  }
};

Tracking::Tracking(const TrackingPlan& plan, const config::Value* table) {
  std::vector<NamedTracker> trackers;
  if (table != nullptr) trackers = make_trackers(*table);
  if (trackers.empty()) return;
  auto state = std::make_shared<State>();
  state->folder = plan.folder / kFolder;
  try {
    winnow::create_directories(state->folder);
    state->lock = std::make_unique<JournalLock>(state->folder);
    if (!state->lock->held()) {
      spdlog::warn("{}: another process does this run at this moment, and tells its trackers",
                   state->folder.string());
      return;
    }
    std::optional<RunFile> known = read_run_file(state->folder);
    if (known && (plan.fresh || known->identity != plan.identity)) {
      fs::rename(state->folder, plan.folder / fmt::format("{}-{}", kFolder, known->id));
      winnow::create_directories(state->folder);
      state->lock = std::make_unique<JournalLock>(state->folder);
      known.reset();
    }
    state->identity = known ? *known : begin_run(plan, state->folder);
    store_trackers(state->folder, *table);
    state->journal = std::make_unique<Journal>(state->folder / kJournal);
  } catch (const std::exception& error) {
    spdlog::warn("no tracker is told of this run: {}", error.what());
    return;
  }
  for (NamedTracker& tracker : trackers) {
    state->deliveries.push_back(std::make_unique<Delivery>(
        std::move(tracker), facts_of(state->identity, state->folder), state->journal->size()));
  }
  state_ = std::move(state);
  state_->writer = std::thread([state = state_.get()] { state->write(); });
  state_->add({.kind = RecordKind::start,
               .time = seconds_now(),
               .key = state_->identity.name,
               .text = state_->identity.group});
}

Tracking::~Tracking() { finish(RunStatus::failed); }

TrackedRun Tracking::run() const { return state_ ? TrackedRun(state_) : TrackedRun(); }

void Tracking::finish(RunStatus status) {
  if (!state_) return;
  State& state = *state_;
  {
    const std::lock_guard guard(state.mutex);
    if (state.ending) return;
  }
  {
    const std::lock_guard guard(state.mutex);
    state.ending = true;
    state.status = status;
    state.changed.notify_all();
  }
  state.writer.join();
  for (const auto& delivery : state.deliveries) {
    delivery->end(delivery->patience());
    if (delivery->left() == 0) continue;
    spdlog::warn("tracker {}: not all is sent ({}); `winnow track sync {}` sends the rest",
                 delivery->name(),
                 delivery->problem().empty() ? "it takes too long" : delivery->problem(),
                 state.folder.parent_path().string());
  }
  state.deliveries.clear();
  state.lock.reset();
}

std::vector<SyncResult> sync_tracking(const fs::path& folder, const config::Value* more,
                                      double seconds) {
  std::vector<fs::path> journals = set_aside(folder);
  if (fs::exists(folder / kFolder / "run.json")) journals.push_back(folder / kFolder);
  if (journals.empty()) {
    throw ConfigError(
        fmt::format("{}: no tracker was told of this run; a config's table "
                    "`trackers` names some",
                    folder.string()));
  }
  std::vector<SyncResult> results;
  for (const fs::path& place : journals) {
    const std::optional<RunFile> run = read_run_file(place);
    if (!run) throw DataError(place.string() + "/run.json: does not say which run this is");
    const JournalLock lock(place);
    if (!lock.held()) {
      throw ConfigError(
          fmt::format("{}: the run goes on, and tells its trackers itself", folder.string()));
    }
    Journal journal(place / kJournal);
    journal.append(ends_of(journal, RunStatus::killed, journal.last_time()));
    config::Value table = config::read_toml(place / "trackers.toml");
    if (more != nullptr) {
      for (const auto& [name, options] : more->table()) {
        table.set(config::join_key("trackers", name), options);
      }
    }
    std::vector<std::unique_ptr<Delivery>> deliveries;
    for (NamedTracker& tracker : make_trackers(table.at("trackers"))) {
      const TrackedRunFacts facts = facts_of(*run, place);
      SyncResult& result = results.emplace_back();
      result.folder = place;
      result.run = run->name;
      result.tracker = tracker.name;
      result.destination = tracker.tracker->destination(facts);
      deliveries.push_back(std::make_unique<Delivery>(std::move(tracker), facts, journal.size()));
    }
    const std::size_t first = results.size() - deliveries.size();
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      deliveries[i]->end(seconds);
      results[first + i].left = deliveries[i]->left();
      if (results[first + i].left > 0) {
        results[first + i].problem =
            deliveries[i]->problem().empty() ? "it takes too long" : deliveries[i]->problem();
      }
    }
  }
  return results;
}

}  // namespace winnow
