#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/app/shared_folder.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

/// Radar files that arrive while the program runs: pictures of rain, one a minute.
class Watch : public ::testing::Test {
 protected:
  static constexpr int kSide = 96;

  void SetUp() override {
    if (run({"--version"}).out.find("without GDAL") != std::string::npos) GTEST_SKIP() << "built without GDAL";
    fs::create_directory(folder_ / "in");
    write_text(folder_ / "tiny.json", R"({ "name": "tiny", "files": [ "tiny_%Y%m%d%H%M*.pgm" ], "reader": "raster",
      "quantity": "rate", "gain": 0.5, "missing": [ 255 ], "step_seconds": 60,
      "place": { "by": "row", "projection": "EPSG:28992", "bounds": [ 0, 0, 96000, 96000 ] } })");
  }

  RunOptions here() const {
    RunOptions options;
    options.directory = folder_.path();
    options.kill_after_seconds = 100;  // it would wait for ever
    return options;
  }
  static std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> all{"forecast", "--baseline", "persistence", "--context",  "2",
                                 "--watch",  "in",         "--product",   "tiny.json",  "-o",
                                 "out/",     "--frames",   "2",           "--interval", "0.05"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// The n-th minute of 2010-08-26 and on.
  static std::string time_of(int minute) {
    char text[32];
    std::snprintf(text, sizeof(text), "201008%02d%02d%02d", 26 + minute / 1440, minute / 60 % 24, minute % 60);
    return text;
  }
  std::string path_of(int minute, const std::string& more = "") const {
    return folder_ / ("in/tiny_" + time_of(minute) + more + ".pgm");
  }
  static std::string field(int minute) {
    const std::string header = "P5\n96 96\n255\n";
    return header + std::string(static_cast<std::size_t>(kSide * kSide), static_cast<char>(minute % 200));
  }
  static std::string output_of(int minute) { return "forecast_" + time_of(minute) + ".nc"; }

  TemporaryFolder folder_;
};

TEST_F(Watch, ForecastsFromTheNewestOfWhatIsThere) {
  for (int minute = 0; minute < 4; ++minute) write_text(path_of(minute), field(minute));
  const Outcome outcome = run(arguments({"--limit", "1"}), here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(names_in(folder_ / "out"), std::vector<std::string>{output_of(3)});
}

TEST_F(Watch, WhatWillNeverFitEndsIt) {
  for (int minute = 0; minute < 4; ++minute) write_text(path_of(minute), field(minute));
  const auto expect_refused = [&](const std::vector<std::string>& asked, const std::string& message) {
    const Outcome outcome = run(asked, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  };
  expect_refused(arguments({"--every", "2"}), "exclude each other");
  expect_refused({"forecast", "--baseline", "persistence", "--watch", "absent/"}, "is no folder");
  expect_refused({"forecast", "--baseline", "persistence", "--context", "2", "--watch", "in", "--product", "tiny.json",
                  "-o", "one.mp4"},
                 "name a folder");
}

/// Files that arrive in an order as bad as can be: shuffled within a quarter of an hour, one in twenty cut off for ever,
/// one in twenty in two pieces, one in twenty twice, one in thirty not at all but much later.
TEST_F(Watch, TwoThousandFilesInBadOrder) {
  constexpr int kFiles = 2000, kBlock = 15, kEarly = 500;
  std::atomic<pid_t> child = 0;
  std::atomic<std::uint64_t> early = 0, late = 0;
  std::thread arrivals([&] {
    while (child == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::mt19937 random(4);
    std::vector<int> postponed, order;
    for (int first = 0; first < kFiles; first += kBlock) {
      std::vector<int> block;
      for (int minute = first; minute < std::min(kFiles, first + kBlock); ++minute) block.push_back(minute);
      std::ranges::shuffle(block, random);
      order.insert(order.end(), block.begin(), block.end());
    }
    std::erase(order, kFiles - 1);
    order.push_back(kFiles - 1);
    std::vector<std::pair<std::string, int>> unfinished;
    int arrived = 0;
    for (const int minute : order) {
      const bool last = minute + 3 > kFiles;
      const unsigned fate = last ? 60 : random() % 60;
      const std::string bytes = field(minute);
      if (fate < 3) {
        write_text(path_of(minute), bytes.substr(0, bytes.size() / 3));
      } else if (fate < 6) {
        write_text(path_of(minute), bytes.substr(0, bytes.size() / 2));
        unfinished.emplace_back(path_of(minute), minute);
      } else if (fate < 8) {
        postponed.push_back(minute);
      } else {
        write_text(path_of(minute), bytes);
        if (fate < 11) write_text(path_of(minute, "_again"), bytes);
      }
      if (unfinished.size() > 2) {
        write_text(unfinished.front().first, field(unfinished.front().second));
        unfinished.erase(unfinished.begin());
      }
      if (postponed.size() > 20) {
        write_text(path_of(postponed.front()), field(postponed.front()));
        postponed.erase(postponed.begin());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(12));
      if (++arrived == kEarly) early = memory_of(child, "VmRSS");
      if (arrived == kFiles - 1) late = memory_of(child, "VmRSS");
    }
  });
  RunOptions options = here();
  options.started = [&](pid_t process) { child = process; };
  options.kill_after_seconds = 240;
  options.interrupt_signal = SIGTERM;
  options.interrupt_when = "forecast from 2010-08-27 09:19 UTC";  // the last of them
  const Outcome outcome = run(arguments({"--allow-missing"}), options);
  arrivals.join();
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err.substr(outcome.err.size() > 2000 ? outcome.err.size() - 2000 : 0);
  EXPECT_TRUE(fs::exists(folder_.path() / "out" / output_of(kFiles - 1)));
  EXPECT_GT(names_in(folder_ / "out").size(), 60U);
  EXPECT_NE(outcome.err.find("left out until it changes"), std::string::npos);
  for (const std::string& name : names_in(folder_ / "out")) EXPECT_TRUE(name.ends_with(".nc")) << name;
#if !defined(__SANITIZE_ADDRESS__)
  ASSERT_GT(early, 0U);
  constexpr std::uint64_t kNoise = std::uint64_t{4} << 20;  // the fields alone are 72 MB as floats
  EXPECT_GE(late, early / 2);                               // it lived until the end
  EXPECT_LT(late, early + kNoise);
#endif
}

}  // namespace
}  // namespace nextframe::test
