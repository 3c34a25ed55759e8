#include "core/openblas.h"

#include <dlfcn.h>

#include <cctype>
#include <cstdlib>
#include <optional>

namespace winnow {
namespace {

constexpr const char* core_variable = "OPENBLAS_CORETYPE";

template <class Function>
void look_up(const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

// false when the system has no memory left for it.
bool set_core_variable(const std::optional<std::string>& value) {
  return value ? ::setenv(core_variable, value->c_str(), 1) == 0 : ::unsetenv(core_variable) == 0;
}

}  // namespace

OpenBlas OpenBlas::loaded() {
  OpenBlas blas;
  look_up("openblas_get_num_threads", blas.get_threads_);
  look_up("openblas_set_num_threads", blas.set_threads_);
  look_up("openblas_get_config", blas.config_);
  look_up("openblas_get_corename", blas.core_name_);
  // Not in the library's header, but global in every build since 2011 that chooses kernels when it
  // is loaded: the constructor of the library calls the second, its destructor the first.
  look_up("gotoblas_dynamic_quit", blas.drop_core_);
  look_up("gotoblas_dynamic_init", blas.pick_core_);
  look_up("blas_memory_alloc", blas.allocate_);
  look_up("blas_memory_free", blas.free_);
  return blas;
}

std::string OpenBlas::config() const { return config_ == nullptr ? "" : config_(); }

std::string OpenBlas::core() const { return core_name_ == nullptr ? "" : core_name_(); }

bool OpenBlas::has_core(const std::string& core) const {
  std::string table = "gotoblas_";
  for (const char c : core) {
    table += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return ::dlsym(RTLD_DEFAULT, table.c_str()) != nullptr;
}

int OpenBlas::threads() const { return get_threads_ == nullptr ? 0 : get_threads_(); }

void OpenBlas::set_threads(int threads) const {
  if (set_threads_ != nullptr) set_threads_(threads);
}

bool OpenBlas::choose_core(const std::string& core) const {
  if (!present() || drop_core_ == nullptr || pick_core_ == nullptr) return false;
  // A thread of the library that starts allocates, and whoever is the first to allocate picks a
  // core when there is none. Once this has returned, no thread does that any more.
  if (allocate_ != nullptr && free_ != nullptr) free_(allocate_(0));
  std::optional<std::string> before;
  if (const char* value = std::getenv(core_variable)) before = value;
  if (!set_core_variable(core.empty() ? std::nullopt : std::optional(core))) return false;
  drop_core_();
  pick_core_();
  set_core_variable(before);
  return core.empty() || this->core() == core;
}

}  // namespace winnow
