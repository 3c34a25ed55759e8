#pragma once
// What files of a run's folder are called that more than one room knows.

namespace winnow {

inline constexpr const char* kRunFile = "run.json";                       // runs/run_record.h
inline constexpr const char* kConfigOriginsFile = "config_origins.json";  // the same
inline constexpr const char* kUsedStagesFile = "stages.txt";              // used_stages.h
inline constexpr const char* kNumbersFile = "numbers.json";       // comparison/comparison_record.h
inline constexpr const char* kQuestionsFile = "questions.jsonl";  // the same
inline constexpr const char* kScoresFile = "scores.jsonl";        // comparison/comparison_report.h
inline constexpr const char* kProvenanceFile = "provenance.json";

}  // namespace winnow
