// Rows of a pool: every spelling of conversations and media.

#include <sstream>
#include <stdexcept>

#include "core/errors.h"
#include "core/files.h"
#include "fuzz/target.h"
#include "pool/row_reader.h"

namespace winnow::fuzz {
namespace {

constexpr const char* kRows = R"json(
{"id":7,"data_source":"s","system":"S","images":["a.png",{"bytes":"iVBORw0KGgo=","path":null}],"messages":[{"role":"user","content":"<image>\nA <media> <image>?"},{"role":"assistant","content":"B","loss":false},{"role":"user","content":"C"},{"role":"assistant","content":"D","loss_scale":0.5}],"tools":[{"name":"f"}],"score":NaN}
{"video":"v.mp4","start":1,"end":"2.5","conversations":[{"from":"human","value":"<video>\nA"},{"from":"gpt","value":"B"}],"img":"c.jpg"}
{"videos":[["0.png","1.png"],"w.mp4"],"fps":[2,null],"messages":[{"role":"user","content":[{"type":"video"},{"type":"text","text":"and"},{"type":"video"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},{"role":"assistant","content":[{"type":"text","text":"B"}]}]}
{"conversation":[{"human":"A","assistant":"B"}],"chat_template_kwargs":{"video_start":1,"max_pixels":5},"objects":{"bbox":[]}}
{"instruction":"A","input":"x","output":"B","history":[["C","D"]],"image":"file:///a%20b.png"}
{"images":["https://example.org/a.png"],"messages":[{"role":"user","content":"A\ud83d\ude00"},{"role":"assistant","content":"B"}]}
)json";

}  // namespace

Target target() {
  return {"pool.jsonl", {kRows}, [](const std::filesystem::path& path) {
            PoolOptions options;
            options.check_media = false;
            RowReader reader(path, "/media", options);
            std::istringstream lines(read_file(path));
            std::int64_t number = 0;
            std::string refused;
            for (std::string line; std::getline(lines, line);) {
              if (line.empty()) continue;
              const auto row = reader.read(line, ++number);
              const Sample* sample = std::get_if<Sample>(&row);
              if (sample == nullptr) {
                const BadRow& bad = std::get<BadRow>(row);
                if (bad.kind != "remote_media") refused = bad.reason;  // which a seed has
                continue;
              }
              std::size_t places = 0;
              for (const Turn& turn : sample->turns) places += pieces_around_media(turn).size() - 1;
              if (places != sample->media.size()) throw std::logic_error("media without places");
              sample->content_digest();
            }
            if (!refused.empty()) throw DataError(refused);
          }};
}

}  // namespace winnow::fuzz
