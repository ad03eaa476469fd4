#include "core/train/event_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/train/protobuf.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

std::vector<EventValue> loss(double value) { return {{.tag = "train/loss", .number = value}}; }

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Steps of everything that has values, over all files in the order of their names.
std::vector<std::int64_t> steps_in(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  for (const fs::path& file : files_in(folder)) {
    for (const EventRecord& record : read_event_file(file).records) {
      if (!record.values.empty()) steps.push_back(record.step);
    }
  }
  return steps;
}

/// Without TFRecord's mask.
std::uint32_t crc32c(std::string_view bytes) {
  const std::uint32_t rotated = masked_crc32c(bytes) - 0xa282ead8U;
  return rotated >> 17 | rotated << 15;
}

TEST(EventFile, ChecksumsOfKnownBytes) {
  // RFC 3720, appendix B.4, and the check value of CRC-32C.
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(masked_crc32c("123456789"), (0xe3069283U >> 15 | 0xe3069283U << 17) + 0xa282ead8U);
}

TEST(EventFile, ProtocolBuffersOfKnownBytes) {
  ProtobufWriter writer;
  writer.whole(1, 150);  // the example of the format's own description
  EXPECT_EQ(writer.message(), std::string("\x08\x96\x01", 3));
  writer.bytes(2, "testing");
  writer.real32(5, 1.0F);
  writer.real64(6, -2.0);
  EXPECT_EQ(writer.message().substr(3),
            std::string("\x12\x07testing\x2d\x00\x00\x80\x3f\x31\x00\x00\x00\x00\x00\x00\x00\xc0", 23));
  ProtobufReader reader(writer.message());
  EXPECT_EQ(reader.next()->bits, 150U);
  EXPECT_EQ(reader.next()->bytes, "testing");
  EXPECT_EQ(reader.next()->real32(), 1.0F);
  EXPECT_EQ(reader.next()->real64(), -2.0);
  EXPECT_FALSE(reader.next().has_value());
  for (const std::string_view broken : {std::string_view("\x12\x07tes", 5), std::string_view("\xff\xff", 2),
                                        std::string_view("\x31\x00", 2), std::string_view("\x0b", 1)}) {
    EXPECT_FALSE(ProtobufReader(broken).next().has_value());
  }
}

TEST(EventFile, WhatWasWrittenIsReadBack) {
  test::TemporaryFolder folder;
  {
    EventLog log(folder.path() / "events", EventPlace{});
    log.append(1, loss(0.5));
    std::vector<EventValue> two = loss(0.25);
    two.push_back({.tag = "samples/1", .png = "png bytes", .height = 3, .width = 300});
    log.append(2, two);
  }
  const std::vector<fs::path> files = files_in(folder.path() / "events");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].filename().string().rfind("events.out.tfevents.", 0), 0U);
  const EventFile file = read_event_file(files[0]);
  EXPECT_EQ(file.whole_bytes, fs::file_size(files[0]));
  ASSERT_EQ(file.records.size(), 3U);
  EXPECT_EQ(file.records[0].version, "brain.Event:2");
  EXPECT_GT(file.records[1].wall_time, 1.6e9);
  EXPECT_EQ(file.records[1].step, 1);
  ASSERT_EQ(file.records[2].values.size(), 2U);
  EXPECT_EQ(file.records[2].values[0].tag, "train/loss");
  EXPECT_EQ(file.records[2].values[0].number, 0.25);
  EXPECT_EQ(file.records[2].values[1].tag, "samples/1");
  EXPECT_EQ(file.records[2].values[1].png, "png bytes");
  EXPECT_EQ(file.records[2].values[1].height, 3);
  EXPECT_EQ(file.records[2].values[1].width, 300);
}

TEST(EventFile, GoesOnFromAPlaceAndForgetsWhatIsBehindIt) {
  test::TemporaryFolder folder;
  std::ofstream(folder.path() / "events.out.tfevents.1.somebody-else") << "others' bytes";
  const auto write = [&](const std::optional<EventPlace>& kept, int first, int last) {
    EventLog log(folder.path(), kept);
    std::vector<EventPlace> places;
    for (int step = first; step <= last; ++step) {
      log.append(step, loss(step));
      places.push_back(log.flush());
    }
    return places;
  };
  const std::vector<EventPlace> first = write(EventPlace{}, 1, 5);
  const std::vector<EventPlace> second = write(first[2], 4, 6);
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
  write(second[0], 5, 5);
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  write(first[1], 3, 3);  // the later ones had nothing left
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1, 2, 3}));
  write(std::nullopt, 4, 4);
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1, 2, 3, 4}));
  write(EventPlace{}, 1, 1);
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(files_in(folder.path()).size(), 2U);  // with the other program's
}

/// Files of this process end at `bytes`, as they do on a disk that is full.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(EventFile, AfterAFullDiskItGoesOnWhereItWas) {
  test::TemporaryFolder folder;
  EventLog log(folder.path(), EventPlace{});
  const std::int64_t begun = log.flush().bytes;
  for (int step = 1; step <= 3; ++step) log.append(step, loss(step));
  {
    const SizeLimit limit(static_cast<rlim_t>(begun) + 50);  // within the second record
    EXPECT_THROW(log.flush(), Error);
    EXPECT_THROW(log.flush(), Error);
  }
  log.append(4, loss(4));
  const EventPlace end = log.flush();
  EXPECT_EQ(steps_in(folder.path()), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(static_cast<std::uintmax_t>(end.bytes), fs::file_size(folder.path() / end.file));
}

TEST(EventFile, ADamagedRecordEndsAFile) {
  test::TemporaryFolder folder;
  {
    EventLog log(folder.path(), EventPlace{});
    for (int step = 1; step <= 3; ++step) log.append(step, loss(step));
  }
  const fs::path path = files_in(folder.path())[0];
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::string changed = whole;
  changed[whole.size() - 6] ^= 1;
  for (const std::string& bytes : {whole.substr(0, whole.size() - 3), changed}) {
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(read_event_file(path).records.size(), 3U);  // the version and two steps
  }
  std::ofstream(path, std::ios::binary) << std::string(7, '\xff');
  EXPECT_TRUE(read_event_file(path).records.empty());
}

}  // namespace
}  // namespace nextframe
