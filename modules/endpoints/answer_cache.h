#pragma once
// Answers that were paid for, on disk: a file for each, named after everything that was asked.

#include <filesystem>
#include <optional>
#include <string>

#include "endpoints/chat.h"

namespace winnow {

// Files appear whole or not at all, so that a process killed at any moment loses no answer that it
// got. Safe to use from several threads and processes.
class AnswerCache {
 public:
  explicit AnswerCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // `key` is a digest in hexadecimal. A damaged file is a warning and no answer.
  std::optional<ChatAnswer> find(const std::string& key) const;
  // Throws IoError.
  void store(const std::string& key, const ChatAnswer& answer) const;
  std::filesystem::path path_of(const std::string& key) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace winnow
