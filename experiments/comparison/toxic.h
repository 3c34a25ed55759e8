#pragma once
// Samples that training on would do harm, as far as a utility can tell: those whose utility is
// negative by more than its noise.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "pool/hidden_labels.h"
#include "pool/pool.h"
#include "pool/sample.h"
#include "pool/sample_table.h"
#include "report/table.h"

namespace winnow {

// Standard errors below zero from which on a sample is called toxic.
inline constexpr double kToxicErrors = 2.0;

struct ToxicRows {
  std::string column;             // of the utility; its error is in <column>.error
  std::vector<std::size_t> rows;  // of the table, most errors below zero first
  std::int64_t measured = 0;      // rows with a value
  std::int64_t negative = 0;      // of them below zero
};

// For each column of the table that has an error beside it.
std::vector<ToxicRows> toxic_rows(const SampleTable& table);

// One line of toxic.jsonl: id, column, utility, error, source, question, answer.
std::string toxic_line(const SampleTable& table, const ToxicRows& toxic, std::size_t row,
                       const Sample& sample);

// {column: {measured, negative, toxic, wrong, wrong_in_pool, examples}}; shares of wrong answers
// are diagnosis by hidden labels, null without the label `wrong` and where there are no rows. The
// pool's rows are the table's.
boost::json::object toxic_facts(const SampleTable& table, const std::vector<ToxicRows>& toxic,
                                const Pool& pool, const std::optional<HiddenLabels>& labels);

// `seed`: that proxy and anchors were drawn by.
Table toxic_table(const boost::json::object& facts, std::uint64_t world, std::uint64_t seed);

}  // namespace winnow
