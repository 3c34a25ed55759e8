// A program of somebody else: it links winnow's core and uses nothing of it. Prints the core that
// OpenBLAS computes with ("none" without OpenBLAS), then its environment, one variable a line.

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>

int main() {
  using CoreName = char*();
  auto* const core_name =
      reinterpret_cast<CoreName*>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  std::puts(core_name == nullptr ? "none" : core_name());
  for (char** variable = environ; *variable != nullptr; ++variable) std::puts(*variable);
}
