#pragma once
// Text with named places: "Question: {question}". "{{" and "}}" are braces. What is put into a
// place is not read again.

#include <map>
#include <string>
#include <vector>

namespace winnow {

class TextTemplate {
 public:
  struct Piece {
    bool is_place = false;
    std::string text;  // of a place its name
  };

  // `name` says where the text comes from ("benchmarks.mine.prompt") and begins the message of the
  // ConfigError that is thrown for a place that is none of `places` and for a brace left open.
  TextTemplate(const std::string& text, const std::vector<std::string>& places,
               const std::string& name);

  const std::vector<Piece>& pieces() const { return pieces_; }
  std::size_t count(const std::string& place) const;
  // Every place of the text has to have a value.
  std::string fill(const std::map<std::string, std::string>& values) const;

 private:
  std::vector<Piece> pieces_;
};

}  // namespace winnow
