#pragma once
// Rows that a walk over the pool could not measure: what its stage keeps of them, how many a run
// allows, how they are measured again on request, and that no selector takes them.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "descriptors/pass.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/stage.h"
#include "selectors/selector.h"

namespace winnow {

// Writes failures.json to the output and the facts `rows` and `failed_rows`. Where there are any,
// the resume state, with the journal in it, stays for a retry.
void keep_failures(const std::vector<FailedRow>& failures, std::size_t rows, StageWork& work);

// What keep_failures wrote: reasons by id.
std::map<std::string, std::string> read_failures(const StageOutput& output);

// Samples that no selector may take, by id.
using UnusableSamples = std::map<std::string, UnusableRow>;
// Those that one of these could not measure.
UnusableSamples unusable_samples(const std::vector<MeasuredColumns>& measured);
// Makes the stage depend on them where there are any.
void add_to_config(const UnusableSamples& unusable, Stage& stage);
// Those of the table, by row.
std::map<std::size_t, UnusableRow> rows_of(const UnusableSamples& unusable, const RowTable& rows);

// For StageCache::run: a stage with failed rows is computed again when `asked`.
std::function<bool(const StageOutput&)> retry_failed_rows(bool asked);

// Throws DataError when more than `maximum_share` of the rows failed: a stored output may come from
// a run that allowed more. `table`: of the config, whose options the error names.
void check_failed_share(const StageOutput& output, double maximum_share, const std::string& table);

}  // namespace winnow
