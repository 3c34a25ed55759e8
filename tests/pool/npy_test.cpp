#include "pool/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtensor/xmath.hpp>
#include <xtensor/xnpy.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using testing::HasSubstr;

// A .npy file as its description says: version, header, numbers.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string content = std::string("\x93NUMPY") + version + '\0';
  content += static_cast<char>(header.size() & 255);
  content += static_cast<char>(header.size() >> 8);
  if (version > 1) content += std::string(2, '\0');
  return content + header + data;
}

std::string bytes_of(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

class NpyTest : public testing::Test {
 protected:
  std::string refusal(const std::string& content, std::size_t rows = 2) const {
    try {
      map_npy<double, 1>(folder_.write("a.npy", content), rows);
    } catch (const DataError& error) {
      return error.what();
    }
    return "it was read";
  }
  const TemporaryFolder folder_;
};

TEST_F(NpyTest, WritesTheBytesThatXtensorWrites) {
  for (const std::size_t rows : {0U, 1U, 3U, 600U, 123456U}) {
    xt::xtensor<double, 1> line = xt::arange<double>(0.0, static_cast<double>(rows)) / 3.0;
    write_npy(folder_ / "a.npy", ColumnArray<double, 1>(line));
    EXPECT_EQ(read_file(folder_ / "a.npy"), xt::dump_npy(line));
    xt::xtensor<std::uint8_t, 1> states = xt::ones<std::uint8_t>({rows});
    write_npy(folder_ / "s.npy", ColumnArray<std::uint8_t, 1>(states));
    EXPECT_EQ(read_file(folder_ / "s.npy"), xt::dump_npy(states));
    xt::xtensor<float, 2> plane = xt::ones<float>({rows, std::size_t{5}});
    write_npy(folder_ / "v.npy", ColumnArray<float, 2>(plane));
    EXPECT_EQ(read_file(folder_ / "v.npy"), xt::dump_npy(plane));
    const ColumnArray<double, 1> mapped = map_npy<double, 1>(folder_ / "a.npy", rows);
    EXPECT_EQ((xt::xtensor<double, 1>(mapped.view())), line);
    EXPECT_EQ((xt::xtensor<float, 2>(map_npy<float, 2>(folder_ / "v.npy", rows).view())), plane);
  }
}

TEST_F(NpyTest, ReadsWhatOthersWrite) {
  const std::string numbers = bytes_of({1.5, -2.0});
  const auto read = [&](const std::string& content) {
    const auto array = map_npy<double, 1>(folder_.write("a.npy", content), 2);
    return std::vector<double>{array(0), array(1)};
  };
  const std::vector<double> expected = {1.5, -2.0};
  // Keys in another order, no spaces, version 2, numbers that are not aligned.
  EXPECT_EQ(read(npy("{'shape':(2,),'fortran_order':True,'descr':'<f8'}\n", numbers)), expected);
  EXPECT_EQ(
      read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }     \n", numbers, 2)),
      expected);
  for (std::size_t spaces = 0; spaces < 9; ++spaces) {
    EXPECT_EQ(read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}" +
                           std::string(spaces, ' ') + "\n",
                       numbers)),
              expected);
  }
}

TEST_F(NpyTest, RefusesWhatIsNotWhatItSays) {
  const auto header = [](const std::string& type, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  };
  const std::string numbers = bytes_of({1.5, -2.0});
  EXPECT_THAT(refusal(""), HasSubstr("it is no .npy file"));
  EXPECT_THAT(refusal("garbage and more garbage"), HasSubstr("a.npy: not a one-dimensional .npy"));
  const std::string whole = npy(header("<f8", "(2,)"), numbers);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("a.npy: ")) << size << " bytes of it";
  }
  EXPECT_THAT(refusal(whole + "x"),
              HasSubstr("its header promises an array of (2,), and 17 bytes"));
  EXPECT_THAT(refusal(npy(header("<f8", "(600,)"), numbers)), HasSubstr("damaged"));
  EXPECT_THAT(refusal(npy(header("<f8", "(18446744073709551615,)"), numbers)),
              HasSubstr("damaged"));
  EXPECT_THAT(refusal(npy(header("<f8", "(2305843009213693954,)"), numbers)), HasSubstr("damaged"));
  EXPECT_THAT(refusal(npy(header("<f8", "(x,)"), numbers)),
              HasSubstr("its header's shape is (x,)"));
  EXPECT_THAT(refusal(npy(header("<f8", "(2, 1)"), numbers)), HasSubstr("it has 2 dimensions"));
  EXPECT_THAT(refusal(npy(header("<f8", "()"), bytes_of({1.0}))), HasSubstr("it has 0 dimensions"));
  EXPECT_THAT(refusal(npy(header("<f4", "(4,)"), numbers)), HasSubstr("it holds '<f4', not '<f8'"));
  EXPECT_THAT(refusal(npy(header(">f8", "(2,)"), numbers)), HasSubstr("it holds '>f8', not '<f8'"));
  EXPECT_THAT(refusal(npy("{'descr': '<f8'}\n", numbers)),
              HasSubstr("names no type, order and shape"));
  EXPECT_THAT(refusal(whole, 3), HasSubstr("a.npy: 2 values for a table of 3 rows"));
  EXPECT_THROW((map_npy<double, 1>(folder_ / "none.npy", 1)), IoError);
}

TEST_F(NpyTest, CopiesShareUntilOneIsWritten) {
  xt::xtensor<double, 1> line = {1.0, 2.0};
  write_npy(folder_ / "a.npy", ColumnArray<double, 1>(line));
  ColumnArray<double, 1> mapped = map_npy<double, 1>(folder_ / "a.npy", 2);
  ColumnArray<double, 1> copy = mapped;
  EXPECT_EQ(copy.data(), mapped.data());
  copy.edit()[0] = 5.0;
  EXPECT_EQ(mapped(0), 1.0);
  EXPECT_EQ(copy(0), 5.0);
  EXPECT_EQ(copy(1), 2.0);
  const ColumnArray<double, 1> third = copy;
  const double* before = copy.data();
  copy.edit()[1] = 7.0;
  EXPECT_NE(copy.data(), before);
  EXPECT_EQ(third(1), 2.0);
  before = copy.data();
  copy.edit()[0] = 8.0;
  EXPECT_EQ(copy.data(), before) << "what nobody shares is written in its place";
}

}  // namespace
}  // namespace winnow
