#include "experiments/stages/provenance.h"

#include <gmock/gmock.h>

#include "core/blas_kernel.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

TEST(Provenance, NamesTheKernelThatMultiplied) {
  const boost::json::object made_by = provenance();
  const BlasKernel& kernel = blas_kernel();
  if (kernel.choice == BlasKernel::Choice::none) {
    EXPECT_TRUE(made_by.at("blas_kernel").is_null());
    EXPECT_TRUE(made_by.at("blas").is_null());
    return;
  }
  const std::string named(made_by.at("blas_kernel").as_string());
  EXPECT_THAT(named, HasSubstr(OpenBlas::loaded().core()));
  EXPECT_EQ(named, describe(kernel));
  EXPECT_THAT(std::string(made_by.at("blas").as_string()), HasSubstr("OpenBLAS"));
}

}  // namespace
}  // namespace winnow
