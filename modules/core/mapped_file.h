#pragma once
// A file's bytes in memory without a copy.

#include <filesystem>
#include <string_view>

namespace winnow {

// Maps a whole file for reading. The bytes live as long as this does, and must not be relied on
// when another process shortens the file meanwhile.
class MappedFile {
 public:
  // Throws IoError naming the path and the system's reason; a folder is no file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::string_view bytes() const { return bytes_; }
  // Gives back the memory behind a part of bytes(), which is read from the file again when it is
  // needed again: whoever reads a large file once keeps little of it in memory.
  void release(std::string_view part) const;

 private:
  std::string_view bytes_;
};

}  // namespace winnow
