#include "config/left_out.h"

#include <map>
#include <utility>

namespace winnow::config {
namespace {

// By kind and name: the CMake option.
std::map<std::pair<std::string, std::string>, std::string>& left_out() {
  static std::map<std::pair<std::string, std::string>, std::string> entries;
  return entries;
}

}  // namespace

bool add_left_out(const std::string& kind, const std::string& name,
                  const std::string& cmake_option) {
  left_out()[{kind, name}] = cmake_option;
  return true;
}

const std::string* left_out_by(const std::string& kind, const std::string& name) {
  const auto found = left_out().find({kind, name});
  return found == left_out().end() ? nullptr : &found->second;
}

}  // namespace winnow::config
