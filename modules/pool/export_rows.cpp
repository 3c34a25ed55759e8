#include "pool/export_rows.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <fstream>
#include <system_error>

#include "core/errors.h"
#include "core/printable.h"
#include "pool/row_file.h"
#include "pool/row_reader.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kImageWord = "<image>";
constexpr const char* kVideoWord = "<video>";

bool is_frame_list(const Media& medium) { return medium.kind == Media::Kind::frames; }

void check_is_new(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return;
  if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return;
  throw ConfigError(folder.string() +
                    ": there is something already; an export makes a folder of its own");
}

class OutputFile {
 public:
  explicit OutputFile(fs::path path) : path_(std::move(path)), stream_(path_, std::ios::binary) {
    check("cannot be opened for writing");
  }
  void write(std::string_view text) {
    stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
    check("writing failed");
  }
  void close() {
    stream_.close();
    check("writing failed");
  }

 private:
  void check(const char* what) const {
    if (!stream_) throw IoError(path_.string() + ": " + what + ": " + std::strerror(errno));
  }

  fs::path path_;
  std::ofstream stream_;
};

void rename_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw IoError(to.string() + ": cannot be renamed into place: " + error.message());
}

}  // namespace

config::Help help(const ExportOptions&) {
  return {{"name", "of the data file, without its ending"},
          {"media",
           "how rows name their media: path (absolute), relative (to media_root), copy or link "
           "(files in the export's folder)"},
          {"media_root", "folder that media = \"relative\" starts from"}};
}

config::ComponentKind<Exporter>& exporters() {
  static config::ComponentKind<Exporter> kind("export");
  return kind;
}

struct RowExporter::State {
  State(const fs::path& final_folder, const fs::path& later, const ExportOptions& options,
        Layout layout)
      : folder(final_folder),
        pending(final_folder),
        data(options.name + (layout == Layout::array ? ".json" : ".jsonl")),
        rows(pending.path() / data),
        media(options.media, options.media_root, later, pending.path()) {
    report.folder = later;
  }

  fs::path folder;
  PendingDirectory pending;
  std::string data;
  OutputFile rows;
  ExportMedia media;
  ExportReport report;
  std::map<std::string, ExportWarning> warnings;
  std::vector<ExportWarning> new_warnings;  // of the sample under way
  std::vector<bool> has_frame_list;         // by row
  bool any_container = false;
};

RowExporter::RowExporter(ExportOptions options, std::string program, Layout layout)
    : options_(std::move(options)), program_(std::move(program)), layout_(layout) {
  if (options_.name.empty() || fs::path(options_.name).filename() != options_.name) {
    throw ConfigError("export.name = '" + options_.name +
                      "': a name of a file without folders is expected");
  }
  if (options_.media == ExportedMedia::relative && options_.media_root.empty()) {
    throw ConfigError("export.media = \"relative\" needs export.media_root");
  }
  if (!options_.media_root.empty()) {
    options_.media_root = fs::absolute(options_.media_root).lexically_normal();
  }
}

RowExporter::~RowExporter() = default;

void RowExporter::begin(const fs::path& folder, const fs::path& later) {
  state_.reset();
  const auto normal = [](const fs::path& path) {
    const fs::path absolute = fs::absolute(path).lexically_normal();
    return absolute.has_filename() ? absolute : absolute.parent_path();
  };
  const fs::path final_folder = normal(folder);
  check_is_new(final_folder);
  state_ = std::make_unique<State>(final_folder, later.empty() ? final_folder : normal(later),
                                   options_, layout_);
  if (layout_ == Layout::array) state_->rows.write("[");
  start();
}

std::string RowExporter::word_for(const Media& medium, const Sample&) const {
  return medium.kind == Media::Kind::image ? kImageWord : kVideoWord;
}

ExportedSample RowExporter::exported(const Sample& sample, const ExportFields& fields) {
  ExportedSample result{sample, fields, {}, {}, {}, {}};
  std::size_t next = 0;
  for (const Turn& turn : sample.turns) {
    const std::vector<std::string> pieces = pieces_around_media(turn);
    for (const std::string& piece : pieces) {
      for (const char* word : {kImageWord, kVideoWord}) {
        if (piece.find(word) == std::string::npos) continue;
        if (turn.role == Turn::Role::user) {
          throw DataError(
              fmt::format("a user's text holds the word {}, which would be taken for a "
                          "medium",
                          word));
        }
        warn(sample,
             fmt::format("takes the word {} in an answer or a system text for a medium", word));
      }
      for (const std::string& word : further_words()) {
        if (piece.find(word) != std::string::npos) {
          warn(sample, fmt::format("takes the word {} in a text for what is not there", word));
        }
      }
    }
    std::string text = pieces.front();
    for (std::size_t i = 1; i < pieces.size(); ++i, ++next) {
      if (next >= sample.media.size()) throw DataError("its text has places for more media");
      text += word_for(sample.media[next], sample) + pieces[i];
    }
    result.texts.push_back(std::move(text));
  }
  if (next != sample.media.size()) throw DataError("its text has no places for all of its media");
  for (const Media& medium : sample.media) {
    json::array names;
    for (std::size_t i = 0; i < medium.paths.size(); ++i) {
      names.emplace_back(state_->media.name_of(medium, i));
    }
    if (is_frame_list(medium) && names.size() == 1 &&
        !is_picture_path(std::string_view(names.front().as_string()))) {
      throw DataError(medium.paths.front().string() +
                      ": the only frame of a clip, but its name does not end like a picture's");
    }
    if (medium.kind == Media::Kind::image) {
      result.images.push_back(std::move(names.front()));
    } else {
      result.videos.push_back(is_frame_list(medium) ? json::value(std::move(names))
                                                    : std::move(names.front()));
      result.clips.push_back(&medium);
    }
  }
  return result;
}

