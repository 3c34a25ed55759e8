#pragma once
// JSON as Python's json module reads and writes it. Programs that must give the bytes of a Python
// program need its grammar (NaN and Infinity are numbers, -0 is an integer, a repeated key's last
// value counts) and its text of a number; simdjson knows neither.

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace winnow::python {

// What json.loads answers with a JSONDecodeError: the text is not JSON.
struct JsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Where Python stops although the text is JSON: nesting above 990 levels, an integer of more than
// 4,300 digits; and text that UTF-8 cannot hold (half a surrogate pair) when it is written.
struct JsonLimit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class JsonKind : std::uint8_t { null, boolean, number, text, list, object };

// Reads one document from front to back. The text must outlive the reader. All methods throw
// JsonError where the text is no JSON and JsonLimit as above.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // Of the next value. What follows may still prove to be none.
  JsonKind kind();
  // Passes over a value of any kind, checks it, and returns it as it stands in the text.
  std::string_view skip();

  // The next value, which is of that kind.
  double number();  // infinite where a double ends
  float single();   // float32 of number(), faster
  bool boolean();
  // Valid until `scratch` changes or the document goes. Half a surrogate pair becomes three bytes
  // that are not valid UTF-8.
  std::string_view text(std::string& scratch);

  // for (list(); next_element();) { read or skip one value }
  void list();
  bool next_element();
  // for (object(); next_key(key, scratch);) { read or skip one value }
  void object();
  bool next_key(std::string_view& key, std::string& scratch);

  // Nothing but white space may be left.
  void finish();

 private:
  [[noreturn]] static void fail(const char* what);
  void white_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  void expect(char character, const char* what);
  void literal(std::string_view word);
  // Moves past a number and says whether it is an integer.
  bool pass_number();
  // Moves past a text's closing quote and says whether it holds a backslash.
  bool pass_text();
  void pass_value(int depth);

  const char* at_;
  const char* end_;
  bool first_ = false;  // just inside a list or an object
};

// float(text) of Python: white space around, single underscores between digits, decimal digits of
// any script, "nan" and "infinity"; nothing where Python raises ValueError.
std::optional<double> float_of_text(std::string_view text);

// repr(value): the shortest digits that give the same double, "1e-05", "1e+16", "3.0"; NaN and
// infinities as json.dumps writes them.
void append_float(std::string& out, double value);

// json.dumps(text, ensure_ascii=False); half a surrogate pair may stand in it as three bytes.
void append_quoted(std::string& out, std::string_view text);
// The same of what can be written to a file. Throws JsonLimit for text that is not UTF-8.
void append_text(std::string& out, std::string_view text);

// json.dumps(json.loads(value), ensure_ascii=False) for the text of a JSON value.
void append_value(std::string& out, std::string_view value);

}  // namespace winnow::python
