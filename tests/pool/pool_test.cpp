#include "pool/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "config/bind.h"
#include "core/errors.h"
#include "core/files.h"
#include "pool/reader.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string row(const std::string& id, const std::string& question, const std::string& keys = "") {
  return "{" + (id.empty() ? "" : "\"id\":\"" + id + "\",") + keys +
         R"("conversations":[{"from":"human","value":")" + question +
         R"("},{"from":"gpt","value":"yes"}]})";
}

std::vector<std::string> ids_of(const Pool& pool) {
  std::vector<std::string> ids;
  for (std::size_t row = 0; row < pool.size(); ++row) ids.push_back(pool.sample(row).id);
  return ids;
}

PoolOptions options_for(std::vector<std::filesystem::path> files) {
  PoolOptions options;
  options.files = std::move(files);
  return options;
}

template <class Exception>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(PoolTest, ContentDigestsSurviveAMoveButTellFoldersApart) {
  const auto read = [](const TemporaryFolder& folder) {
    const std::string image = R"("image":"1.png",)";
    PoolOptions options = options_for({folder.write("a/rows.jsonl", row("x", "what", image)),
                                       folder.write("b/rows.jsonl", row("y", "what", image))});
    options.check_media = false;
    return Pool::read(options);
  };
  const TemporaryFolder here, there;
  const Pool pool = read(here), moved = read(there);
  const std::string in_a = pool.sample(0).content_digest();
  EXPECT_EQ(moved.sample(0).content_digest(), in_a);
  EXPECT_EQ(moved.digest(), pool.digest());
  EXPECT_NE(pool.sample(1).content_digest(), in_a) << "a/1.png and b/1.png are two pictures";
  EXPECT_NE(moved.sample(0).media[0].key(), pool.sample(0).media[0].key());
}

TEST(PoolTest, ReadsFilesInOrderWhateverTheirLineEnds) {
  const TemporaryFolder folder;
  const auto first = folder.write(
      "first.jsonl", "\xEF\xBB\xBF" + row("a", "1") + "\r\n\r\n \t\n" + row("b", "2") + "\r\n");
  const auto second = folder.write("second.jsonl", row("c", "3") + "\n" + row("d", "4"));
  const Pool pool = Pool::read(options_for({second, first}));
  EXPECT_THAT(ids_of(pool), ElementsAre("c", "d", "a", "b"));
  EXPECT_TRUE(pool.ledger().empty());
  EXPECT_EQ(pool.sample(3).line, 4);
  EXPECT_EQ(pool.sample(3).source, "first");
  EXPECT_EQ(pool.sample(3).file, first.string());
  EXPECT_EQ(pool.index_of("a"), 2u);
}

TEST(PoolTest, RepeatedAndAbsentIdsComeFromContentNotFromOrder) {
  const TemporaryFolder folder;
  const std::string rows[] = {row("same", "one"), row("same", "two"), row("", "three"),
                              row("own", "four")};
  std::string forward, backward;
  for (int i = 0; i < 4; ++i) {
    forward += rows[i] + "\n";
    backward += rows[3 - i] + "\n";
  }
  const Pool pool = Pool::read(options_for({folder.write("x/pool.jsonl", forward)}));
  const auto ids = ids_of(pool);
  auto reversed = ids_of(Pool::read(options_for({folder.write("y/pool.jsonl", backward)})));
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(ids, reversed);
  EXPECT_THAT(ids[0], testing::StartsWith("same#"));
  EXPECT_THAT(ids[1], testing::StartsWith("same#"));
  EXPECT_THAT(ids[2], testing::StartsWith("row-"));
  EXPECT_EQ(ids[3], "own");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 4u);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(pool.index_of(ids[i]), i);
}

TEST(PoolTest, IdsDoNotDependOnWhereThePoolLies) {
  std::vector<std::string> ids[2];
  for (auto& found : ids) {
    const TemporaryFolder folder;
    folder.write("a.png", "x");
    const std::string media = R"("images":["a.png"],)";
    found = ids_of(Pool::read(options_for(
        {folder.write("pool.jsonl", row("", "q", media) + "\n" + row("", "q", media))})));
  }
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[0][1], ids[0][0] + "-2");
}

TEST(PoolTest, DigestFollowsContentAndOrder) {
  const TemporaryFolder folder;
  const auto digest = [&](const std::string& content) {
    return Pool::read(options_for({folder.write("pool.jsonl", content)})).digest();
  };
  const std::string a = row("a", "1") + "\n", b = row("b", "2") + "\n";
  EXPECT_EQ(digest(a + b), digest(a + "\n" + b));
  EXPECT_NE(digest(a + b), digest(b + a));
  EXPECT_NE(digest(a + b), digest(a + row("b", "3")));
}

