#pragma once
// `winnow pool make`: writes a micro world.

#include <filesystem>
#include <iosfwd>

#include "worlds/micro_world.h"

namespace winnow {

// Writes the world aside and renames it to `folder` when it is whole, then prints what it holds by
// source and defect. Returns the exit status; throws ConfigError, IoError.
int make_world_command(const micro_world::MicroWorldOptions& options,
                       const std::filesystem::path& folder, std::ostream& out);

// The tables alone.
void print_world(const micro_world::WorldSummary& summary, std::ostream& out);

}  // namespace winnow
