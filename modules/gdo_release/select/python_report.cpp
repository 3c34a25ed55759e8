#include "gdo_release/select/python_report.h"

#include <utility>

#include "gdo_release/python/python_json.h"

namespace winnow::gdo_release {
namespace {

void append(const boost::json::value& value, std::size_t depth, std::string& out) {
  const auto new_line = [&](std::size_t level) { out.append(1, '\n').append(2 * level, ' '); };
  const auto items = [&](const auto& container, char open, char close, auto put) {
    out += open;
    const char* separator = "";
    for (const auto& item : container) {
      out += std::exchange(separator, ",");
      new_line(depth + 1);
      put(item);
    }
    if (!container.empty()) new_line(depth);
    out += close;
  };
  switch (value.kind()) {
    case boost::json::kind::object:
      items(value.get_object(), '{', '}', [&](const boost::json::key_value_pair& entry) {
        python::append_quoted(out, {entry.key().data(), entry.key().size()});
        out += ": ";
        append(entry.value(), depth + 1, out);
      });
      break;
    case boost::json::kind::array:
      items(value.get_array(), '[', ']',
            [&](const boost::json::value& item) { append(item, depth + 1, out); });
      break;
    case boost::json::kind::string:
      python::append_quoted(out, {value.get_string().data(), value.get_string().size()});
      break;
    case boost::json::kind::double_:
      python::append_float(out, value.get_double());
      break;
    case boost::json::kind::null:
    case boost::json::kind::bool_:
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      out += boost::json::serialize(value);
      break;
  }
}

}  // namespace

std::string indented_python_json(const boost::json::value& document) {
  std::string out;
  append(document, 0, out);
  return out;
}

}  // namespace winnow::gdo_release
