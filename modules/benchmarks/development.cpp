#include "benchmarks/development.h"

#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "core/random.h"

namespace winnow {

std::vector<bool> development_part(const std::vector<Question>& questions, double share) {
  std::vector<bool> chosen(questions.size(), false);
  const auto wanted =
      static_cast<std::size_t>(std::llround(share * static_cast<double>(questions.size())));
  // Groups of questions that are linked by a medium or by equal content: each points to an earlier
  // one, or to itself.
  std::vector<std::size_t> leader(questions.size());
  std::iota(leader.begin(), leader.end(), std::size_t{0});
  const auto leader_of = [&](std::size_t i) {
    while (leader[i] != i) i = leader[i] = leader[leader[i]];
    return i;
  };
  std::map<std::string, std::size_t> first_with;  // medium or content -> question
  for (std::size_t i = 0; i < questions.size(); ++i) {
    std::vector<std::string> links = {"content " + questions[i].sample.content_digest()};
    for (const Media& medium : questions[i].sample.media) links.push_back(medium.key());
    for (const std::string& link : links) {
      const std::size_t other = leader_of(first_with.emplace(link, i).first->second);
      const std::size_t own = leader_of(i);
      leader[std::max(own, other)] = std::min(own, other);
    }
  }
  std::vector<std::vector<std::size_t>> groups(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) groups[leader_of(i)].push_back(i);
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  RandomStream(0, "benchmarks/development").shuffle(groups);
  std::size_t taken = 0;
  for (const auto& group : groups) {
    // A group that does not fit leaves its place to smaller ones.
    if (taken + group.size() > wanted) continue;
    for (const std::size_t i : group) chosen[i] = true;
    taken += group.size();
  }
  return chosen;
}

}  // namespace winnow
