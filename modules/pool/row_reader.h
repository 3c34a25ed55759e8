#pragma once
// One JSON object of a pool file to a Sample: the rules that hold for both JSONL families.
//
// Conversation: `messages`, else `conversations`: a list of turns with `role` or `from` (user,
//   human; assistant, gpt, model; system; in any case) and `content` or `value`: text, a number, or
//   a list of parts {type: text | image | video}. System turns come first, then user and assistant
//   in turn, an assistant turn with text last.
// Media: `image` (a path or a list), `images` (list of paths, or one path), `video`, `videos` (a
//   container file, a list of them; a list of pictures or a list of lists is frame lists), and
//   parts that carry a path of their own under `image`, `video`, `path` or `url`. The frame rate of
//   frame lists may stand in `fps` or `frames_per_second` of the row or the part.
// Is an `images` list one clip? Options can say so; else it is when the row has a `video_id`, or a
//   `video` file it was taken from (unless the text asks for both by <image> and <video>), or only
//   <video> placeholders, or a source named as LLaVA-Video's splits are: 0_30_s_..., 1_2_m_...
// Placeholders: <image> and <video> in user turns stand for the media in order (either word, when
//   the row has one kind of media only). A clip may have one <image> for each frame: they become
//   one. When there are too few, the first media stand in front of the first user turn; too many
//   are a structure error.
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

  // `line` is one row without its line break; its capacity may grow (simdjson wants padding).
  std::variant<Sample, BadRow> read(std::string& line, std::int64_t number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
