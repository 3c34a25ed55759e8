#pragma once
// The one place where attention is computed, so that a LibTorch with fused kernels speeds up every
// model and an older one computes the same exactly.

#include "models/torch.h"

namespace winnow {

// softmax(q k^T / sqrt(D) + mask) v.  q: [B, H, S, D], k and v: [B, G, T, D] where G divides H:
// query head h reads key and value head h / (H / G). mask: additive, broadcastable to [B, H, S, T],
// 0 where allowed and -inf (or very negative) where not; undefined when everything is allowed.
// Returns [B, H, S, D]. Every row of the mask must allow at least one position. Scores that would
// take more than kLargestScores are computed some rows at a time, in an eighth of that.
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& mask);

// Bytes; a photo of 12 megapixels makes 47,000 patches, whose scores are 9 GB for each head.
inline constexpr double kLargestScores = 4.0 * (1 << 30);

// While it lives, that bound is another one on this thread.
class AttentionMemory {
 public:
  explicit AttentionMemory(double bytes);
  ~AttentionMemory();
  AttentionMemory(const AttentionMemory&) = delete;
  AttentionMemory& operator=(const AttentionMemory&) = delete;

 private:
  double before_;
};

// While it lives, attention() on this thread is made of plain operations, also where there is a
// fused kernel: those of LibTorch 2 know neither forward-mode derivatives nor second ones.
class PlainAttention {
 public:
  PlainAttention();
  ~PlainAttention();
  PlainAttention(const PlainAttention&) = delete;
  PlainAttention& operator=(const PlainAttention&) = delete;

 private:
  bool before_;
};

}  // namespace winnow
