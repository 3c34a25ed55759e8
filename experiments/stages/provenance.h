#pragma once
// What made a result: the state of the code, the versions it ran with, the machine.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace winnow {

// {winnow, commit, modified, build, compiler, libtorch, opencv, blas, blas_kernel, processor,
// machine, cores, workers, command, time}. `commit` and `modified` (whether the code had changes)
// are those the program was built from, null where the source was no git checkout; `build` is the
// digest of the program's file; `blas_kernel` says which kernels multiplied and who chose them
// (core/blas_kernel.h). `blas` and `blas_kernel` are null where the BLAS is not OpenBLAS.
boost::json::object provenance();

// The command that this process was started by, for provenance(). Call once, at the start.
void set_command_line(int argc, const char* const* argv);

// As in a shell, words quoted where they have to be.
const std::string& command_line();

// "2026-01-31T12:00:00Z".
std::string utc_now();
// Of such a text, seconds since 1970; nothing for another one.
std::optional<std::int64_t> seconds_of_utc(const std::string& time);

}  // namespace winnow
