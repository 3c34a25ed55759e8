#pragma once
// A growing list that never moves its elements: growing costs no second copy of millions of rows.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace winnow::gdo_release {

template <class T>
class ChunkedVector {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return chunks_[i / kChunk][i % kChunk]; }
  const T& operator[](std::size_t i) const { return chunks_[i / kChunk][i % kChunk]; }

  void push_back(T value) {
    if (size_ % kChunk == 0) chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
    chunks_.back()[size_ % kChunk] = std::move(value);
    ++size_;
  }
  // Calls `take(begin, count)` for one part after the other.
  template <class Take>
  void each_part(Take take) const {
    for (std::size_t begin = 0; begin < size_; begin += kChunk) {
      take(&(*this)[begin], std::min(kChunk, size_ - begin));
    }
  }
  void clear() {
    chunks_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t kChunk = std::size_t{1} << 14;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace winnow::gdo_release
