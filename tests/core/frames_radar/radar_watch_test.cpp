#include "core/frames/radar_watch.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

using testing::expect_in;
using testing::write_text;

constexpr UtcSeconds kFirst = 1282780800;  // 2010-08-26 00:00

const std::string kProduct = R"({ "name": "tiny", "files": [ "tiny_%Y%m%d%H%M*.pgm" ], "reader": "raster",
  "quantity": "rate", "step_seconds": 60 })";

class RadarWatching : public ::testing::Test {
 protected:
  RadarWatching() { fs::create_directory(folder_ / "in"); }

  std::string path(int minute) const { return folder_ / format("in/tiny_2010082600{:02}.pgm", minute); }
  static std::string field(char value) { return std::string("P5\n2 1\n255\n") + value + value; }
  /// Written long ago.
  void put(const std::string& name, const std::string& bytes) {
    write_text(name, bytes);
    fs::last_write_time(name, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  RadarWatch watch(std::int64_t steps = 2) {
    RadarWatchOptions options;
    options.source.path = folder_ / "in";
    write_text(folder_ / "tiny.json", kProduct);
    options.source.product = folder_ / "tiny.json";
    options.steps = steps;
    options.settle_seconds = 60;
    return RadarWatch(options);
  }

  testing::ScratchFolder folder_;
};

TEST_F(RadarWatching, GivesTheNewestStepsOnceEach) {
  RadarWatch watching = watch();
  EXPECT_FALSE(watching.look());
  for (int minute = 0; minute < 4; ++minute) put(path(minute), field(static_cast<char>(minute)));
  auto found = watching.look();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, kFirst + 180);
  const std::vector<Frame> frames = testing::read_all(*found->source);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].time, kFirst + 180);
  EXPECT_EQ(frames[1].pixels[0], 3);
  watching.done(found->time);
  EXPECT_FALSE(watching.look());
  put(path(1) + "x.pgm", field(1));  // late, and twice
  EXPECT_FALSE(watching.look());
  put(path(4), field(4));
  found = watching.look();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, kFirst + 240);
  // Not done: it comes again with the next file.
  EXPECT_FALSE(watching.look());
  put(path(3), field(9));
  found = watching.look();
  ASSERT_TRUE(found);
  EXPECT_EQ(testing::read_all(*found->source)[0].pixels[0], 9);
  EXPECT_TRUE(watching.take_notes().empty());
}

TEST_F(RadarWatching, WaitsForFilesThatAreStillWritten) {
  RadarWatch watching = watch();
  put(path(0), field(0));
  ASSERT_TRUE(watching.look());
  watching.done(kFirst);
  write_text(path(1), "P5\n2 1");
  EXPECT_FALSE(watching.look());  // just written
  write_text(path(1), field(1).substr(0, 10));
  EXPECT_FALSE(watching.look());  // changed
  write_text(path(1), field(1));
  EXPECT_FALSE(watching.look());  // changed again
  const auto found = watching.look();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, kFirst + 60);
  EXPECT_TRUE(watching.take_notes().empty());
}

TEST_F(RadarWatching, NamesDamagedFilesOnceAndReadsThemWhenTheyAreWhole) {
  RadarWatch watching = watch();
  put(path(0), field(0));
  put(path(1), "nonsense");
  put(folder_ / "in/tiny_209908260000.pgm", field(7));
  put(folder_ / "in/notes.txt", "of another kind");
  const auto found = watching.look();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, kFirst);
  watching.done(kFirst);
  const std::vector<std::string> notes = watching.take_notes();
  ASSERT_EQ(notes.size(), 2U);
  expect_in("still to come", notes[0]);
  expect_in("left out until it changes", notes[1]);
  EXPECT_FALSE(watching.look());
  EXPECT_TRUE(watching.take_notes().empty());
  put(path(1), field(1));
  EXPECT_TRUE(watching.look());
}

}  // namespace
}  // namespace nextframe
