#pragma once
// What preprocessor_config.json of a checkpoint says.

#include <filesystem>
#include <string>

#include "models/internvl/config.h"
#include "models/internvl/preprocessing.h"

namespace winnow::internvl {

// Of a checkpoint folder; the published defaults where the file or a key is not there. Throws
// DataError naming file, key and value, also for a tile size that is not that of the config.
PreprocessingOptions read_media_options(const std::filesystem::path& folder, const Config& config);

// The file in the published layout, such that read_media_options gives it back.
std::string image_processor_text(const Config& config, const PreprocessingOptions& options);

}  // namespace winnow::internvl
