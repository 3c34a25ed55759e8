#pragma once
// Settings of the process that make runs fast and repeatable; done by the program, so that nobody
// has to export variables.

namespace winnow {

// One thread for each of LibTorch, BLAS and OpenCV (work is spread over jobs instead, which is
// faster for small models and keeps sums in one order), deterministic kernels, denormals flushed to
// zero, and a clean end on SIGINT and SIGTERM. Call once, before any thread is started: threads
// inherit the floating-point state.
void set_up_process();

}  // namespace winnow
