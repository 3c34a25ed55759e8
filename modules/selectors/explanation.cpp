#include "selectors/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

struct Candidate {
  std::string id, source;
  std::string excluded, instead, detail;  // of a sample that could not be chosen
  std::int64_t stratum = -1, rank = 0;
  double score = 0.0;
  std::vector<double> terms;
  std::string taken;             // the stage; empty when it was not taken
  std::optional<double> weight;  // where rows differ in it
};

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? "" : std::string(value->as_string());
}

Candidate candidate_of(const json::object& line) {
  Candidate candidate;
  candidate.id = line.at("id").as_string();
  candidate.source = text_of(line, "source");
  candidate.excluded = text_of(line, "excluded");
  candidate.instead = text_of(line, "instead");
  candidate.detail = text_of(line, "detail");
  candidate.taken = text_of(line, "taken");
  if (!candidate.excluded.empty()) return candidate;
  candidate.stratum = line.at("stratum").to_number<std::int64_t>();
  candidate.rank = line.at("rank").to_number<std::int64_t>();
  candidate.score = line.at("score").to_number<double>();
  if (const json::value* weight = line.if_contains("weight")) {
    candidate.weight = weight->to_number<double>();
  }
  for (const json::value& term : line.at("terms").as_array()) {
    candidate.terms.push_back(term.to_number<double>());
  }
  return candidate;
}

// Calls `take` with every line but the head, which is returned.
template <class Take>
json::object read_lines(const fs::path& path, const Take& take) {
  std::istringstream lines(read_file(path));
  json::object head;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    try {
      json::object object = json::parse(line).as_object();
      if (++number == 1) {
        head = std::move(object);
      } else {
        take(object);
      }
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: not a line of a selection's files: {}", path.string(),
                                  number, error.what()));
    }
  }
  if (number == 0) throw DataError(path.string() + ": is empty");
  return head;
}

// What is known about a selection and one of its samples.
struct Case {
  json::object head;               // of the manifest
  std::vector<std::string> terms;  // names
  Candidate sample;
  std::vector<Candidate> of_stratum;  // all of the sample's stratum, by rank
};