void RowExporter::add(const Sample& sample, const ExportFields& fields) {
  assert(state_ != nullptr && "begin() comes before add()");
  State& state = *state_;
  state.new_warnings.clear();
  try {
    if (fields.weight && !(*fields.weight > 0 && std::isfinite(*fields.weight))) {
      throw DataError(fmt::format("its weight is {}; weights are above 0", *fields.weight));
    }
    const ExportedSample values = exported(sample, fields);
    const std::string line = json::serialize(row_of(values));
    if (!simdjson::validate_utf8(line)) throw DataError("a text or path is not valid UTF-8");
    const auto lists = std::count_if(values.clips.begin(), values.clips.end(),
                                     [](const Media* medium) { return is_frame_list(*medium); });
    const bool containers = static_cast<std::size_t>(lists) < values.clips.size();
    if (keeps_frame_lists_apart() && lists > 0 && containers) {
      warn(sample, "loads no row with a video file beside a list of frames");
    }
    const bool first = state.report.rows == 0;
    if (layout_ == Layout::array) {
      state.rows.write((first ? "\n" : ",\n") + line);
    } else {
      state.rows.write(line + "\n");
    }
    state.has_frame_list.push_back(lists > 0);
    state.any_container = state.any_container || containers;
  } catch (const DataError& error) {
    throw DataError(fmt::format("sample '{}': {}", printable(sample.id), error.what()));
  }
  ++state.report.rows;
  for (const ExportWarning& warning : state.new_warnings) {
    ExportWarning& known = state.warnings.try_emplace(warning.reason, warning).first->second;
    ++known.rows;
  }
}

void RowExporter::warn(const Sample& sample, const std::string& reason) {
  auto& warnings = state_->new_warnings;
  const std::string text = program_ + " " + reason;
  const bool known = std::any_of(warnings.begin(), warnings.end(),
                                 [&](const ExportWarning& other) { return other.reason == text; });
  if (!known) warnings.push_back({text, 0, sample.id});
}

// The rows are there: their order is that of the samples in either file.
void RowExporter::separate_frame_lists() {
  State& state = *state_;
  const std::string name = options_.name + "_frames.jsonl";
  const fs::path all = state.pending.path() / (state.data + ".all");
  rename_file(state.pending.path() / state.data, all);
  {
    std::ifstream lines(all, std::ios::binary);
    OutputFile containers(state.pending.path() / state.data), lists(state.pending.path() / name);
    std::string line;
    for (const bool has_list : state.has_frame_list) {
      if (!std::getline(lines, line)) throw IoError(all.string() + ": reading failed");
      (has_list ? lists : containers).write(line + "\n");
    }
    containers.close();
    lists.close();
  }
  std::error_code error;
  fs::remove(all, error);
  if (error) throw IoError(all.string() + ": cannot be removed: " + error.message());
  state.report.files.push_back(name);
}

ExportReport RowExporter::finish() {
  State& state = *state_;
  if (layout_ == Layout::array) state.rows.write("\n]\n");
  state.rows.close();
  state.report.files = {state.data};
  const bool any_list = std::find(state.has_frame_list.begin(), state.has_frame_list.end(), true) !=
                        state.has_frame_list.end();
  if (keeps_frame_lists_apart() && any_list && state.any_container) separate_frame_lists();
  write_beside(state.pending.path(), state.report.files);
  state.report.media_files = state.media.files();
  for (const auto& [reason, warning] : state.warnings) state.report.warnings.push_back(warning);
  check_is_new(state.folder);
  state.pending.commit();
  ExportReport report = std::move(state.report);
  state_.reset();
  return report;
}

json::object first_keys(const Sample& sample) {
  return {{"id", sample.id}, {"source", sample.source}};
}

void add_further_keys(const ExportedSample& exported, json::object& row) {
  const Sample& sample = exported.sample;
  const auto add = [&](std::string_view key, json::value value) {
    if (!row.emplace(key, std::move(value)).second) {
      throw DataError(fmt::format("its further key `{}` is one of the row's own", key));
    }
  };
  if (!sample.tools.empty()) add("tools", json::value(sample.tools));
  // Images of a source that is named like a split of clips would be taken for the frames of one.
  const bool images_alone = exported.clips.empty() && !exported.images.empty();
  if (images_alone && names_llava_video_split(sample.source)) add("video_id", nullptr);
  for (const auto& [key, value] : exported.fields.more) {
    if (value.is_double() && !std::isfinite(value.as_double())) {
      throw DataError(fmt::format("its further key `{}` is no number", std::string_view(key)));
    }
    add(key, value);
  }
}

bool has_timing(const ExportedSample& exported) {
  return std::any_of(exported.clips.begin(), exported.clips.end(),
                     [](const Media* clip) { return clip->is_part() || clip->frames_per_second; });
}

void add_timing_keys(const ExportedSample& exported, json::object& row) {
  const auto add = [&](const char* key, std::optional<double> Media::*member) {
    json::array values;
    bool said = false;
    for (const Media* clip : exported.clips) {
      const std::optional<double>& number = clip->*member;
      said = said || number.has_value();
      values.push_back(number ? json::value(*number) : json::value(nullptr));
    }
    if (said) row[key] = std::move(values);
  };
  add("fps", &Media::frames_per_second);
  add("video_start", &Media::start);
  add("video_end", &Media::end);
}

}  // namespace winnow
