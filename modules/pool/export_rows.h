#pragma once
// What exporters of rows share: the folder, its files, the words of the conversation, warnings. A
// format says how one row looks and which files lie beside the rows.

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/files.h"
#include "pool/export_media.h"
#include "pool/exporter.h"

namespace winnow {

struct ExportOptions {
  std::string name = "train";
  ExportedMedia media = ExportedMedia::path;
  std::filesystem::path media_root;
};
BOOST_DESCRIBE_STRUCT(ExportOptions, (), (name, media, media_root))
config::Help help(const ExportOptions&);

// A sample with its media as rows name them.
struct ExportedSample {
  const Sample& sample;
  const ExportFields& fields;
  std::vector<std::string> texts;   // of the turns, a word for each medium at its place
  boost::json::array images;        // paths
  boost::json::array videos;        // a path for a container, a list of paths for frames
  std::vector<const Media*> clips;  // those of `videos`
};

class RowExporter : public Exporter {
 public:
  ~RowExporter() override;
  void begin(const std::filesystem::path& folder, const std::filesystem::path& later) final;
  void add(const Sample& sample, const ExportFields& fields) final;
  ExportReport finish() final;

 protected:
  enum class Layout {
    lines,  // JSON lines
    array,  // one JSON array
  };
  RowExporter(ExportOptions options, std::string program, Layout layout);

  // The word that stands for a medium of that kind in a sample's text.
  virtual std::string word_for(const Media& medium, const Sample& sample) const;
  // Words that the program replaces in texts, besides those for media.
  virtual std::vector<std::string> further_words() const { return {}; }
  // The row; may warn. Throws DataError, without the sample's id, for what the format cannot hold.
  virtual boost::json::object row_of(const ExportedSample& exported) = 0;
  // Whether the program's loader wants one type for all entries of `videos`: then rows with frame
  // lists get a file of their own where there are containers as well.
  virtual bool keeps_frame_lists_apart() const { return false; }
  // An export begins: what an earlier one left is to be forgotten.
  virtual void start() {}
  // Further files of the export; `files` are those with rows.
  virtual void write_beside(const std::filesystem::path&, const std::vector<std::string>&) {}

  // Counts a row in a warning: "PROGRAM reason".
  void warn(const Sample& sample, const std::string& reason);
  const ExportOptions& options() const { return options_; }

 private:
  struct State;

  ExportedSample exported(const Sample& sample, const ExportFields& fields);
  void separate_frame_lists();

  ExportOptions options_;
  std::string program_;
  Layout layout_;
  std::unique_ptr<State> state_;  // of the export under way
};

// {id, source}, with which every row begins.
boost::json::object first_keys(const Sample& sample);

// Adds `tools` and what the row says besides to a row that is otherwise complete; throws DataError
// when such a key is one of the row's own.
void add_further_keys(const ExportedSample& exported, boost::json::object& row);

// Whether there is a rate or a part of a clip to tell.
bool has_timing(const ExportedSample& exported);

// Adds them under the keys that pools are read by (fps, video_start, video_end), as lists with one
// number or null for each clip. Always lists and always fractions: Hugging Face datasets want one
// type for all rows.
void add_timing_keys(const ExportedSample& exported, boost::json::object& row);

}  // namespace winnow
