#pragma once
// One JSON object of a pool file to a Sample: the rules that hold for all families of rows.
// README.md has the table of all keys.
//
// Conversation: `messages`, else `conversations`, else `conversation`: a list of turns with `role`
//   or `from` (user, human; assistant, gpt, bot, model; system; in any case) and `content` or
//   `value`: text, a number, or a list of parts {type: text | image | video}; or a list of pairs
//   {human, assistant}. Else `instruction`, `input`, `output`, `history` (`query`, `response`).
//   System turns come first, else `system` or `system_prompt` of the row; then user and assistant
//   in turn, an assistant turn with text last. An assistant turn with `loss: false` (or
//   `loss_scale` or `weight` 0) is not trained.
// Media: `image` (a file or a list), `images` (list of files, or one), `video`, `videos` (a
//   container file, a list of them; a list of pictures or a list of lists is frame lists; a folder
//   of pictures is one), and parts with a file of their own under `image`, `video`, `image_url`,
//   `path`, `url`, ... A file is a path, file://, a data: URI or {bytes, path}; what stands at the
//   row and in the parts is one medium. Rate of frame lists: `sample_fps`, `fps`, `raw_fps` of the
//   row or the part. Part of a clip: `video_start` and `video_end`, or `start` and `end`, in
//   seconds; at the row for all its clips or as a list with one for each.
// Is an `images` list one clip? Options can say so; else it is when the row has a `video_id`, or a
//   `video` file it was taken from (unless the text asks for both by <image> and <video>), or only
//   <video> placeholders, or a source named as LLaVA-Video's splits are: 0_30_s_..., 1_2_m_... (not
//   with `video_id`: null).
// Placeholders: <image> and <video> in user turns stand for the media in order (either word, when
//   the row has one kind of media only). A clip may have one <image> for each frame: they become
//   one. When there are too few, the first media stand in front of the first user turn; too many
//   are a structure error. A medium that another turn asks for makes the row `unsupported`.
// Source: `data_source`, `source`, `dataset`, else the file's stem. Id: `id`, text or number.

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "pool/pool.h"

namespace winnow {

class RowReader {
 public:
  // `media_root` is absolute; `file` names the rows' file in samples and bad rows.
  RowReader(std::filesystem::path file, std::filesystem::path media_root,
            const PoolOptions& options);
  ~RowReader();

  // `line` is one row without its line break; it may be changed (simdjson wants padding). Of a good
  // row, what is not honoured stands in Sample::notes.
  std::variant<Sample, BadRow> read(std::string& line, std::int64_t number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a source is named as LLaVA-Video's splits are: 0_30_s_..., 1_2_m_...
bool names_llava_video_split(const std::string& source);

}  // namespace winnow
