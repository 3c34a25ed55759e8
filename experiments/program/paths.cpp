#include "experiments/program/paths.h"

#include <system_error>

namespace winnow {
namespace fs = std::filesystem;

fs::path home_folder() {
  static const fs::path home = [] {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    for (fs::path folder = program.parent_path(); !folder.empty(); folder = folder.parent_path()) {
      if (fs::exists(folder / "configs" / "winnow.toml", error)) return folder;
      if (folder == folder.root_path()) break;
    }
    return fs::path(WINNOW_SOURCE_DIR);
  }();
  return home;
}

fs::path default_results_folder() { return home_folder() / "results"; }

}  // namespace winnow
