// A large model that is shown a sample and asked for a score, over an OpenAI-compatible endpoint:
// the baseline that asks instead of measuring.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "core/printable.h"
#include "endpoints/answer_cache.h"
#include "endpoints/endpoint.h"
#include "endpoints/pictures.h"
#include "judges/judge.h"
#include "pool/prompt.h"

namespace winnow {
namespace {

// Raised when the same options ask something else.
constexpr std::uint64_t format_version = 1;

struct PictureOptions {
  SamplingOptions sampling;
  std::int64_t longest_side = 512;
  std::int64_t quality = 90;
};
BOOST_DESCRIBE_STRUCT(PictureOptions, (), (sampling, longest_side, quality))
config::Help help(const PictureOptions&) {
  return {{"sampling", "which frames of a video are sent"},
          {"longest_side", "larger pictures are made smaller, pixels", config::at_least(16)},
          {"quality", "of the JPEG files", config::between(1, 100)}};
}

struct PriceOptions {
  double per_million_prompt_tokens = 0.0;
  double per_million_completion_tokens = 0.0;
  std::string currency = "USD";
  double maximum = 0.0;
};
BOOST_DESCRIBE_STRUCT(PriceOptions, (),
                      (per_million_prompt_tokens, per_million_completion_tokens, currency, maximum))
config::Help help(const PriceOptions&) {
  return {{"per_million_prompt_tokens", "price of what is sent", config::at_least(0)},
          {"per_million_completion_tokens", "price of what is answered", config::at_least(0)},
          {"currency", "of the prices"},
          {"maximum", "a run that has spent this much stops; 0: no limit", config::at_least(0)}};
}

struct LlmJudgeOptions : EndpointOptions, JudgeLimits {
  std::filesystem::path cache;
  JudgePrompt prompt;
  PictureOptions pictures;
  PriceOptions price;
};
BOOST_DESCRIBE_STRUCT(LlmJudgeOptions, (EndpointOptions, JudgeLimits),
                      (cache, prompt, pictures, price))
config::Help help(const LlmJudgeOptions&) {
  config::Help all = help(EndpointOptions{});
  for (config::FieldHelp& field : help(JudgeLimits{})) all.push_back(std::move(field));
  all.push_back({"cache", "folder for answers; empty: in the results folder"});
  all.push_back({"prompt", "what is asked and how the answer is read"});
  all.push_back({"pictures", "how media are shown"});
  all.push_back({"price", "of tokens, for the report"});
  return all;
}

// So that one question is asked once, however many samples ask it at the same time.
class OneAtATime {
 public:
  class Turn {
   public:
    Turn(OneAtATime& all, std::string key) : all_(all), key_(std::move(key)) {
      std::unique_lock lock(all_.mutex_);
      all_.changed_.wait(lock, [&] { return all_.taken_.count(key_) == 0; });
      all_.taken_.insert(key_);
    }
    ~Turn() {
      const std::lock_guard lock(all_.mutex_);
      all_.taken_.erase(key_);
      all_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    OneAtATime& all_;
    std::string key_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> taken_;
};

std::string digest_of_medium(const Media& medium, std::size_t file) {
  try {
    return medium.file_digest(file);
  } catch (const IoError& error) {
    throw DataError(error.what());
  }
}

std::string one_line(std::string text, std::size_t longest) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return shortened(printable(text), longest);
}

class LlmJudge : public Judge {
 public:
  explicit LlmJudge(LlmJudgeOptions options)
      : options_(std::move(options)), prompt_(options_.prompt) {
    check_endpoint(options_);
    cost_.currency = options_.price.currency;
  }

  std::string identity() const override {
    Digest digest = asked();
    const JudgePrompt& prompt = options_.prompt;
    digest.add(prompt.score_key).add(prompt.score_pattern).add(prompt.lowest).add(prompt.highest);
    const PriceOptions& price = options_.price;
    digest.add(price.per_million_prompt_tokens).add(price.per_million_completion_tokens);
    return digest.add(price.currency).hex();
  }

  const JudgeLimits& limits() const override { return options_; }

  void open(const std::filesystem::path& cache, std::uint64_t seed) override {
    cache_.emplace(options_.cache.empty() ? cache : options_.cache);
    model_ = std::make_unique<EndpointModel>(options_, seed);
  }

  Verdict judge(const Sample& sample) override {
    try {
      const std::string key = key_of(sample);
      return verdict_of(sample, answer_of(sample, key));
    } catch (const UnavailableError& error) {
      return {std::nullopt, error.what(), true};
    } catch (const DataError& error) {
      return {std::nullopt, one_line(error.what(), 300), false};
    }
  }

  void stop() override { model_->stop(); }

  JudgeCost cost() const override {
    const std::lock_guard lock(mutex_);
    JudgeCost cost = cost_;
    cost.requests = model_ ? model_->requests() : 0;
    return cost;
  }

 private:
  // Everything but the sample that an answer depends on.
  Digest asked() const {
    Digest digest;
    digest.add(format_version).add(options_.base_url).add(options_.model);
    digest.add(options_.temperature).add(static_cast<std::uint64_t>(options_.maximum_tokens));
    digest.add(options_.prompt.system).add(options_.prompt.user);
    const PictureOptions& pictures = options_.pictures;
    digest.add(config::to_value(pictures.sampling).to_json());
    digest.add(static_cast<std::uint64_t>(pictures.longest_side));
    digest.add(static_cast<std::uint64_t>(pictures.quality));
    return digest;
  }

