#include "gdo_release/merge/shard_writer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "gdo_release/python/json_writer.h"

namespace winnow::gdo_release {
namespace {

constexpr double kLargestExponent = 30.0;

// The fields of one object, in the order and the spelling of Python's json.dumps.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) { out_ += '{'; }
  std::string& name(const char* key) {
    if (!first_) out_ += ", ";
    first_ = false;
    python::append_text(out_, key);
    return out_ += ": ";
  }
  void text(const char* key, const std::string& value) { python::append_text(name(key), value); }
  void whole(const char* key, std::int64_t value) { name(key) += std::to_string(value); }
  void number(const char* key, std::optional<double> value) {
    name(key);
    value ? python::append_float(out_, *value) : static_cast<void>(out_ += "null");
  }
  // Values that were float32 there are the doubles nearest to them.
  template <class Values>
  void singles(const char* key, const Values& values) {
    name(key) += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ", ";
      python::append_float(out_, static_cast<double>(static_cast<float>(values[i])));
    }
    out_ += ']';
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string shard_row(const ExtractedPair& pair) {
  std::optional<double> loss_video, loss_blind, vds, perplexity;
  double consistency = -1.0;
  if (pair.error.empty()) {
    if (!pair.loss_video || !pair.loss_blind) {
      throw std::logic_error("shard_row: a pair without losses and without an error");
    }
    loss_video = pair.loss_video;
    loss_blind = pair.loss_blind;
    vds = *loss_blind - *loss_video;
    perplexity = std::exp(std::clamp(*loss_video, -kLargestExponent, kLargestExponent));
    consistency = pair.self_consistency.value_or(-1.0);
  }
  std::string line;
  Fields row(line);
  row.text("qa_uid", pair.uid);
  row.text("video_uid", pair.video_uid);
  row.text("bucket", pair.video ? "short_video" : "image_qa");
  row.name("data_quality_metrics");
  Fields metrics(line);
  metrics.number("loss_video", loss_video);
  metrics.number("loss_blind", loss_blind);
  metrics.number("vds", vds);
  metrics.number("ppl", perplexity);
  metrics.number("amm", pair.amm);
  metrics.number("frame_diversity", pair.frame_diversity);
  metrics.number("tnc_score", pair.tnc_score);
  metrics.number("self_consistency", consistency);
  metrics.singles("text_feat", pair.text_feat);
  metrics.singles("vis_feat", pair.vis_feat);
  metrics.whole("n_frames", pair.frames);
  metrics.whole("question_len", pair.question_tokens);
  metrics.whole("answer_len", pair.answer_tokens);
  metrics.text("error", pair.error);
  metrics.end();
  row.end();
  return line;
}

}  // namespace winnow::gdo_release
