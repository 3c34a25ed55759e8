#pragma once
// The ledger of rows that could not be measured, and how many of them a walk allows.

#include <string>
#include <vector>

#include "core/errors.h"

namespace winnow {

struct FailedRow {
  std::size_t row = 0;
  std::string id;
  std::string reason;
};

// The most frequent reasons, each on a line with its count and its first row's id.
std::string summary_of(const std::vector<FailedRow>& failures);

// More rows failed than a walk allows. The message has counts, reasons and ids.
class TooManyFailed : public DataError {
 public:
  TooManyFailed(const std::string& message, std::size_t failed_rows, std::size_t all_rows)
      : DataError(message), failed(failed_rows), total(all_rows) {}
  std::size_t failed, total;
};

}  // namespace winnow
