#pragma once
// What a selector took of a table, and how every other row fared.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pool/sample_table.h"

namespace winnow {

// Why no selector may take a row: something of it could not be measured, or it cannot be used.
struct UnusableRow {
  std::string reason;  // the same for all of a kind; they are counted by it
  std::string detail;  // about this one; may be empty
};
// "measurement failed: descriptor loss".
std::string measurement_failed(const std::string& what);

struct SelectedRow {
  SelectedRow() = default;
  SelectedRow(std::size_t which, double its_score, std::string its_stage)
      : row(which), score(its_score), stage(std::move(its_stage)) {}

  std::size_t row = 0;
  double score = 0.0;  // higher was preferred; 0 for draws without a score
  std::string stage;   // what took it: "uniform", "temporal floor", "fill", ...
  // Of its loss in training, above 0; the mean over a selection is 1, so that a weighted subset is
  // trained at the same learning rate.
  double weight = 1.0;
};

// What a constraint asked for and what came out.
struct ConstraintReport {
  std::string name;
  double wanted = 0.0, achieved = 0.0;
  bool met = true;
};

// What rows compete in: rows are taken from its top.
struct StratumReport {
  std::string name;
  std::int64_t rows = 0;   // that could be chosen
  std::int64_t quota = 0;  // before constraints move rows between strata
  std::int64_t taken = 0;
};

// How every row of the table fared, taken or not: what `winnow explain` tells. By columns, as a
// pool has many rows; a term costs 8 bytes a row, the rest 24.
struct Account {
  static constexpr std::int32_t kNone = -1;

  std::vector<std::string> reasons;     // of exclusion, as they came up
  std::vector<StratumReport> strata;    // in an order that does not depend on the rows' order
  std::vector<std::string> term_names;  // parts of the score
  // One entry for each row of the table.
  std::vector<std::int32_t> reason;   // index into `reasons`; kNone: it could be chosen
  std::vector<std::int32_t> instead;  // of a duplicate: the row that stands for it; else kNone
  std::vector<std::int32_t> stratum;  // index into `strata`; kNone: it could not be chosen
  std::vector<std::int32_t> rank;     // in its stratum, from 1; 0: it could not be chosen
  std::vector<double> score;          // as SelectedRow::score
  // [term][row]: a part of the row's score. 0 where it could not be chosen, NaN where its score has
  // no such part.
  std::vector<std::vector<double>> terms;
  // Of excluded rows, where there is more to say than the reason.
  std::map<std::size_t, std::string> details;

  // Room for `count` rows, none of them excluded or ranked; at most 2^31 - 1.
  void open(std::size_t count);
  // Room for these terms, 0 for every row.
  void open_terms(std::vector<std::string> names);
  // Adds a stratum: `rows` in order of rank, of which `taken` were taken in the end.
  void rank_rows(std::string name, const std::vector<std::size_t>& rows, std::int64_t quota,
                 std::int64_t taken);
  // The named parts of a row's score, by name.
  std::vector<std::pair<std::string_view, double>> terms_of(std::size_t row) const;
};

struct Selection {
  std::vector<SelectedRow> rows;  // distinct, in order of selection
  std::vector<ConstraintReport> constraints;
  std::vector<std::string> warnings;  // e.g. a column that is constant or mostly missing
  // Rows that could not be chosen, by reason ("duplicate content", ...); a row counts once.
  std::map<std::string, std::int64_t> excluded;
  std::int64_t unusable = 0;  // of these: they could not be measured, or cannot be used
  Account account;
  // What was taken of what, in a line, by a selector that leaves files of its own; its rows are in
  // the manifest there.
  std::string summary;

  // Counts a row that cannot be chosen, in `excluded` and in the account.
  void exclude(std::size_t row, const std::string& why, std::int32_t instead = Account::kNone);
  void exclude(std::size_t row, const UnusableRow& why);
  // Whether rows differ in weight.
  bool is_weighted() const;
  // Scales the weights, each of them above 0, to a mean of 1.
  void normalise_weights();
};

// Digest of the selected ids, sorted, and of their weights where they differ: two selections with
// equal digests train alike.
std::string subset_digest(const SampleTable& table, const Selection& selection);

// What was chosen of what, as JSON: rows by source, modality, question type and stage beside the
// pool's, mean of each score term, weights where they differ, constraints, exclusions, warnings and
// the subset's digest. Rows that could not be measured are listed.
std::string selection_report(const SampleTable& table, const Selection& selection);

}  // namespace winnow
