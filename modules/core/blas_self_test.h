#pragma once
// Whether BLAS multiplies rightly on this processor.

namespace winnow {

// Products of matrices and of a matrix with a vector, float and double, in every order of storage
// that training uses and for odd sizes, small and above the size where OpenBLAS changes kernels.
// The BLAS is the one that answers LibTorch. Entries are whole numbers of which every sum is exact,
// so that right means equal to plain loops, whatever the order of summation. One thread, a few
// milliseconds. True also when the process has loaded no BLAS: there is nothing that is wrong.
bool blas_multiplies_rightly();

}  // namespace winnow
