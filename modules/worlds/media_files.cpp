#include "worlds/media_files.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "core/errors.h"

namespace winnow::micro_world {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw IoError(path.string() + ": " + what);
}

cv::Mat to_bgr(const cv::Mat& rgb) {
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

// cv::VideoWriter does not report a full disk. The index (`moov`) is written last, so a file whose
// boxes fill it exactly and hold the index is whole.
bool is_whole_mp4(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::int64_t size = file.tellg();
  std::int64_t at = 0;
  bool has_index = false;
  while (file && at + 8 <= size) {
    std::array<unsigned char, 8> head{};
    file.seekg(at);
    file.read(reinterpret_cast<char*>(head.data()), 8);
    const std::int64_t length =
        (std::int64_t{head[0]} << 24) | (head[1] << 16) | (head[2] << 8) | head[3];
    if (length < 8) return false;
    has_index = has_index || std::memcmp(head.data() + 4, "moov", 4) == 0;
    at += length;
  }
  return at == size && has_index;
}

}  // namespace

void write_plain(const std::filesystem::path& path, std::string_view bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) fail(path, std::string("cannot be written: ") + std::strerror(errno));
}

void write_picture(const std::filesystem::path& path, const cv::Mat& rgb) {
  std::vector<std::uint8_t> bytes;
  // Noise does not compress, so the fastest PNG setting costs a few per cent of space.
  const std::vector<int> settings = {cv::IMWRITE_JPEG_QUALITY, 95, cv::IMWRITE_PNG_COMPRESSION, 1};
  if (!cv::imencode(path.extension().string(), to_bgr(rgb), bytes, settings)) {
    fail(path, "OpenCV cannot encode this kind of picture");
  }
  write_plain(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_clip(const std::filesystem::path& path, const std::vector<cv::Mat>& rgb, double fps) {
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('m', 'p', '4', 'v'),
                         fps, rgb.at(0).size());
  if (!writer.isOpened()) {
    fail(path, "cannot be written: no space or permission, or OpenCV has no mp4v encoder");
  }
  for (const cv::Mat& frame : rgb) writer.write(to_bgr(frame));
  writer.release();
  if (!is_whole_mp4(path)) fail(path, "came out incomplete; is the disk full?");
}

}  // namespace winnow::micro_world
