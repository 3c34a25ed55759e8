#pragma once
// The numbers of a column: in memory of its own while it is being built, or a file mapped for
// reading.

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>

namespace winnow {

// An array [rows] or [rows, D], C order. Copies share their numbers until one of them is written.
template <class T, std::size_t Dimensions>
class ColumnArray {
 public:
  using Tensor = xt::xtensor<T, Dimensions>;
  using Shape = std::array<std::size_t, Dimensions>;

  ColumnArray() = default;
  ColumnArray(Tensor own) { take(std::move(own)); }
  // `data` lives as long as `owner`.
  ColumnArray(std::shared_ptr<const void> owner, const T* data, const Shape& shape)
      : mapped_(std::move(owner)), data_(data), shape_(shape) {}

  std::size_t size() const {
    std::size_t count = 1;
    for (const std::size_t extent : shape_) count *= extent;
    return count;
  }
  const Shape& shape() const { return shape_; }
  std::size_t shape(std::size_t dimension) const { return shape_[dimension]; }
  const T* data() const { return data_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size(); }
  const T& operator()(std::size_t row) const requires(Dimensions == 1) { return data_[row]; }
  const T& operator()(std::size_t row, std::size_t component) const requires(Dimensions == 2) {
    return data_[row * shape_[1] + component];
  }
  // The numbers for expressions of xtensor; valid as long as this and while it is not written.
  auto view() const { return xt::adapt(data_, size(), xt::no_ownership(), shape_); }

  // Equal numbers in equal shape; NaN equals nothing.
  bool operator==(const ColumnArray& other) const {
    return shape_ == other.shape_ && std::equal(begin(), end(), other.begin());
  }

  // The numbers for writing: those of a file, or shared with a copy, are copied first.
  T* edit() {
    if (own_ == nullptr || own_.use_count() > 1) {
      take(Tensor(view()));
    } else {
      // Whoever shared them has read what he wanted before he let go.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return own_->data();
  }

 private:
  void take(Tensor own) {
    std::copy(own.shape().begin(), own.shape().end(), shape_.begin());
    own_ = std::make_shared<Tensor>(std::move(own));
    mapped_ = nullptr;
    data_ = own_->data();
  }

  std::shared_ptr<Tensor> own_;  // null: mapped, or empty
  std::shared_ptr<const void> mapped_;
  const T* data_ = nullptr;
  Shape shape_{};
};

}  // namespace winnow
