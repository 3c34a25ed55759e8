#pragma once
// Why a row is bad, on its way to the ledger.

#include <stdexcept>
#include <string>
#include <utility>

namespace winnow {

class RowError : public std::runtime_error {
 public:
  RowError(std::string kind, const std::string& reason)
      : std::runtime_error(reason), kind_(std::move(kind)) {}
  const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
};

}  // namespace winnow
