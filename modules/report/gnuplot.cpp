#include "report/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "core/files.h"

namespace winnow {
namespace {

// Runs gnuplot; its standard output goes to `output`. No shell is involved.
void run_gnuplot(const std::filesystem::path& script, const std::string& format,
                 const std::filesystem::path& output) {
  const std::filesystem::path errors = output.string() + ".err";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), flags, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), flags, 0644);
  // The data file is named relative to the script's folder.
  posix_spawn_file_actions_addchdir_np(&actions, script.parent_path().c_str());
  std::string program = "gnuplot", option = "-e", setting = "format='" + format + "'";
  std::string name = script.filename().string();
  char* arguments[] = {program.data(), option.data(), setting.data(), name.data(), nullptr};
  pid_t child = 0;
  const int failure = posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure == ENOENT) {
    std::error_code ignored;
    std::filesystem::remove(errors, ignored);
    throw MissingProgramError("figures need gnuplot, which is not installed (Debian: gnuplot-nox)");
  }
  if (failure != 0) throw IoError(fmt::format("gnuplot cannot be started: {}", strerror(failure)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string said;
  if (std::filesystem::exists(errors)) {
    said = read_file(errors);
    std::filesystem::remove(errors);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || std::filesystem::file_size(output) == 0) {
    throw IoError(fmt::format("gnuplot could not draw {}: {}", script.string(), said));
  }
}

}  // namespace

// A gnuplot string; single quotes leave everything but themselves as it is.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += c == '\n' ? ' ' : c;
  }
  return result + "'";
}

std::string script_head(const std::string& what, double width, double height) {
  return fmt::format(
             "# Draws {}. Call: gnuplot -e \"format='svg'\" THIS > figure.svg (or "
             "pdf, png).\n",
             what) +
         "if (!exists('format')) format = 'svg'\n" +
         fmt::format(
             "if (format eq 'pdf') set terminal pdfcairo noenhanced size {0},{1} "
             "font 'DejaVu Sans,8' linewidth 1; else if (format eq 'png') set terminal pngcairo "
             "noenhanced size {2},{3} font 'DejaVu Sans,10' background '#ffffff'; else set "
             "terminal "
             "svg noenhanced dynamic size {2},{3} font 'DejaVu Sans,10' background '#ffffff'\n",
             width, height, std::lround(width * 96), std::lround(height * 96));
}

FigureFiles draw_by_gnuplot(const std::filesystem::path& stem, const std::string& data,
                            const std::function<std::string(const std::string&)>& script_of) {
  const std::filesystem::path absolute = std::filesystem::absolute(stem);
  const auto with = [&](const char* extension) {
    return std::filesystem::path(absolute.string() + extension);
  };
  const FigureFiles files{with(".svg"), with(".pdf"), with(".png"), with(".dat"), with(".gnuplot")};
  write_file(files.data, data);
  write_file(files.script, script_of(files.data.filename().string()));
  write_file_with(files.svg, [&](const auto& path) { run_gnuplot(files.script, "svg", path); });
  write_file_with(files.pdf, [&](const auto& path) { run_gnuplot(files.script, "pdf", path); });
  write_file_with(files.png, [&](const auto& path) { run_gnuplot(files.script, "png", path); });
  return files;
}

}  // namespace winnow
