#pragma once
// What a walk over a pool on several threads needs of a model: one copy for each thread, and no
// further threads inside.

#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <vector>

#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// While it lives, OpenCV and LibTorch use one thread each: theirs would fight with those of
// parallel_for, and some results depend on their number.
class OneThreadInside {
 public:
  OneThreadInside() {
    cv::setNumThreads(1);
    torch::set_num_threads(1);
  }
  ~OneThreadInside() {
    cv::setNumThreads(opencv_);
    torch::set_num_threads(torch_);
  }
  OneThreadInside(const OneThreadInside&) = delete;
  OneThreadInside& operator=(const OneThreadInside&) = delete;

 private:
  int opencv_ = cv::getNumThreads();
  int torch_ = torch::get_num_threads();
};

// A model and clones of it, one per thread that asks at the same time. Safe to use from several
// threads.
class ModelPool {
 public:
  // `model` may be null, then take() is, too. It must outlive the pool.
  explicit ModelPool(VisionLanguageModel* model) : original_(model) {
    if (model != nullptr) free_.push_back(model);
  }

  // Makes all clones for `count` users now: needed where a user moves the parameters, since a clone
  // made meanwhile would be of whatever is there.
  void reserve(std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (original_ == nullptr) return;
    while (clones_.size() + 1 < count) {
      clones_.push_back(original_->clone());
      free_.push_back(clones_.back().get());
    }
  }

  // One of the models while this lives.
  class Loan {
   public:
    explicit Loan(ModelPool& pool) : pool_(pool), model_(pool.take()) {}
    ~Loan() { pool_.give_back(model_); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    // Null where the pool has no model.
    VisionLanguageModel* get() const { return model_; }
    VisionLanguageModel& operator*() const { return *model_; }
    VisionLanguageModel* operator->() const { return model_; }

   private:
    ModelPool& pool_;
    VisionLanguageModel* model_;
  };

  VisionLanguageModel* take() {
    if (original_ == nullptr) return nullptr;
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      // Reads the original's parameters while another thread may run it: both only read them.
      clones_.push_back(original_->clone());
      return clones_.back().get();
    }
    VisionLanguageModel* model = free_.back();
    free_.pop_back();
    return model;
  }

  void give_back(VisionLanguageModel* model) {
    const std::lock_guard lock(mutex_);
    if (model != nullptr) free_.push_back(model);
  }

 private:
  VisionLanguageModel* original_;
  std::mutex mutex_;
  std::vector<VisionLanguageModel*> free_;
  std::vector<std::unique_ptr<VisionLanguageModel>> clones_;
};

}  // namespace winnow
