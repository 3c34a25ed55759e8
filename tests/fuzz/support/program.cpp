// Feeds a target with bytes: from libFuzzer where it is linked (scripts/fuzz), from seeded
// mutations of the target's own seeds elsewhere, so that every run of the tests tries some.

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "core/errors.h"
#include "core/random.h"
#include "fuzz/target.h"

namespace winnow::fuzz {
namespace {

namespace fs = std::filesystem;

// Where the bytes under test lie; in memory where the system has such a folder.
class Workplace {
 public:
  Workplace() : target_(target()) {
    const fs::path memory = "/dev/shm";
    folder_ = (fs::exists(memory) ? memory : fs::temp_directory_path()) /
              ("winnow-fuzz-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  const Target& under_test() const { return target_; }

  // Whether the target took the bytes; false when it refused them with an error of ours.
  bool open(const char* data, std::size_t size) const {
    const fs::path file = folder_ / target_.file_name;
    std::ofstream(file, std::ios::binary).write(data, static_cast<std::streamsize>(size));
    try {
      target_.open(file);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void write_seeds(const fs::path& folder) const {
    fs::create_directories(folder);
    for (std::size_t i = 0; i < target_.seeds.size(); ++i) {
      std::ofstream(folder / ("seed-" + std::to_string(i)), std::ios::binary) << target_.seeds[i];
    }
  }

 private:
  Target target_;
  fs::path folder_;
};

const Workplace& workplace() {
  static const Workplace place;
  return place;
}

}  // namespace
}  // namespace winnow::fuzz

#ifdef WINNOW_FUZZ

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* folder = std::getenv("WINNOW_FUZZ_SEEDS")) {
    winnow::fuzz::workplace().write_seeds(folder);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  winnow::fuzz::workplace().open(reinterpret_cast<const char*>(data), size);
  return 0;
}

#else

namespace winnow::fuzz {
namespace {

// Some bytes replaced by others or by characters that mean something, some cut out or doubled, or
// the end cut off.
std::string mutated(std::string content, RandomStream& stream) {
  constexpr std::string_view kTelling = "0123456789-{}[]\",:eE.\xff";
  for (std::uint64_t changes = 1 + stream.below(4); changes > 0 && !content.empty(); --changes) {
    const std::size_t at = stream.below(content.size());
    switch (stream.below(9)) {
      case 0:
        content.resize(at);
        break;
      case 1:
      case 2:
        content[at] = static_cast<char>(stream.below(256));
        break;
      case 3:
      case 4:
        content[at] = kTelling[stream.below(kTelling.size())];
        break;
      case 5:
      case 6:
        content.erase(at, 1 + stream.below(8));
        break;
      default:
        content.insert(at, content.substr(at, 1 + stream.below(8)));
    }
  }
  return content;
}

int run(std::uint64_t trials) {
  const Target& target = workplace().under_test();
  for (const std::string& seed : target.seeds) {
    if (!workplace().open(seed.data(), seed.size())) {
      std::printf("%s: a seed was refused\n", target.file_name.c_str());
      return 1;
    }
  }
  RandomStream stream(1, "test/fuzz/" + target.file_name);
  std::uint64_t refused = 0;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    const std::string bytes = mutated(target.seeds[trial % target.seeds.size()], stream);
    try {
      if (!workplace().open(bytes.data(), bytes.size())) ++refused;
    } catch (const std::exception& error) {
      std::printf("%s, trial %llu: %s\n", target.file_name.c_str(),
                  static_cast<unsigned long long>(trial), error.what());
      return 1;
    }
  }
  std::printf("%s: %llu mutated files, %llu refused with an error of ours\n",
              target.file_name.c_str(), static_cast<unsigned long long>(trials),
              static_cast<unsigned long long>(refused));
  // A reader that takes everything does not check anything.
  return refused * 20 > trials ? 0 : 1;
}

}  // namespace
}  // namespace winnow::fuzz

int main(int count, char** arguments) {
  return winnow::fuzz::run(count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1000);
}

#endif
