#pragma once
// The rows a selector may take, in an order that depends on their content and the seed alone.

#include <functional>
#include <string>
#include <vector>

#include "selectors/selector.h"

namespace winnow {

// Why a row is left out whose content another one has.
inline constexpr const char* kDuplicateContent = "duplicate content";

// Indices of rows, no two of equal content (the smallest id stays), sorted by a hash of content,
// seed and `purpose`: a uniformly random order that does not depend on the order of rows. Sums
// taken in this order are the same for any order of rows, too. Rows for which `reject` gives a
// reason, and duplicates, are counted in selection.excluded. Opens selection.account.
std::vector<std::size_t> candidate_rows(
    const SampleTable& table, std::uint64_t seed, const std::string& purpose, Selection& selection,
    const std::function<std::string(std::size_t row)>& reject = nullptr);

// Throws ConstraintError with both numbers unless `available` rows suffice for `budget`; lists the
// exclusions.
void require_rows(const std::string& selector, std::int64_t budget, std::int64_t available,
                  const Selection& selection);

// " (left out: 12 duplicate content, 3 utility missing)", or nothing.
std::string exclusions_text(const Selection& selection);

}  // namespace winnow
