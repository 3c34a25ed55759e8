#pragma once
// A selector sees columns, strata and a budget, and returns rows. It never sees media or models.
// Most read a table; one may read the pool's files instead and write its own (reads_files).

#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "core/errors.h"
#include "selectors/selection.h"
#include "selectors/selection_input.h"

namespace winnow {

class Selector {
 public:
  virtual ~Selector() = default;
  // Columns that must be in the table. What table.rows() knows is no column.
  virtual std::vector<std::string> required_columns() const = 0;
  // True for the oracle: it reads hidden labels and is no method.
  virtual bool reads_hidden_labels() const { return false; }
  // Independent of the order of rows: ties are broken by a hash of content and seed. Takes no two
  // rows of equal content, and none that is unusable. Accounts for every row of the table. Throws
  // ConstraintError with the key, what is short and by how many when the budget or a constraint
  // cannot be met and its relaxation is not allowed.
  virtual Selection select(const SelectionInput& input) const = 0;

  // Throws ConstraintError where the choice cannot be made whatever is measured of the rows, so
  // that a mistake is told before they are. `input.table` needs no columns.
  virtual void check_rows(const SelectionInput& input) const { (void)input; }

  // Options that a run decides and no method may set.
  virtual std::vector<std::string> decided_by_run() const { return {}; }

  // One that chooses from the pool's files reads these as it likes, instead of a table, and writes
  // the rows that it takes to input.folder itself, among them one manifest (manifest.h).
  virtual bool reads_files() const { return false; }
  // Called for each of several selections that share input.shared before the first of them is made.
  virtual void announce(const SelectionInput& input) const { (void)input; }
  // Why a selection took a sample, or did not: several lines of text. By default from the files of
  // the selection in input.folder (explanation.h). Throws DataError for an unknown sample.
  virtual std::string explain(const SelectionInput& input, const std::string& sample) const;
};

config::ComponentKind<Selector>& selectors();

// Options that contradict each other, by the name of one of them: "source_floors.web".
class OptionError : public ConfigError {
 public:
  OptionError(std::string option, const std::string& problem);
  const std::string& option() const { return option_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string option_, problem_;
};

// As selectors().create(): an OptionError is told by the user's key, its value and where that
// stands. `path`: the table's place in the config.
std::unique_ptr<Selector> make_selector(const config::Value& table, const std::string& path);

// The key of a selector's table that names a column, as key or as value: "weights.loss", "column";
// empty where only a default does.
std::string key_naming(const config::Value& table, const std::string& column);

}  // namespace winnow