  // Of the bytes of its media, not of their paths: a pool that moves keeps its answers.
  std::string key_of(const Sample& sample) const {
    Digest digest = asked();
    for (const Turn& turn : sample.turns) {
      digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
    }
    for (const Media& medium : sample.media) {
      digest.add(static_cast<std::uint64_t>(medium.kind));
      add_timing(digest, medium);
      for (std::size_t i = 0; i < medium.paths.size(); ++i) digest.add(digest_of_medium(medium, i));
    }
    return digest.hex();
  }

  ChatRequest request_of(const Sample& sample, const std::string& key) const {
    ChatRequest request;
    request.name = key;
    request.system = prompt_.system_text(sample);
    const PromptTemplate::UserText text = prompt_.user_text(sample);
    const auto add_text = [&](const std::string& piece) {
      if (!piece.empty()) request.user.push_back({ChatPart::Kind::text, piece});
    };
    add_text(text.before_media);
    const std::vector<std::string> names = media_names(sample);
    for (std::size_t i = 0; i < sample.media.size(); ++i) {
      const Frames frames = decode(sample.media[i], options_.pictures.sampling);
      add_text(sample.media[i].kind == Media::Kind::image
                   ? fmt::format("[{}]", names[i])
                   : fmt::format("[{}, {} frames in order]", names[i], frames.images.size()));
      for (std::string& file :
           jpeg_files(frames, options_.pictures.longest_side, options_.pictures.quality)) {
        request.user.push_back({ChatPart::Kind::picture, std::move(file)});
      }
    }
    add_text(text.behind_media);
    return request;
  }

  ChatAnswer answer_of(const Sample& sample, const std::string& key) {
    const OneAtATime::Turn turn(asking_, key);
    if (std::optional<ChatAnswer> kept = cache_->find(key)) {
      count(key, *kept, false);
      return *kept;
    }
    check_money();
    const ChatAnswer answer = model_->answer(request_of(sample, key));
    cache_->store(key, answer);
    count(key, answer, true);
    return answer;
  }

  Verdict verdict_of(const Sample& sample, const ChatAnswer& answer) {
    if (!answer.refusal.empty() || answer.filtered) {
      note(sample, answer);
      return {std::nullopt, "the judge refused", false};
    }
    const PromptTemplate::Reading reading = prompt_.read(answer.text);
    if (reading.score) return {reading.score};
    note(sample, answer);
    return {std::nullopt,
            answer.cut_off ? "the judge's answer was cut off at maximum_tokens before its score"
                           : reading.reason,
            false};
  }

  // The first few answers without a score, as whoever wrote the prompt has to see them.
  void note(const Sample& sample, const ChatAnswer& answer) {
    constexpr int shown = 3;
    if (notes_++ >= shown) return;
    spdlog::warn("judge, sample '{}': no score in \"{}\"", sample.id,
                 one_line(answer.refusal.empty() ? answer.text : answer.refusal, 200));
  }

  void count(const std::string& key, const ChatAnswer& answer, bool is_new) {
    const std::lock_guard lock(mutex_);
    if (!counted_.insert(key).second) return;
    ++cost_.answers;
    if (!is_new) ++cost_.kept_answers;
    if (!answer.prompt_tokens || !answer.completion_tokens) ++cost_.uncounted;
    const std::int64_t prompt = answer.prompt_tokens.value_or(0);
    const std::int64_t completion = answer.completion_tokens.value_or(0);
    cost_.prompt_tokens += prompt;
    cost_.completion_tokens += completion;
    // From the sums, as those do not depend on the order of answers.
    cost_.money = money_of(cost_.prompt_tokens, cost_.completion_tokens);
    if (!is_new) return;
    new_prompt_tokens_ += prompt;
    new_completion_tokens_ += completion;
    cost_.money_this_run = money_of(new_prompt_tokens_, new_completion_tokens_);
  }

  double money_of(std::int64_t prompt, std::int64_t completion) const {
    return 1e-6 * (options_.price.per_million_prompt_tokens * static_cast<double>(prompt) +
                   options_.price.per_million_completion_tokens * static_cast<double>(completion));
  }

  void check_money() const {
    const std::lock_guard lock(mutex_);
    const PriceOptions& price = options_.price;
    if (price.maximum == 0.0 || cost_.money_this_run < price.maximum) return;
    throw ConstraintError(fmt::format(
        "judge: this run has spent {:.4f} {} for {} answers, and price.maximum = {}. Answers are "
        "kept: run again to go on with as much.",
        cost_.money_this_run, price.currency, cost_.answers - cost_.kept_answers, price.maximum));
  }

  LlmJudgeOptions options_;
  PromptTemplate prompt_;
  std::optional<AnswerCache> cache_;
  std::unique_ptr<EndpointModel> model_;
  OneAtATime asking_;
  std::atomic<int> notes_{0};
  mutable std::mutex mutex_;  // guards the rest
  std::set<std::string> counted_;
  std::int64_t new_prompt_tokens_ = 0, new_completion_tokens_ = 0;
  JudgeCost cost_;
};

const bool registered = judges().add<LlmJudge, LlmJudgeOptions>(
    "llm_judge", "the score a model behind an OpenAI-compatible endpoint gives a sample");

}  // namespace
}  // namespace winnow
