#pragma once
// Everything a comparison leaves in its folder.

#include <boost/json.hpp>
#include <filesystem>

#include "experiments/comparison/comparison_numbers.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/stages/recipe.h"
#include "report/table.h"

namespace winnow {

// Prints the tables to standard output and writes to `folder`: table.{txt,md,tex,csv,json},
// {convergence,cost}.{svg,pdf,png,dat,gnuplot}, config.toml, provenance.json, scores.jsonl (every
// answer of every checkpoint), questions.jsonl and numbers.json (comparison_record.h); then says on
// standard error where they are. Throws IoError.
void report_comparison(const ComparisonResults& results, const ComparisonOptions& options,
                       const RunRequest& request, const std::filesystem::path& folder);

// The files alone, and the tables' text for whom it may concern.
void write_comparison(const ComparisonResults& results, const ComparisonNumbers& numbers,
                      const std::vector<Table>& tables, const RunRequest& request,
                      const std::filesystem::path& folder);

// How it came: code, versions, seeds and the digests of all that was chosen and trained.
boost::json::object provenance_of(const ComparisonResults& results,
                                  const std::filesystem::path& results_folder);

}  // namespace winnow
