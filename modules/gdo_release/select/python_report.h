#pragma once
// A JSON document as json.dump(indent=2, ensure_ascii=False) of Python writes it.

#include <boost/json.hpp>
#include <string>

namespace winnow::gdo_release {

std::string indented_python_json(const boost::json::value& document);

}  // namespace winnow::gdo_release
