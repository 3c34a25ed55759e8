#include "models/checkpoint_model.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "models/byte_pair_trainer.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kEndOfTurn = "<|im_end|>";
constexpr std::uint64_t kBytesPerFile = 5'000'000'000;
constexpr const char* kWithMedia = ", visual ones included";

}  // namespace

void CheckpointModel::initialise_from(const std::vector<std::string>& texts, std::uint64_t seed) {
  if (!options().path.empty()) {
    throw ConfigError("model.path = \"" + options().path.string() +
                      "\" names trained weights; a model that is trained from nothing has none");
  }
  const SmallLayout layout = small_layout();
  std::vector<std::string> all = texts;
  all.insert(all.end(), 2, layout.before_frames);
  const BytePairVocabulary vocabulary = train_byte_pairs(
      all, static_cast<std::size_t>(options().vocabulary_tokens), layout.control_tokens);
  tokenizer_ = std::make_shared<BytePairTokenizer>(vocabulary, kEndOfTurn, "tokenizer.json");
  FolderFiles files = build(vocabulary, tokenizer_->size(), seed);
  files.merge(tokenizer_files(vocabulary, kEndOfTurn, layout.control_tokens.front()));
  files_ = std::make_shared<const FolderFiles>(std::move(files));
  for (const TableEntry& entry : table()) *entry.tensor = entry.tensor->to(options().kind());
  add_adapters(table(), options().lora,
               [&](const std::string& parameter) { return is_frozen(parameter); });
  set_trainable();
}

void CheckpointModel::load(const fs::path& folder) {
  FolderFiles files = read_folder_files(folder);
  BytePairVocabulary vocabulary = read_vocabulary(folder);
  // Whatever the file says of them: no text may end its turn or ask for a picture.
  for (const std::string& control : small_layout().control_tokens)
    vocabulary.in_text.erase(control);
  const auto tokenizer = std::make_shared<BytePairTokenizer>(vocabulary, kEndOfTurn,
                                                             (folder / "tokenizer.json").string());
  open(folder, files.at("config.json"), *tokenizer);
  tokenizer_ = tokenizer;
  files_ = std::make_shared<const FolderFiles>(std::move(files));
  load_adapters(
      table(), options().lora, [&](const std::string& parameter) { return is_frozen(parameter); },
      folder);
  set_trainable();
}

void CheckpointModel::save(const fs::path& folder) const {
  const auto same = shallow_copy();  // a table points into weights that may be changed
  write_folder_files(folder, *files_, options().dtype());
  save_parameters(same->table(), folder, kBytesPerFile);
  save_adapters(same->table(), folder);
}

std::unique_ptr<VisionLanguageModel> CheckpointModel::clone() const {
  auto copy = shallow_copy();
  for (const TableEntry& entry : with_adapters(copy->table())) {
    *entry.tensor = entry.tensor->detach().clone();
  }
  copy->set_trainable();
  return copy;
}

std::vector<std::pair<std::string, torch::Tensor>> CheckpointModel::named_parameters() const {
  const auto same = shallow_copy();
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (const TableEntry& entry : with_adapters(same->table())) {
    result.emplace_back(entry.name, *entry.tensor);
  }
  return result;
}

void CheckpointModel::set_trainable() {
  const std::vector<TableEntry> weights = table(), adapters = adapter_table(weights);
  for (const TableEntry& entry : weights) {
    entry.tensor->set_requires_grad(adapters.empty() && !is_frozen(entry.name));
  }
  for (const TableEntry& entry : adapters) entry.tensor->set_requires_grad(true);
}

Chat CheckpointModel::conversation(const Sample& sample, const std::vector<MediumLayout>& media,
                                   const char* counted) const {
  Chat written = chat(sample, media);
  const auto length = static_cast<std::int64_t>(written.tokens.size());
  if (length > options().maximum_length) {
    throw DataError(fmt::format("sample '{}' has {} tokens{}; model.maximum_length is {}",
                                sample.id, length, counted, options().maximum_length));
  }
  return written;
}

ModelInput CheckpointModel::input(const Sample& sample, std::vector<VisualTokens> visual) const {
  std::vector<MediumLayout> media;
  for (const VisualTokens& medium : visual) media.push_back(medium.layout);
  Chat written = conversation(sample, media, kWithMedia);
  return {std::move(written.tokens), std::move(written.labels), std::move(visual)};
}

std::int64_t CheckpointModel::length(const Sample& sample,
                                     const std::vector<MediumLayout>& layouts) const {
  return static_cast<std::int64_t>(conversation(sample, layouts, kWithMedia).tokens.size());
}

ModelInput CheckpointModel::blind_input(const Sample& sample) const {
  Chat written = conversation(sample, {}, "");
  return {std::move(written.tokens), std::move(written.labels), {}};
}

void check_vocabulary(const std::vector<std::pair<std::string, std::int64_t>>& controls,
                      std::int64_t vocabulary, const BytePairTokenizer& tokenizer,
                      const fs::path& folder) {
  for (const auto& [content, id] : controls) {
    if (tokenizer.added(content) == id) continue;
    throw DataError(fmt::format("{}: {} is token {} of the tokenizer and token {} in config.json",
                                folder.string(), content, tokenizer.added(content), id));
  }
  if (tokenizer.size() > vocabulary) {
    throw DataError(fmt::format("{}: the tokenizer has {} tokens, but vocab_size is {}",
                                folder.string(), tokenizer.size(), vocabulary));
  }
}

void check_architecture(const std::string& found, const std::string& expected,
                        const fs::path& folder) {
  if (found == expected) return;
  throw DataError((folder / "config.json").string() + ": describes another model (" + found +
                  ") than the configured one (" + expected + ")");
}

}  // namespace winnow
