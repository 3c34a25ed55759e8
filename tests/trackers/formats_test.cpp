// The bytes of event files and of W&B's logs, against vectors that their own programs made.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <limits>

#include "core/errors.h"
#include "trackers/checksum.h"
#include "trackers/event_file.h"
#include "trackers/mlflow_client.h"
#include "trackers/protobuf.h"
#include "trackers/record.h"
#include "trackers/wandb_log.h"

namespace winnow {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

TEST(Checksum, KnownValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32_ieee("123456789"), 0xCBF43926U);
  const std::string bytes = "any other bytes \x01\xFE";
  EXPECT_EQ(crc32_ieee(bytes), ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
                                       static_cast<uInt>(bytes.size())));
}

TEST(EventFile, FirstRecordIsTheVersion) {
  EXPECT_EQ(hex(version_event(1.0)),
            "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a");
}

TEST(EventFile, ScalarOfAStep) {
  EXPECT_EQ(hex(scalars_event(2.0, 7, {{"loss", 0.5}})),
            "1a00000000000000129bd82d09000000000000004010072a0d0a0b0a046c6f7373150000003fc33fc24a");
}

TEST(EventFile, ImageNeedsPng) {
  EXPECT_THROW(image_event(1.0, 0, "a", "GIF89a"), DataError);
  EXPECT_THROW(image_event(1.0, 0, "a", ""), DataError);
}

TEST(Protobuf, NegativeIntegersTakeTenBytes) {
  ProtobufMessage message;
  EXPECT_EQ(hex(message.integer(1, -1).wire()), "08ffffffffffffffffff01");
  ProtobufMessage large;
  EXPECT_EQ(hex(large.integer(16, 300).wire()), "8001ac02");
}

TEST(WandbLog, HeaderAndOneRecord) {
  ProtobufMessage exit, record;
  record.integer(1, 1).message(18, exit.integer(1, 1));
  EXPECT_EQ(hex(wandb_record(0, record.wire())),
            "3a572642e1be00d03f1bfe070001080192010208"
            "01");
}

// A reader of the log, by its description alone.
std::vector<std::string> records_in(const std::string& log) {
  std::vector<std::string> records;
  std::string whole;
  std::size_t at = 7;
  while (at < log.size()) {
    const std::size_t left = 32768 - at % 32768;
    if (left < 7) {
      EXPECT_EQ(log.substr(at, left), std::string(left, '\0'));
      at += left;
      continue;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(log.at(at + i)); };
    const std::size_t size = byte(4) + 256U * byte(5);
    const std::uint32_t crc =
        byte(0) | byte(1) << 8 | byte(2) << 16 | static_cast<std::uint32_t>(byte(3)) << 24;
    EXPECT_EQ(crc, crc32_ieee(log.substr(at + 6, size + 1)));
    EXPECT_LE(7 + size, left) << "a piece lies in one block";
    const int kind = byte(6);
    EXPECT_TRUE(whole.empty() || kind == 3 || kind == 4);
    whole += log.substr(at + 7, size);
    if (kind == 1 || kind == 4) {
      records.push_back(whole);
      whole.clear();
    }
    at += 7 + size;
  }
  EXPECT_EQ(whole, "");
  return records;
}

TEST(WandbLog, RecordsOfAnySizeCrossBlocks) {
  // The first ends 14, 13, ..., 0 bytes before the end of a block.
  for (std::size_t gap = 0; gap <= 14; ++gap) {
    std::vector<std::string> written = {std::string(32768 - 7 - 7 - gap, 'a'), "b", "",
                                        std::string(100000, 'c'), "d"};
    std::string log;
    for (const std::string& record : written) log += wandb_record(log.size(), record);
    EXPECT_EQ(records_in(log), written) << gap;
  }
}

TEST(Record, NumbersComeBackToTheLastBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  Record record{RecordKind::scalars};
  record.run = "a \"quoted\" \\ run\n";
  record.time = 1764560000.123456;
  record.step = 9007199254740993;
  record.values = {{"third", 1.0 / 3.0}, {"tiny", 5e-324},  {"huge", 1.7976931348623157e308},
                   {"nan", nan},         {"inf", infinity}, {"-inf", -infinity},
                   {"zero", -0.0}};
  const Record back = from_line(to_line(record));
  EXPECT_EQ(back.run, record.run);
  EXPECT_EQ(back.time, record.time);
  EXPECT_EQ(back.step, record.step);
  ASSERT_EQ(back.values.size(), record.values.size());
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    EXPECT_EQ(back.values[i].first, record.values[i].first);
    const double was = record.values[i].second, is = back.values[i].second;
    if (std::isnan(was)) {
      EXPECT_TRUE(std::isnan(is));
    } else {
      EXPECT_EQ(is, was) << record.values[i].first;
    }
  }
  EXPECT_TRUE(std::signbit(back.values.back().second));
}

TEST(Record, OtherLinesAreRefused) {
  for (const char* line : {"", "{", "[]", "{\"kind\":\"other\"}", "{\"kind\":1}",
                           "{\"kind\":\"scalars\",\"values\":{\"a\":\"word\"}}"}) {
    EXPECT_THROW(from_line(line), DataError) << line;
  }
}

TEST(MlflowName, KeepsWhatTheServerTakes) {
  EXPECT_EQ(mlflow_name("train/loss"), "train/loss");
  EXPECT_EQ(mlflow_name("a=b,[c]"), "a_b__c_");
  EXPECT_EQ(mlflow_name("/a"), "_a");
  EXPECT_EQ(mlflow_name("a//b"), "a__b");
  EXPECT_EQ(mlflow_name("a/../b"), "a_.._b");
  EXPECT_EQ(mlflow_name("a/"), "a_");
  EXPECT_EQ(mlflow_name(".."), "_");
  EXPECT_EQ(mlflow_name("größe"), "größe");
  EXPECT_EQ(mlflow_name(std::string(300, 'x')).size(), 250U);
}

TEST(UrlPath, EncodesWhatAnAddressCannotHold) {
  EXPECT_EQ(url_path("a b/ü?.csv"), "a%20b/%C3%BC%3F.csv");
}

}  // namespace
}  // namespace winnow
