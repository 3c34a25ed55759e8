#pragma once
// A selector sees columns, strata and a budget, and returns rows. It never sees media or models.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "pool/sample_table.h"

namespace winnow {

struct SelectedRow {
  std::size_t row = 0;
  double score = 0.0;                   // higher was preferred; 0 for draws without a score
  std::string stage;                    // what took it: "uniform", "temporal floor", "fill", ...
  std::map<std::string, double> terms;  // named parts of the score
};

// What a constraint asked for and what came out.
struct ConstraintReport {
  std::string name;
  double wanted = 0.0, achieved = 0.0;
  bool met = true;
};

struct Selection {
  std::vector<SelectedRow> rows;  // distinct, in order of selection
  std::vector<ConstraintReport> constraints;
  std::vector<std::string> warnings;  // e.g. a column that is constant or mostly missing
  // Rows that could not be chosen, by reason ("duplicate content", ...); a row counts once.
  std::map<std::string, std::int64_t> excluded;
};

class Selector {
 public:
  virtual ~Selector() = default;
  // Columns that must be in the table.
  virtual std::vector<std::string> required_columns() const = 0;
  // True for the oracle: it reads hidden labels and is no method.
  virtual bool reads_hidden_labels() const { return false; }
  // Independent of the order of rows: ties are broken by a hash of content and seed. Takes no two
  // rows of equal content. Throws ConstraintError with what is short and by how many when the
  // budget or a constraint cannot be met and its relaxation is not allowed.
  virtual Selection select(const SampleTable& table, std::uint64_t seed) const = 0;
};

config::ComponentKind<Selector>& selectors();

// Digest of the selected ids, sorted: two selections with equal digests train on the same rows.
std::string subset_digest(const SampleTable& table, const Selection& selection);

// What was chosen of what, as JSON: rows by source, modality, question type and stage beside the
// pool's, mean of each score term, constraints, exclusions, warnings and the subset's digest.
std::string selection_report(const SampleTable& table, const Selection& selection);

}  // namespace winnow
