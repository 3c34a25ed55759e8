#pragma once
// The rows a selector may take, in an order that depends on their content and the seed alone.

#include <functional>
#include <string>
#include <vector>

#include "selectors/selector.h"

namespace winnow {

// Why a row is left out whose content another one has.
inline constexpr const char* kDuplicateContent = "duplicate content";

// Why no row may be taken of which a column of this name has a failed cell.
std::string failed_cell(const std::string& column);

// Indices of rows, no two of equal content (of those that may be taken the smallest id stays),
// sorted by a hash of content, seed and `purpose`: a uniformly random order that does not depend on
// the order of rows. Sums taken in this order are the same for any order of rows, too. Rows that
// input.unusable names, those with a failed cell in any column of the table, duplicates and rows
// for which `reject` gives a reason are counted in selection.excluded. Opens selection.account.
std::vector<std::size_t> candidate_rows(
    const SelectionInput& input, const std::string& purpose, Selection& selection,
    const std::function<std::string(std::size_t row)>& reject = nullptr);

// What every table of rows knows beside its columns: words of the answer.
inline constexpr const char* kAnswerWords = "answer_words";
// The column of that name, or that fact as one. Throws ConfigError naming the nearest column.
Column column_or_fact(const SampleTable& table, const std::string& name);
// These names without the facts: what a table must have.
std::vector<std::string> without_facts(std::vector<std::string> names);

// Throws ConstraintError with the key and both numbers unless `available` rows suffice for
// `budget`, which `option` led to; lists the exclusions.
void require_rows(const SelectionInput& input, const std::string& option, std::int64_t budget,
                  std::int64_t available, const Selection& selection);

// " (left out: 12 duplicate content, 3 utility missing)", or nothing.
std::string exclusions_text(const Selection& selection);

}  // namespace winnow
