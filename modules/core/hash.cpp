#define XXH_INLINE_ALL
#include "core/hash.h"

#include <xxhash.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/errors.h"

namespace winnow {
namespace {

std::string hex_of(const XXH3_state_t& state) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const unsigned char byte : canonical.digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

void add_file(const std::filesystem::path& path, XXH3_state_t& state) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw IoError(path.string() + ": cannot be opened for reading: " + std::strerror(errno));
  }
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    XXH3_128bits_update(&state, buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw IoError(path.string() + ": reading failed: " + std::strerror(errno));
}

}  // namespace

struct Digest::State {
  XXH3_state_t xxh;
};

namespace {

std::string hex_of(XXH128_hash_t hash) { return Digest().add(hash.low64).add(hash.high64).hex(); }

}  // namespace

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digest::Digest() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh); }
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

Digest& Digest::add(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  XXH3_128bits_update(&state_->xxh, &size, sizeof size);
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
  return *this;
}

Digest& Digest::add(std::uint64_t value) {
  XXH3_128bits_update(&state_->xxh, &value, sizeof value);
  return *this;
}

Digest& Digest::add(double value) { return add(std::bit_cast<std::uint64_t>(value)); }

std::string Digest::hex() const { return hex_of(state_->xxh); }

std::string digest_of(std::string_view bytes) { return Digest().add(bytes).hex(); }

std::string digest_of_content(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) throw IoError(path.string() + ": cannot be read: " + error.message());
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, &size, sizeof size);
  add_file(path, state);
  return hex_of(state);
}

std::string digest_of_file(const std::filesystem::path& path) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  add_file(path, state);
  return hex_of(XXH3_128bits_digest(&state));
}

std::string digest_of_file_content(std::string_view bytes) {
  return hex_of(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace winnow
