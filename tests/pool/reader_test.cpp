#include "pool/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>

#include "core/errors.h"
#include "core/random.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a reader finds: "<line>: <text>" for each row, and each row read again is the same.
std::vector<std::string> rows_of(const std::string& format, const fs::path& file) {
  const auto reader = reader_of(format, file);
  std::vector<std::pair<std::string, RowAddress>> found;
  std::vector<std::string> lines;
  RowSink sink;
  sink.row = [&](std::string_view text, const RowAddress& address) {
    found.emplace_back(text, address);
    lines.push_back(std::to_string(address.line) + ": " + std::string(text));
  };
  sink.bad_row = [&](std::int64_t line, const std::string& kind, const std::string& reason) {
    lines.push_back(std::to_string(line) + ": " + kind + ": " + reason);
  };
  reader->scan(file, sink);
  for (const auto& [text, address] : found) EXPECT_EQ(reader->read(file, address), text);
  return lines;
}

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(JsonlReaderTest, ReadsLinesHoweverTheyEnd) {
  const TemporaryFolder folder;
  const auto rows = [&](const std::string& content) {
    return rows_of("jsonl", folder.write("rows.jsonl", content));
  };
  EXPECT_THAT(rows("{1}\n{2}\n"), ElementsAre("1: {1}", "2: {2}"));
  EXPECT_THAT(rows("\xEF\xBB\xBF{1}\r\n\r\n \t\n{2}"), ElementsAre("1: {1}\r", "4: {2}"));
  EXPECT_THAT(rows("\xEF\xBB\xBF"), IsEmpty());
  EXPECT_THAT(rows("\n\n"), IsEmpty());
  EXPECT_THAT(rows(""), IsEmpty());
}

// Rows that end at, before and behind the ends of the pieces that a file is read in.
TEST(ReaderTest, PiecesOfAFileDoNotShow) {
  const TemporaryFolder folder;
  for (const std::size_t length : {std::size_t{1}, std::size_t{1000}, (std::size_t{1} << 20) - 9,
                                   (std::size_t{1} << 20) - 8, std::size_t{5} << 19}) {
    std::string lines, array = "[";
    std::vector<std::string> expected;
    for (int i = 0; i < 4; ++i) {
      const std::string row = R"({"a":")" + std::string(length, static_cast<char>('a' + i)) + "\"}";
      expected.push_back(std::to_string(i + 1) + ": " + row);
      lines += row + "\n";
      array += (i > 0 ? ",\n" : "") + row;
    }
    EXPECT_EQ(rows_of("jsonl", folder.write("rows.jsonl", lines)), expected);
    EXPECT_EQ(rows_of("json_array", folder.write("rows.json", array + "]")), expected);
  }
}

TEST(JsonArrayReaderTest, FindsTheRowsOfAnyLayout) {
  const TemporaryFolder folder;
  const auto rows = [&](const std::string& content) {
    return rows_of("auto", folder.write("rows.json", content));
  };
  EXPECT_THAT(rows("[{\"a\":[1,{}]},{\"b\":\"]},[\"}]"),
              ElementsAre("1: {\"a\":[1,{}]}", "1: {\"b\":\"]},[\"}"));
  EXPECT_THAT(rows("\xEF\xBB\xBF \r\n[\r\n  {\"a\": 1},\r\n\r\n  {\r\n\"b\": 2\r\n  }\r\n]\r\n"),
              ElementsAre("3: {\"a\": 1}", "5: {\r\n\"b\": 2\r\n  }"));
  EXPECT_THAT(rows(R"([{"a\"\\":"\\\"}]"}])"), ElementsAre(R"(1: {"a\"\\":"\\\"}]"})"));
  EXPECT_THAT(rows("[]"), IsEmpty());
  // What is no object is a row all the same: a bad one, to be counted.
  EXPECT_THAT(rows("[null,12 ,\"a,]\",[1],{}]"),
              ElementsAre("1: null", "1: 12", "1: \"a,]\"", "1: [1]", "1: {}"));
  EXPECT_THAT(rows("[{\"a\":1},]"), ElementsAre("1: {\"a\":1}"));
}

// However a JSON library writes an array, its elements come back.
TEST(JsonArrayReaderTest, ElementsComeBackFromRandomArrays) {
  const TemporaryFolder folder;
  RandomStream random(3, "tests/arrays");
  const std::function<boost::json::value(int)> draw = [&](int depth) -> boost::json::value {
    const std::uint64_t kind = random.below(depth > 3 ? 3 : 5);
    if (kind == 0) return random.integer(-1000, 1000);
    if (kind == 1) return nullptr;
    if (kind == 2) {
      std::string text;
      for (std::uint64_t i = random.below(12); i > 0; --i)
        text += "\"\\{}[],:\n a"[random.below(11)];
      return boost::json::string(text);
    }
    if (kind == 3) {
      boost::json::array list;
      for (std::uint64_t i = random.below(4); i > 0; --i) list.push_back(draw(depth + 1));
      return list;
    }
    boost::json::object object;
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      object["k}" + std::to_string(i)] = draw(depth + 1);
    }
    return object;
  };
  for (int trial = 0; trial < 200; ++trial) {
    std::string content = "[";
    std::vector<std::string> elements, found;
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      elements.push_back(boost::json::serialize(draw(0)));
      if (content.size() > 1) content += random.chance(0.5) ? " ,\n" : ",";
      content += elements.back();
    }
    const fs::path file = folder.write("rows.json", content + "\n]\n");
    for (const std::string& line : rows_of("json_array", file)) {
      found.push_back(line.substr(line.find(": ") + 2));
    }
    ASSERT_EQ(found, elements) << content;
  }
}

// The rest of a broken array cannot be counted, so that nothing of it is read.
TEST(JsonArrayReaderTest, SaysWhereAnArrayIsBroken) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& content) {
    const fs::path file = folder.write("rows.json", content);
    return failure([&] { rows_of("json_array", file); });
  };
  EXPECT_THAT(message("[{\"a\":1},\n{\"b\":"), HasSubstr("rows.json:2: the file ends before its"));
  EXPECT_THAT(message("[{\"a\":1},\n{\"b\":2}"),
              HasSubstr("rows.json:2: the file ends before its"));
  EXPECT_THAT(message("[{\"a\":1}\n\n{\"b\":2}]"),
              HasSubstr("rows.json:3: the array is broken behind the row that begins in line 1"));
  EXPECT_THAT(message("[{\"a\":1}}]"), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(message("[{\"a\":1},\n,{\"b\":2}]"), HasSubstr("rows.json:2: the array has a comma"));
  EXPECT_THAT(message("[1]\n[2]"), HasSubstr("format = \"jsonl\""));
  EXPECT_THAT(message("{\"a\":1}"), HasSubstr("does not begin with '['"));
  EXPECT_THAT(message("\n"), HasSubstr("there is no JSON array in it"));
}

TEST(ReaderTest, ReadsFilesAlone) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(failure([&] { reader_of("auto", pipe); }), HasSubstr("is no regular file"));
  EXPECT_THAT(failure([&] { reader_of("auto", folder.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(failure([&] { reader_of("auto", folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(failure([&] { reader_of("atuo", folder / "none"); }), HasSubstr("'auto'"));
}

}  // namespace
}  // namespace winnow
