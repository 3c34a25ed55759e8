// Preloaded, lets OpenBLAS start as it does on an Intel processor newer than itself: with its
// kernels for a Pentium 4. The constructor of OpenBLAS is the first to ask for OPENBLAS_CORETYPE,
// and is told "Prescott"; whoever asks later is told the truth.

#include <unistd.h>

#include <cstring>

extern "C" __attribute__((visibility("default"))) char* getenv(const char* name) noexcept {
  static bool asked = false;
  static char prescott[] = "Prescott";
  if (!asked && std::strcmp(name, "OPENBLAS_CORETYPE") == 0) {
    asked = true;
    return prescott;
  }
  const std::size_t length = std::strlen(name);
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, name, length) == 0 && (*variable)[length] == '=') {
      return *variable + length + 1;
    }
  }
  return nullptr;
}
