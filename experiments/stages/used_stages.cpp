#include "experiments/stages/used_stages.h"

#include <atomic>
#include <cassert>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace {

std::atomic<UsedStages*>& current() {
  static std::atomic<UsedStages*> one{nullptr};
  return one;
}

}  // namespace

UsedStages::UsedStages(const std::filesystem::path& file) : path_(file) {
  winnow::create_directories(file.parent_path());
  file_.open(file, std::ios::trunc);
  if (!file_) throw IoError(file.string() + ": cannot be written");
  [[maybe_unused]] UsedStages* const before = current().exchange(this);
  assert(before == nullptr);
}

UsedStages::~UsedStages() { current() = nullptr; }

void UsedStages::add(const std::string& stage) {
  const std::lock_guard lock(mutex_);
  if (!known_.insert(stage).second) return;
  file_ << stage << '\n' << std::flush;
  if (!file_) throw IoError(path_.string() + ": cannot be written");
}

void note_used_stage(const std::string& name, const std::string& address) {
  if (UsedStages* const one = current()) one->add(name + "/" + address);
}

}  // namespace winnow
