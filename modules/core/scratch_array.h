#pragma once
// Numbers that may outgrow memory: in a file without a name, which goes with them.

#include <cstddef>
#include <filesystem>
#include <span>

namespace winnow {

// Mapped, so that the system writes out what does not fit and reads it again where it is needed.
class ScratchArray {
 public:
  ScratchArray() = default;
  // `count` zeros, in a file of the folder, which exists. Throws IoError naming the folder and the
  // system's reason: disk full is found here, not when a number is written.
  ScratchArray(const std::filesystem::path& folder, std::size_t count);
  ~ScratchArray();
  ScratchArray(ScratchArray&& other) noexcept;
  ScratchArray& operator=(ScratchArray&& other) noexcept;

  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

 private:
  std::span<float> values_;
};

}  // namespace winnow
