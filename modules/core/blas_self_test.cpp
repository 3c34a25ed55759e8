#include "core/blas_self_test.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/openblas.h"

namespace winnow {
namespace {

// Read as 64-bit or, in the same place, as 32-bit integers, as the library has it.
using Integer = std::int64_t;

template <class Number>
using Gemm = void(const char*, const char*, const Integer*, const Integer*, const Integer*,
                  const Number*, const Number*, const Integer*, const Number*, const Integer*,
                  const Number*, Number*, const Integer*);
template <class Number>
using Gemv = void(const char*, const Integer*, const Integer*, const Number*, const Number*,
                  const Integer*, const Number*, const Integer*, const Number*, Number*,
                  const Integer*);

template <class Function>
Function* function(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

// Whole numbers, stored column by column as BLAS does.
struct Matrix {
  Integer rows, columns;
  std::vector<std::int32_t> entries;

  Matrix(Integer r, Integer c) : rows(r), columns(c), entries(static_cast<std::size_t>(r * c)) {}
  std::int32_t* column(Integer c) { return entries.data() + c * rows; }
  const std::int32_t* column(Integer c) const { return entries.data() + c * rows; }

  Matrix transposed() const {
    Matrix result(columns, rows);
    for (Integer c = 0; c < columns; ++c) {
      for (Integer r = 0; r < rows; ++r) result.column(r)[c] = column(c)[r];
    }
    return result;
  }
  template <class Number>
  std::vector<Number> as() const {
    return {entries.begin(), entries.end()};
  }
};

// Entries need nine bits, one more than bfloat16 has, and the sum of 150 products of two of them
// stays below 2^24, up to which float holds every whole number.
constexpr std::int32_t largest_entry = 333;

Matrix whole_numbers(Integer rows, Integer columns, std::uint32_t state) {
  Matrix matrix(rows, columns);
  for (std::int32_t& entry : matrix.entries) {
    state = state * 1664525U + 1013904223U;
    entry = static_cast<std::int32_t>((state >> 8) % (2 * largest_entry + 1)) - largest_entry;
  }
  return matrix;
}

Matrix plain_product(const Matrix& left, const Matrix& right) {
  Matrix product(left.rows, right.columns);
  for (Integer c = 0; c < right.columns; ++c) {
    std::int32_t* sums = product.column(c);
    for (Integer k = 0; k < left.columns; ++k) {
      const std::int32_t factor = right.column(c)[k];
      const std::int32_t* terms = left.column(k);
      for (Integer r = 0; r < left.rows; ++r) sums[r] += terms[r] * factor;
    }
  }
  return product;
}

// The four orders of storage, each with a fresh result and with one that is added to.
template <class Number>
bool matrices_are_right(Gemm<Number>* gemm, const Matrix& left, const Matrix& right,
                        const Matrix& product) {
  const std::vector<Number> expected = product.as<Number>();
  for (const bool left_transposed : {false, true}) {
    const Matrix a = left_transposed ? left.transposed() : left;
    const std::vector<Number> a_entries = a.as<Number>();
    for (const bool right_transposed : {false, true}) {
      const Matrix b = right_transposed ? right.transposed() : right;
      const std::vector<Number> b_entries = b.as<Number>();
      // A kernel must overwrite what is not a number when it does not add.
      std::vector<Number> c(expected.size(), std::numeric_limits<Number>::quiet_NaN());
      const auto multiply = [&](Number alpha, Number beta) {
        gemm(left_transposed ? "T" : "N", right_transposed ? "T" : "N", &left.rows, &right.columns,
             &left.columns, &alpha, a_entries.data(), &a.rows, b_entries.data(), &b.rows, &beta,
             c.data(), &left.rows);
      };
      multiply(1, 0);
      if (c != expected) return false;
      multiply(-1, 1);
      if (std::any_of(c.begin(), c.end(), [](Number entry) { return entry != 0; })) return false;
    }
  }
  return true;
}

template <class Number>
bool vectors_are_right(Gemv<Number>* gemv, const Matrix& matrix) {
  const Integer one = 1;
  const Number alpha = 1, beta = 0;
  const std::vector<Number> entries = matrix.as<Number>();
  for (const bool transposed : {false, true}) {
    const Matrix factor = transposed ? matrix.transposed() : matrix;
    const Matrix vector = whole_numbers(factor.columns, 1, 7);
    const std::vector<Number> x = vector.as<Number>();
    std::vector<Number> y(static_cast<std::size_t>(factor.rows),
                          std::numeric_limits<Number>::quiet_NaN());
    gemv(transposed ? "T" : "N", &matrix.rows, &matrix.columns, &alpha, entries.data(),
         &matrix.rows, x.data(), &one, &beta, y.data(), &one);
    if (y != plain_product(factor, vector).as<Number>()) return false;
  }
  return true;
}

bool products_are_right() {
  const auto sgemm = function<Gemm<float>>("sgemm_");
  const auto dgemm = function<Gemm<double>>("dgemm_");
  const auto sgemv = function<Gemv<float>>("sgemv_");
  const auto dgemv = function<Gemv<double>>("dgemv_");
  if (sgemm == nullptr || dgemm == nullptr || sgemv == nullptr || dgemv == nullptr) return true;

  struct Size {
    Integer rows, inner, columns;
  };
  // Below and above a million multiplications, where OpenBLAS leaves its kernels for small
  // matrices.
  for (const Size size : {Size{1, 3, 1}, Size{37, 29, 53}, Size{131, 113, 97}}) {
    const Matrix left = whole_numbers(size.rows, size.inner, 1);
    const Matrix right = whole_numbers(size.inner, size.columns, 2);
    const Matrix product = plain_product(left, right);
    if (!matrices_are_right(sgemm, left, right, product) ||
        !matrices_are_right(dgemm, left, right, product) || !vectors_are_right(sgemv, left) ||
        !vectors_are_right(dgemv, left)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool blas_multiplies_rightly() {
  // Threads that are woken for so little spin on for longer than it takes.
  const OpenBlas blas = OpenBlas::loaded();
  const int threads = blas.threads();
  blas.set_threads(1);
  const bool right = products_are_right();
  blas.set_threads(std::max(threads, 1));
  return right;
}

}  // namespace winnow