Case read_case(const fs::path& manifest, const std::string& id) {
  Case result;
  std::string first_line;
  {
    std::istringstream lines(read_file(manifest));
    std::getline(lines, first_line);
  }
  std::string candidates_file;
  try {
    result.head = json::parse(first_line).as_object();
    candidates_file = text_of(result.head, "candidates");
    for (const json::value& name : result.head.at("terms").as_array()) {
      result.terms.emplace_back(name.as_string());
    }
  } catch (const std::exception& error) {
    throw DataError(manifest.string() + ":1: not the head of a selection: " + error.what());
  }
  std::vector<Candidate> all;
  read_lines(manifest.parent_path() / candidates_file,
             [&](const json::object& line) { all.push_back(candidate_of(line)); });
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Candidate& candidate) { return candidate.id == id; });
  if (found == all.end()) {
    std::vector<std::string> ids;
    for (const Candidate& candidate : all) ids.push_back(candidate.id);
    const std::string nearest = nearest_name(id, ids);
    throw DataError(fmt::format("{}: the pool has no sample '{}' among its {}.{}",
                                manifest.string(), id, all.size(),
                                nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
  }
  result.sample = *found;
  for (const Candidate& candidate : all) {
    if (!result.sample.excluded.empty() || candidate.stratum != result.sample.stratum) continue;
    result.of_stratum.push_back(candidate);
  }
  std::sort(result.of_stratum.begin(), result.of_stratum.end(),
            [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  return result;
}

std::string why_excluded(const Candidate& sample) {
  std::string text = "NOT TAKEN, it could not be chosen: " + sample.excluded;
  if (!sample.instead.empty()) text += "; '" + sample.instead + "' stands for it";
  if (!sample.detail.empty()) text += "; " + sample.detail;
  return text + "\n";
}

std::string named(const Candidate& candidate) {
  // 0 is the score of a draw, which has none.
  const bool scored = !candidate.terms.empty() || candidate.score != 0.0;
  const std::string score = scored ? fmt::format(", score {:.4f}", candidate.score) : "";
  return fmt::format("'{}' (rank {}{}, source {})", candidate.id, candidate.rank, score,
                     candidate.source);
}

// The sample's terms beside those of the row at the border.
std::string term_table(const std::vector<std::string>& names, const Candidate& sample,
                       const Candidate* other, const std::string& title) {
  std::size_t width = 5;
  for (const std::string& name : names) width = std::max(width, name.size());
  std::string text = fmt::format("  {:<{}}  {:>11}", "term", width, "this sample");
  if (other != nullptr)
    text += fmt::format("  {:>{}}", title, std::max<std::size_t>(11, title.size()));
  text += "\n";
  const auto line = [&](const std::string& name, double own, double theirs) {
    text += fmt::format("  {:<{}}  {:>+11.4f}", name, width, own);
    if (other != nullptr) {
      text += fmt::format("  {:>+{}.4f}", theirs, std::max<std::size_t>(11, title.size()));
    }
    text += "\n";
  };
  for (std::size_t t = 0; t < names.size(); ++t) {
    line(names[t], sample.terms.at(t), other == nullptr ? 0.0 : other->terms.at(t));
  }
  line("score", sample.score, other == nullptr ? 0.0 : other->score);
  return text;
}

std::string why_ranked(const Case& the) {
  const Candidate& sample = the.sample;
  const json::object& stratum =
      the.head.at("strata").at(static_cast<std::size_t>(sample.stratum)).as_object();
  const Candidate* last_taken = nullptr;
  const Candidate* first_left = nullptr;
  std::int64_t above = 0, below = 0;  // taken rows that rank before and behind the sample
  const Candidate* taken_below = nullptr;
  for (const Candidate& candidate : the.of_stratum) {
    if (candidate.taken.empty()) {
      if (first_left == nullptr) first_left = &candidate;
      continue;
    }
    last_taken = &candidate;
    if (candidate.rank < sample.rank) ++above;
    if (candidate.rank > sample.rank) {
      ++below;
      if (taken_below == nullptr) taken_below = &candidate;
    }
  }
  std::string text =
      sample.taken.empty() ? "NOT TAKEN\n" : "TAKEN by stage '" + sample.taken + "'\n";
  text += fmt::format("  stratum  {}: {} rows, quota {}, {} taken\n", text_of(stratum, "name"),
                      stratum.at("rows").to_number<std::int64_t>(),
                      stratum.at("quota").to_number<std::int64_t>(),
                      stratum.at("taken").to_number<std::int64_t>());
  text += fmt::format("  rank     {} of {} there, source {}\n", sample.rank, the.of_stratum.size(),
                      sample.source);
  if (sample.weight) {
    text += fmt::format("  weight   {:.4f} of its loss in training, where the mean is 1\n",
                        *sample.weight);
  }
  const Candidate* border = sample.taken.empty() ? last_taken : first_left;
  if (sample.taken.empty()) {
    if (last_taken == nullptr) {
      text +=
          fmt::format("  nothing of this stratum was taken: {} rows are spread over {} strata\n",
                      the.head.at("selected").to_number<std::int64_t>(),
                      the.head.at("strata").as_array().size());
    } else if (above > 0) {
      text += fmt::format("  beaten by {} taken rows of the stratum; the last taken: {}\n", above,
                          named(*last_taken));
    }
    if (below > 0) {
      text += fmt::format(
          "  {} taken rows rank below it: constraints on sources moved rows; the first: {}\n",
          below, named(*taken_below));
    }
  } else if (first_left != nullptr) {
    text +=
        fmt::format("  the best row of the stratum that was not taken: {}\n", named(*first_left));
  } else {
    text += "  all rows of the stratum were taken\n";
  }
  if (the.terms.empty() && sample.score != 0.0) {
    return text + fmt::format("  its score is {:.4f}, which has no parts\n", sample.score);
  }
  if (the.terms.empty()) return text + "  there is no score: the rank is the order of the draw\n";
  return text +
         term_table(the.terms, sample, border, sample.taken.empty() ? "last taken" : "best left");
}

}  // namespace

std::string explain_selection(const fs::path& manifest, const std::string& id) {
  const Case the = read_case(manifest, id);
  return the.sample.excluded.empty() ? why_ranked(the) : why_excluded(the.sample);
}

}  // namespace winnow
