#pragma once
// Any selector of tables, run on a pool's files in the release's formats: what `winnow select` does
// for selector=gdo, uniform, top_k and a newcomer's.

#include <memory>

#include "selectors/pool_selector.h"

namespace winnow::gdo_release {

// `selector` is the table `selector` of the config. Beside the selector's own options it may hold
// `metrics`, the release's merged table, and `seed` (42). Throws ConfigError for an unknown
// selector, for bad options, for one that reads hidden labels, and for columns that such a pool
// does not have.
//
// Its select() writes to each task's folder
//
//   subset.jsonl, uniform.jsonl   rows in the release's format, best first, and a uniform draw of
//                                 ten times as many (of all there are, if fewer)
//   report.json                   selection_report()
//   selection-<digest>.jsonl, candidates-<digest>.jsonl   selectors/manifest.h
std::unique_ptr<PoolSelector> table_selector_on_pool(const config::Value& selector);

}  // namespace winnow::gdo_release
