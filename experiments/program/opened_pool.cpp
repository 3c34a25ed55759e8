#include "experiments/program/opened_pool.h"

#include <map>
#include <string>

#include "experiments/stages/pool_stage.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;

std::vector<std::string> with_pool_tables(std::vector<std::string> tables) {
  for (const char* table : {"pool", "world", "benchmarks", "held_out"}) tables.emplace_back(table);
  return tables;
}

OpenedPool open_pool(const PoolSource& source, std::uint64_t seed, const fs::path& results) {
  fs::path folder;
  if (source.is_generated()) {
    StageCache stages(results / "stages", false);
    folder = run_pool_stage(source, seed, stages).folder;
  }
  return {source.open(folder), source.labels(folder)};
}

json::object account_of(const Pool& pool) {
  std::map<std::string, std::int64_t> bad;
  for (const BadRow& row : pool.ledger()) ++bad[row.kind];
  json::object bad_rows, notes;
  for (const auto& [kind, count] : bad) bad_rows[kind] = count;
  for (const NoteLedger::Entry& note : pool.notes().entries()) {
    notes[note.what.empty() ? note.kind : note.kind + " " + note.what] = note.rows;
  }
  return {{"rows", pool.size()}, {"bad_rows", bad_rows}, {"not_honoured", notes}};
}

}  // namespace winnow
