#pragma once
// The files of a checkpoint folder beside its weights: configs, tokenizer, chat template.

#include <filesystem>
#include <map>
#include <string>

#include "models/byte_pair_tokenizer.h"
#include "models/torch.h"

namespace winnow {

// Text by file name.
using FolderFiles = std::map<std::string, std::string>;

// config.json and those of the others that are there, as they are. Throws DataError without a
// config.json.
FolderFiles read_folder_files(const std::filesystem::path& folder);

// Writes them; config.json says `type`, the dtype that its weights now have. Each file is atomic.
void write_folder_files(const std::filesystem::path& folder, const FolderFiles& files,
                        torch::ScalarType type);

// The tokenizer's files of a model that is trained from nothing, in the published layout:
// tokenizer.json, tokenizer_config.json and generation_config.json. `end_of_turn` and `padding` are
// added tokens.
FolderFiles tokenizer_files(const BytePairVocabulary& vocabulary, const std::string& end_of_turn,
                            const std::string& padding);

}  // namespace winnow
