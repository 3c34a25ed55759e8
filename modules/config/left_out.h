#pragma once
// Components that this build leaves out with the optional room that they lie in.

#include <string>

namespace winnow::config {

// Declares one, with the CMake option that brings it back: tables for it beside another component's
// are passed over as ever, and to ask for it is an error that names the option. Returns true, so
// that it can initialise a constant.
bool add_left_out(const std::string& kind, const std::string& name,
                  const std::string& cmake_option);

// The option that brings a component back; null for one that was not declared.
const std::string* left_out_by(const std::string& kind, const std::string& name);

}  // namespace winnow::config
