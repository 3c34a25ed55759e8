#pragma once
// TOML text into Values. toml++ parses; dates and times are refused, since no option has that type.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace winnow::config {

// Reads a TOML file. Throws ConfigError "file:line:column: what is wrong" for a syntax error,
// IoError when the file cannot be read. Origins name the file relative to the working directory
// when it lies below it.
Value read_toml(const std::filesystem::path& path);

// The same for text that is at hand; `name` stands for the file in messages and origins.
Value parse_toml(std::string_view text, const std::string& name);

// A value as people type it: TOML, except that a bare word is text and that words in [lists] and
// {tables} need no quotes: 1e-4, true, diverse, "1", [a, b], {a = 1}. Throws ConfigError, naming
// `key`, for an open bracket or quote.
Value parse_value(const std::string& text, const std::string& key, const Origin& origin);

// Splits at `separator` outside of quotes, brackets and ${...}; parts are trimmed.
std::vector<std::string> split_outside_brackets(const std::string& text, char separator);

}  // namespace winnow::config
