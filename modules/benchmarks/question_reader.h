#pragma once
// Questions from a file of JSON objects, in the forms in which benchmarks and users write them.
//
// A row asks by `question` (or `text`, `query`, `problem`; a `hint` goes before it), or by a
// conversation as pools have them (pool/row_reader.h), which may end with the right answer.
// Options and right answers: right_answers.h. `solution` is the whole right answer, in words.
// Media: as in a pool's rows, several or none; also `image_path`, `img`, `video_name` and the like.
// `id` (or `question_id`, `qid`, `pid`, `uid`, `index`): rows that share one get "<id>:<line>",
// those without one "<file>:<line>". `subtask` (or `sub_task`, `task_type`, `task`, `category`,
// `question_type`) may be a list. `split` names the part of the file that a row belongs to.

#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/json_rows.h"
#include "benchmarks/question.h"
#include "benchmarks/right_answers.h"

namespace winnow {

struct QuestionReaderOptions {
  JsonRowsFormat format = JsonRowsFormat::automatic;
  std::filesystem::path media_root;  // relative media paths start from it; empty: the file's folder
  AnswerForm answer_form = AnswerForm::automatic;
  std::string subtask_key;  // empty: the keys above
};

// In the order of the file. Media are not looked at. A sample's content digest does not tell where
// the file lies. Throws IoError where there is no such file and DataError naming file, line, what
// was found and what would be right: a benchmark with a bad row is unusable, as it is the
// yardstick.
std::vector<Question> read_questions(const std::filesystem::path& file,
                                     const QuestionReaderOptions& options = {});

}  // namespace winnow
