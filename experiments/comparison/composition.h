#pragma once
// What a subset is made of, and how well each descriptor finds wrong answers. Reads the hidden
// labels of a world: for diagnosis in reports only, nothing here reaches a selector.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "pool/sample_table.h"
#include "selectors/selector.h"
#include "worlds/micro_world.h"

namespace winnow {

// Shares of `rows`, by weight: {rows, image, video, text, temporal, wrong, blind, verbose,
// repeated}. `temporal` are videos with a temporal question; the last four come from the labels.
boost::json::object composition_of(const RowTable& facts, const std::vector<SelectedRow>& rows,
                                   const std::vector<micro_world::HiddenLabel>& labels);

// For each column the area under the ROC curve, wrong answers being the positives, over its valid
// cells: {column: {all, image, video, valid}}; an area that is not defined is null.
boost::json::object detection_of_wrong_answers(const SampleTable& table,
                                               const std::vector<micro_world::HiddenLabel>& labels);

// Of several such measurements with equal columns, at least one: the mean of each number, null
// where one of them is.
boost::json::object mean_areas(const std::vector<boost::json::object>& measurements);

}  // namespace winnow
