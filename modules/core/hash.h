#pragma once
// Content digests (XXH3, 128 bits): equal content, equal digest, on every machine. Used to address
// stage outputs, subsets and weights; not meant to resist an adversary.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace winnow {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// Streaming digest. Each add() is length-prefixed, so ("ab","c") and ("a","bc") differ.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  Digest& add(std::string_view bytes);
  Digest& add(std::uint64_t value);
  Digest& add(double value);
  // 32 lower-case hexadecimal characters; the digest may be extended afterwards.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string digest_of(std::string_view bytes);
// digest_of() a file's whole content, which is read piece by piece. Throws IoError.
std::string digest_of_content(const std::filesystem::path& path);
// Digest of a file's bytes. Throws IoError when it cannot be read.
std::string digest_of_file(const std::filesystem::path& path);
// What digest_of_file would say of a file with these bytes.
std::string digest_of_file_content(std::string_view bytes);

}  // namespace winnow