TEST(PoolTest, BadRowsAreListedUntilTheirShareIsTooLarge) {
  const TemporaryFolder folder;
  std::string content = "oops\n" + row("a", "<image>") + "\n";
  for (int i = 0; i < 8; ++i) content += row("r" + std::to_string(i), "q") + "\n";
  const auto file = folder.write("pool.jsonl", content);
  PoolOptions options = options_for({file});
  options.maximum_bad_share = 0.2;
  const Pool pool = Pool::read(options);
  EXPECT_EQ(pool.size(), 8u);
  ASSERT_EQ(pool.ledger().size(), 2u);
  EXPECT_EQ(pool.ledger()[0].kind, "json");
  EXPECT_EQ(pool.ledger()[0].line, 1);
  EXPECT_EQ(pool.ledger()[1].kind, "structure");
  EXPECT_EQ(pool.ledger()[1].line, 2);
  EXPECT_EQ(pool.ledger()[1].file, file.string());
  options.maximum_bad_share = 0.19;
  const std::string message = message_of<DataError>([&] { Pool::read(options); });
  EXPECT_THAT(message, HasSubstr("2 of 10 rows are bad (20.00 %)"));
  EXPECT_THAT(message, HasSubstr("json: 1\n  " + file.string() + ":1: "));
}

TEST(PoolTest, SaysWhyThereIsNoPool) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { Pool::read(options_for({folder / "none.jsonl"})); }),
              HasSubstr("none.jsonl: cannot be opened for reading: No such file"));
  EXPECT_THAT(message_of<IoError>([&] { Pool::read(options_for({folder.path()})); }),
              HasSubstr("is a folder"));
  EXPECT_THAT(message_of<DataError>([&] { Pool::read(options_for({folder.write("e", "\n")})); }),
              HasSubstr("no rows"));
  EXPECT_THAT(message_of<ConfigError>([&] { Pool::read({}); }), HasSubstr("pool.files is empty"));
  PoolOptions options = options_for({folder.write("p", row("a", "q"))});
  options.format = "jsonk";
  EXPECT_THAT(message_of<ConfigError>([&] { Pool::read(options); }), HasSubstr("'jsonl'"));
  options.maximum_bad_share = 1.0;
  options.format = "jsonl";
  EXPECT_THAT(message_of<DataError>([&] { Pool::read(options).index_of("b"); }),
              HasSubstr("no sample 'b'"));
  folder.write("p", "x\ny");
  EXPECT_THAT(message_of<DataError>([&] { Pool::read(options); }), HasSubstr("none is left"));
}

TEST(PoolTest, MediaStartFromTheirRoot) {
  const TemporaryFolder folder;
  folder.write("media/a.png", "x");
  PoolOptions options =
      options_for({folder.write("rows/pool.jsonl", row("a", "q", R"("image":"a.png",)"))});
  EXPECT_THAT(message_of<DataError>([&] { Pool::read(options); }), HasSubstr("missing_media: 1"));
  options.media_root = folder / "media";
  EXPECT_EQ(Pool::read(options).sample(0).media[0].paths[0], folder / "media/a.png");
}

// Rows between semicolons, found by their number.
class NumberedReader : public PoolReader {
 public:
  bool recognises(std::string_view beginning) const override {
    return beginning.starts_with("numbered;");
  }
  void scan(const std::filesystem::path& file, const RowSink& sink) const override {
    const std::vector<std::string> rows = rows_of(file);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i] == "?") {
        sink.bad_row(7, "structure", "a row that nobody knows");
      } else {
        sink.row(rows[i], {i, static_cast<std::uint32_t>(rows[i].size()), 1});
      }
    }
  }
  std::string read(const std::filesystem::path& file, const RowAddress& address) const override {
    return rows_of(file).at(address.offset);
  }

 private:
  static std::vector<std::string> rows_of(const std::filesystem::path& file) {
    std::vector<std::string> rows;
    std::istringstream content(read_file(file));
    for (std::string text; std::getline(content, text, ';');) rows.push_back(text);
    return rows;
  }
};
const bool numbered = (pool_readers().add("numbered", std::make_shared<NumberedReader>()), true);

TEST(PoolTest, AnotherFormatIsOneRegisteredReader) {
  const TemporaryFolder folder;
  PoolOptions options =
      options_for({folder.write("one", "numbered;" + row("a", "1") + ";?;" + row("b", "2")),
                   folder.write("two", row("c", "3"))});  // JSON lines beside it
  options.maximum_bad_share = 0.5;
  const Pool pool = Pool::read(options);
  EXPECT_THAT(ids_of(pool), ElementsAre("a", "b", "c"));
  ASSERT_EQ(pool.ledger().size(), 1U);
  EXPECT_EQ(pool.ledger()[0].line, 7);
  EXPECT_EQ(pool.ledger()[0].reason, "a row that nobody knows");
}

TEST(PoolTest, OptionsDescribeThemselves) {
  const auto options = config::describe<PoolOptions>();
  ASSERT_EQ(options.size(), 7u);
  EXPECT_EQ(options[1].name, "files");
  EXPECT_EQ(options[5].type, "automatic | images | frames");
}

}  // namespace
}  // namespace winnow
