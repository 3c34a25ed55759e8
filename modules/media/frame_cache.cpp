#include <atomic>
#include <future>
#include <list>
#include <mutex>
#include <unordered_map>

#include "media/frames.h"

namespace winnow {
namespace {

// A failure is remembered, too: its message takes about this much.
constexpr std::size_t kBookkeepingBytes = 1024;

std::size_t bytes_of(const Frames& frames) {
  std::size_t bytes = kBookkeepingBytes;
  for (const cv::Mat& image : frames.images) bytes += image.total() * image.elemSize();
  return bytes;
}

}  // namespace

struct FrameCache::State {
  using Result = std::shared_future<std::shared_ptr<const Frames>>;
  struct Entry {
    Result result;
    std::size_t bytes = 0;  // 0 while decoding: not to be evicted
    std::list<std::string>::iterator use;
  };

  SamplingOptions options;
  std::size_t maximum_bytes = 0;
  mutable std::mutex mutex;
  std::unordered_map<std::string, Entry> entries;
  std::list<std::string> uses;  // decoded entries, most recently used first
  std::size_t bytes = 0;
  std::size_t decoded = 0;

  // Called with the lock held, once the decode of `key` has ended.
  void keep(const std::string& key, std::size_t size) {
    Entry& entry = entries.at(key);
    entry.bytes = size;
    uses.push_front(key);
    entry.use = uses.begin();
    bytes += size;
    ++decoded;
    while (bytes > maximum_bytes && !uses.empty()) {
      const auto last = entries.find(uses.back());
      bytes -= last->second.bytes;
      entries.erase(last);
      uses.pop_back();
    }
  }
};

FrameCache::FrameCache(SamplingOptions options, std::size_t maximum_bytes)
    : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->maximum_bytes = maximum_bytes;
}

FrameCache::~FrameCache() = default;

std::shared_ptr<const Frames> FrameCache::get(const Media& media) {
  const std::string key = media.key();
  std::promise<std::shared_ptr<const Frames>> promise;
  State::Result result;
  bool mine = false;
  {
    const std::lock_guard lock(state_->mutex);
    const auto [found, inserted] = state_->entries.try_emplace(key);
    mine = inserted;
    if (inserted) found->second.result = promise.get_future().share();
    result = found->second.result;
    if (found->second.bytes > 0) {
      state_->uses.splice(state_->uses.begin(), state_->uses, found->second.use);
    }
  }
  if (mine) {
    // Decoded without the lock: others read what is there meanwhile, and wait for this one.
    std::size_t size = kBookkeepingBytes;
    try {
      auto frames = std::make_shared<const Frames>(decode(media, state_->options));
      size = bytes_of(*frames);
      promise.set_value(std::move(frames));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
    const std::lock_guard lock(state_->mutex);
    state_->keep(key, size);
  }
  return result.get();
}

std::size_t FrameCache::decoded() const {
  const std::lock_guard lock(state_->mutex);
  return state_->decoded;
}

std::size_t FrameCache::bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes;
}

}  // namespace winnow
