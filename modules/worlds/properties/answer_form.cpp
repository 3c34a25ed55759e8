// Answers that say the right thing in a wrong form, or leave it out.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

std::int64_t rounded(double value) { return std::llround(value); }

class AnswerForm : public Property {
 public:
  unsigned parts() const override { return kForm; }
  bool plant(std::size_t row, const Planting& planting) const override {
    PlannedRow& planned = planting.plan.rows[row];
    planned.answer = write(planned.given_answer, planting.strength, planting.random);
    return true;
  }

 private:
  virtual std::string write(const std::string& answer, double strength,
                            RandomStream& random) const = 0;
};

class Truncated : public AnswerForm {
  std::string help() const override { return "its answer breaks off before it says anything"; }
  std::string strength() const override { return "share of the words that are lost"; }
  std::string write(const std::string& /*answer*/, double strength,
                    RandomStream& random) const override {
    static const std::vector<std::string> beginnings = {
        "Looking closely at what is shown here, I would say that the answer is",
        "That is a good question, and after a careful look the answer to it is",
        "When one looks at the objects one by one, it can be seen that it is"};
    std::istringstream words(random.choose(beginnings));
    std::vector<std::string> all;
    for (std::string word; words >> word;) all.push_back(word);
    const auto kept =
        std::max<std::int64_t>(1, rounded((1.0 - strength) * static_cast<double>(all.size())));
    all.resize(static_cast<std::size_t>(kept));
    return fmt::format("{}", fmt::join(all, " "));
  }
};

class Rambling : public AnswerForm {
  std::string help() const override { return "its answer comes after sentences that say nothing"; }
  std::string strength() const override { return "a fifth of the number of such sentences"; }
  std::string write(const std::string& answer, double strength,
                    RandomStream& random) const override {
    std::vector<std::string> sentences = {
        "That is a good question.", "One has to look closely here.",
        "There is something to be seen, and something else.",
        "Much could be said about what is shown.", "It is best to take one thing after the other."};
    random.shuffle(sentences);
    sentences.resize(static_cast<std::size_t>(std::max<std::int64_t>(1, rounded(5 * strength))));
    return fmt::format("{} So it is {}.", fmt::join(sentences, " "), answer);
  }
};

class Repeated : public AnswerForm {
  std::string help() const override { return "its answer is said over and over again"; }
  std::string strength() const override { return "an eighth of the times that it is said again"; }
  std::string write(const std::string& answer, double strength,
                    RandomStream& /*random*/) const override {
    std::string result = answer;
    for (auto i = std::max<std::int64_t>(1, rounded(8 * strength)); i > 0; --i) {
      result += " " + answer;
    }
    return result;
  }
};

class Garbled : public AnswerForm {
  std::string help() const override { return "letters of its answer are replaced by signs"; }
  std::string strength() const override { return "share of the letters"; }
  std::string write(const std::string& answer, double strength,
                    RandomStream& random) const override {
    static const std::string signs = "#%@&*~^";
    std::string result = answer;
    const auto count = static_cast<std::size_t>(
        std::max<std::int64_t>(1, rounded(strength * static_cast<double>(answer.size()))));
    for (const std::size_t place : random.sample_indices(answer.size(), count)) {
      result[place] = signs[random.below(signs.size())];
    }
    return result;
  }
};

class OffFormat : public AnswerForm {
  std::string help() const override {
    return "its answer stands in markup, in capitals or in a table";
  }
  std::string write(const std::string& answer, double /*strength*/,
                    RandomStream& random) const override {
    std::string capitals = answer;
    std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    const std::vector<std::string> forms = {
        fmt::format("{{\"answer\": \"{}\"}}", answer), fmt::format("**{}**", answer),
        capitals + "!", fmt::format("<b>{}</b>", answer), fmt::format("| answer | {} |", answer)};
    return random.choose(forms);
  }
};

const bool registered = add_property<Truncated>("truncated") &&
                        add_property<Rambling>("rambling") && add_property<Repeated>("repeated") &&
                        add_property<Garbled>("garbled") && add_property<OffFormat>("off_format");

}  // namespace
}  // namespace winnow::micro_world
