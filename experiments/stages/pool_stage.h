#pragma once
// A pool of one seed as a stage: what is generated is made there; others have their own files.

#include "experiments/stages/stage.h"
#include "pool/pool_source.h"

namespace winnow {

// Its folder is what PoolSource::open takes. Digest: of the generated files, else of the source's
// identity, which knows the files that it names.
StageOutput run_pool_stage(const PoolSource& source, std::uint64_t seed, StageCache& stages);

}  // namespace winnow
