#pragma once
// 64-bit keys, numbered from 0 in the order in which they come. Keys of texts are hashes: of ten
// million texts, two share a key with a probability of 3e-6.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/hash.h"

namespace winnow::gdo_release {

class KeyTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  KeyTable() : slots_(kSmallest, kNone) {}
  // With room for so many keys.
  explicit KeyTable(std::size_t expected)
      : slots_(std::max(kSmallest, std::bit_ceil(expected + expected / 2 + 2)), kNone) {
    keys_.reserve(expected);
  }

  // Gives back the memory kept for more keys.
  void shrink() { keys_.shrink_to_fit(); }

  std::size_t size() const { return keys_.size(); }
  std::uint64_t key(std::size_t number) const { return keys_[number]; }

  // The key's number, or kNone.
  std::uint32_t find(std::uint64_t key) const { return slots_[place_of(key)]; }
  bool contains(std::uint64_t key) const { return find(key) != kNone; }
  // Fetches what find() looks at first into the cache.
  void prefetch(std::uint64_t key) const { __builtin_prefetch(&slots_[first_place(key)]); }
  // The key's number, which is a new one when it is size() before the call.
  std::uint32_t add(std::uint64_t key) {
    std::size_t place = place_of(key);
    if (slots_[place] != kNone) return slots_[place];
    if (3 * (keys_.size() + 1) > 2 * slots_.size()) {
      grow();
      place = place_of(key);
    }
    slots_[place] = static_cast<std::uint32_t>(keys_.size());
    keys_.push_back(key);
    return slots_[place];
  }

 private:
  static constexpr std::size_t kSmallest = 64;

  std::size_t first_place(std::uint64_t key) const {
    return (key * 0x9E3779B97F4A7C15ULL >> 20) & (slots_.size() - 1);
  }
  // Where the key stands or would stand.
  std::size_t place_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = first_place(key);
    while (slots_[place] != kNone && keys_[slots_[place]] != key) place = (place + 1) & mask;
    return place;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), kNone);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      slots_[place_of(keys_[i])] = static_cast<std::uint32_t>(i);
    }
  }

  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> slots_;
};

// A text's key.
inline std::uint64_t key_of(std::string_view text) { return hash64(text); }

}  // namespace winnow::gdo_release
