#pragma once
// Telling a sample that cannot be measured from a program that is broken.

#include <opencv2/core.hpp>
#include <string>

#include "core/errors.h"
#include "models/torch.h"

namespace winnow {

// Calls `work`; why data, decoding or the model's arithmetic (a tensor too large for the memory)
// refused, in one line, or nothing where they did not. Anything else is a bug or no fault of the
// sample, and is thrown on.
template <class Work>
std::string reason_of_refusal(const Work& work) {
  const auto reason = [](const std::string& message) {
    const std::string line = message.substr(0, message.find('\n'));
    return line.empty() ? std::string("failed without a reason") : line;
  };
  try {
    work();
    return {};
  } catch (const DataError& error) {
    return reason(error.what());
  } catch (const c10::Error& error) {
    return reason(error.what_without_backtrace());
  } catch (const cv::Exception& error) {
    return reason(error.what());
  }
}

}  // namespace winnow
