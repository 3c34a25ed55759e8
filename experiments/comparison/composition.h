#pragma once
// What a subset is made of, and how well each descriptor finds wrong answers and other labels.
// Reads hidden labels, where a pool has them: for diagnosis in reports only, nothing here reaches a
// selector.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pool/hidden_labels.h"
#include "pool/sample_table.h"
#include "selectors/manifest.h"

namespace winnow {

// Shares of the chosen samples, by weight: {rows, image, video, text, temporal}, and {labels:
// {name: share}} where there are labels. `temporal` are videos with a temporal question.
boost::json::object composition_of(const RowTable& rows, const std::vector<SelectedSample>& chosen,
                                   const std::optional<HiddenLabels>& labels);

// Of all rows, each counting the same.
boost::json::object composition_of(const RowTable& rows, const std::optional<HiddenLabels>& labels);

// For each column the area under the ROC curve, rows with the label being the positives, over its
// valid cells: {column: {all, image, video, valid}}; an area that is not defined is null. Requires
// the label.
boost::json::object detection_of(const std::string& label, const SampleTable& table,
                                 const HiddenLabels& labels);

// Of several such measurements with equal columns, at least one: the mean of each number, null
// where one of them is.
boost::json::object mean_areas(const std::vector<boost::json::object>& measurements);

}  // namespace winnow
