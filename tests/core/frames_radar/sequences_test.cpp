#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/frames/batch.h"
#include "core/frames/last_frames.h"
#include "core/frames/media_sources.h"
#include "core/frames/radar/rain_survey.h"
#include "core/frames/radar_source.h"
#include "tests/core/frames/frames_support.h"
#include "tests/core/frames_radar/raster_writing.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::RasterToWrite;
using testing::rejection;

constexpr UtcSeconds kMidnight = 1282780800;  // 2010-08-26

/// Collects what a user would read.
class TextLog : public Log {
 public:
  void write(LogLevel, const std::string& message) override { text += message + "\n"; }
  std::string text;
};

/// A folder of GeoTIFFs of 6 rows and 8 columns, in mm/h, one a file.
class RadarSequences : public ::testing::Test {
 protected:
  static RasterToWrite field(double value) {
    RasterToWrite raster{.height = 6, .width = 8, .missing = -1, .unit = "mm/h", .projection = "EPSG:28992"};
    raster.stored.assign(48, value);
    raster.stored[0] = -1;  // the corner is always missing
    return raster;
  }

  std::string name(std::int64_t minute) const {
    return folder_ / fill_time("r%Y%m%d%H%M.tif", kMidnight + 60 * minute);
  }
  void write(std::int64_t minute, double value) { testing::write_raster(name(minute), "GTiff", field(value)); }
  void cut_off(std::int64_t minute, std::uintmax_t bytes) { std::filesystem::resize_file(name(minute), bytes); }

  SourceOptions options(std::int64_t max_missing = 2) const {
    SourceOptions options;
    options.type = SourceType::kRadar;
    options.path = folder_ / "r%Y%m%d%H%M.tif";
    options.product = "geotiff";
    options.max_missing = max_missing;
    return options;
  }

  std::vector<Frame> read(std::int64_t max_missing) const {
    const auto source = list_radar(options(max_missing)).at(0).open();
    return testing::read_all(*source);
  }

  static std::vector<std::int64_t> minutes_of(const std::vector<Frame>& frames) {
    std::vector<std::int64_t> minutes;
    for (const Frame& frame : frames) minutes.push_back((frame.time - kMidnight) / 60);
    return minutes;
  }

  DataOptions data_options() const {
    DataOptions data;
    data.sources = {options(1)};
    data.context = 2;
    data.horizon = 1;
    data.cache.dir = folder_ / "cache";
    data.split.train = 1;
    data.split.validation = data.split.test = 0;
    data.mask_channel = true;
    return data;
  }

  testing::ScratchFolder folder_;
};

TEST_F(RadarSequences, ShortGapsAreFilledAndLongOnesAreJumps) {
  for (const int minute : {0, 5, 15, 20, 40}) write(minute, minute);
  const std::vector<Frame> frames = read(1);
  EXPECT_EQ(minutes_of(frames), (std::vector<std::int64_t>{0, 5, 10, 15, 20, 40}));
  expect_in("no file for 2010-08-26 00:10 UTC", frames[2].problem);
  EXPECT_EQ(std::count(frames[2].mask.begin(), frames[2].mask.end(), 0), 48);
  EXPECT_EQ(frames[2].name, frames[1].name);
  EXPECT_TRUE(frames[3].problem.empty());
  EXPECT_EQ(frames[5].seconds, 2400);
  EXPECT_EQ(minutes_of(read(0)), (std::vector<std::int64_t>{0, 5, 15, 20, 40}));
  EXPECT_EQ(read(3).size(), 9U);
}

TEST_F(RadarSequences, TheEndAloneIsReadOfAnArchive) {
  for (std::int64_t i = 0; i < 6; ++i) write(5 * i, static_cast<double>(i));
  const auto minutes_at_end = [&](std::int64_t steps) {
    const auto source = list_end_of_radar(options(), steps).at(0).open();
    EXPECT_NEAR(source->info().step_seconds(), 300, 1e-9);
    return minutes_of(testing::read_all(*source));
  };
  EXPECT_EQ(minutes_at_end(2), (std::vector<std::int64_t>{20, 25}));
  EXPECT_EQ(minutes_at_end(1), (std::vector<std::int64_t>{25}));
  EXPECT_EQ(minutes_at_end(100).size(), 6U);
}

TEST_F(RadarSequences, FilesThatCannotBeUsedCountAsMissingAndAreNamed) {
  for (const int minute : {0, 5, 10, 15, 20, 25, 30, 35, 40}) write(minute, minute);
  cut_off(10, 150);
  cut_off(20, 0);
  RasterToWrite other_size = field(1), other_place = field(1), other_system = field(1);
  other_size.height = 4;
  other_size.stored.resize(32);
  other_place.left = 500;
  other_system.projection = "EPSG:25832";
  testing::write_raster(name(25), "GTiff", other_size);
  testing::write_raster(name(30), "GTiff", other_place);
  testing::write_raster(name(35), "GTiff", other_system);
  const std::vector<Frame> frames = read(9);
  ASSERT_EQ(frames.size(), 9U);
  expect_in(name(10), frames[2].problem);
  expect_in("is empty", frames[4].problem);
  expect_in("is 8x4, the others are 8x6", frames[5].problem);
  expect_in("lies elsewhere", frames[6].problem);
  expect_in("another projection", frames[7].problem);
  EXPECT_TRUE(frames[8].problem.empty());
}

TEST_F(RadarSequences, BadFilesAtTheFrontDoNotHideTheGrid) {
  for (const int minute : {0, 5, 10, 15}) write(minute, minute);
  cut_off(0, 20);
  const auto source = list_radar(options()).at(0).open();
  EXPECT_EQ(minutes_of(testing::read_all(*source)), (std::vector<std::int64_t>{5, 10, 15}));
  ASSERT_EQ(source->info().notes.size(), 1U);
  expect_in(name(0), source->info().notes[0]);
  cut_off(5, 20), cut_off(10, 20), cut_off(15, 20);
  expect_in("fits no row", rejection([&] { list_radar(options()); }));
}

TEST_F(RadarSequences, TheNewestFilesAreShownEvenWhereTheyCannotBeRead) {
  for (const int minute : {0, 5, 10, 15, 20}) write(minute, minute);
  cut_off(15, 20), cut_off(20, 20);
  const std::vector<Frame> frames = read(0);
  EXPECT_EQ(minutes_of(frames).back(), 20);
  EXPECT_FALSE(frames.back().problem.empty());
}

TEST_F(RadarSequences, ForecastsRefuseAContextThatIsNotWhole) {
  for (const int minute : {0, 5, 15, 20, 25, 60, 65}) write(minute, minute);
  const auto last = [&](const char* at, std::int64_t count, MissingFrames missing = MissingFrames::kRefuse) {
    const auto source = list_radar(options(1)).at(0).open();
    return minutes_of(read_last_frames(*source, {.count = count, .at = parse_moment(at), .missing = missing}).frames);
  };
  EXPECT_EQ(last("2010-08-26T00:30", 2), (std::vector<std::int64_t>{20, 25}));
  EXPECT_EQ(last("2010-08-26 00:25 UTC", 2), (std::vector<std::int64_t>{15, 20}));
  EXPECT_EQ(last("2010-08-26T01:10", 2), (std::vector<std::int64_t>{60, 65}));
  const std::string missing = rejection([&] { last("2010-08-26T00:20", 3); });
  expect_in("no file for 2010-08-26 00:10 UTC", missing);
  expect_in("--allow-missing", missing);
  EXPECT_EQ(last("2010-08-26T00:20", 3, MissingFrames::kAllow), (std::vector<std::int64_t>{5, 10, 15}));
  expect_in("across a gap from 2010-08-26 00:25 UTC to 2010-08-26 01:00 UTC",
            rejection([&] { last("2010-08-26T01:10", 3); }));
  expect_in("nothing between 2010-08-26 00:25 UTC and 2010-08-26 00:50 UTC",
            rejection([&] { last("2010-08-26T00:50", 2); }));
  expect_in("ends after", rejection([&] { last("2010-08-26T09:00", 2); }));
}

TEST_F(RadarSequences, WindowsDoNotRunAcrossGapsAndWarningsCount) {
  // 0 5 [10] 15 | 40 45 50: one step filled, then a gap.
  for (const int minute : {0, 5, 15, 40, 45, 50}) write(minute, minute == 0 ? 0 : 2);
  TextLog log;
  const DataSet data(data_options(), media_sources(), log);
  ASSERT_EQ(data.clips().size(), 1U);
  EXPECT_EQ(data.clips()[0].cuts, (std::vector<std::int64_t>{4}));
  ASSERT_EQ(data.window_count(Split::kTrain), 3);
  EXPECT_EQ(data.window(Split::kTrain, 2).first, 4);
  expect_in("no file for 2010-08-26 00:10 UTC", log.text);
  expect_in("1 of 7 time steps", log.text);

  EXPECT_EQ(data.channels(), 1);
  ASSERT_TRUE(data.rain_scale());
  Sequence sequence;
  data.read(Split::kTrain, 0, sequence);
  ASSERT_EQ(sequence.mask.size(), 3U * 48U);
  // The first field is dry: the floor, 0 to the network. 2 mm/h is 3.01 dB, of -10 to 20.
  EXPECT_EQ(sequence.frames[1], 0);
  EXPECT_NEAR(sequence.frames[48 + 1], (10 * std::log10(2.0) + 10) / 30, 1e-6);
  EXPECT_EQ(sequence.mask[48], 0);
  EXPECT_EQ(sequence.frames[48], 0);
  EXPECT_EQ(std::count(sequence.mask.begin() + 96, sequence.mask.end(), 0), 48);
  for (const float value : sequence.frames) EXPECT_TRUE(std::isfinite(value));
  // Thresholds in mm/h become numbers of the network.
  EXPECT_NEAR(data.to_network(2, ThresholdUnit::kRate, "x"), (10 * std::log10(2.0) + 10) / 30, 1e-6);

  const DataSet again(data_options(), media_sources(), log);
  EXPECT_EQ(again.clips()[0].problems.size(), 1U);
  EXPECT_EQ(again.clips()[0].start_time, kMidnight);
  EXPECT_EQ(again.clips()[0].place, data.clips()[0].place);
  EXPECT_EQ(again.clips()[0].measurement.quantity, Quantity::kRate);
  EXPECT_EQ(again.frame(0, 4).time, kMidnight + 40 * 60);
}

TEST_F(RadarSequences, NothingButMissingAndNothingButDryFieldsStayFinite) {
  for (int minute = 0; minute < 40; minute += 5) write(minute, minute < 20 ? -1 : 0);
  TextLog log;
  DataOptions options = data_options();
  options.normalise.by = NormaliseBy::kStandard;
  for (const RainUnit unit : {RainUnit::kDbr, RainUnit::kDbz, RainUnit::kSqrtRate, RainUnit::kSource}) {
    options.rain.unit = unit;
    const DataSet data(options, media_sources(), log);
    Sequence sequence;
    for (std::int64_t i = 0; i < data.window_count(Split::kTrain); ++i) {
      data.read(Split::kTrain, i, sequence);
      for (const float value : sequence.frames) EXPECT_TRUE(std::isfinite(value));
    }
  }
  RainSurvey survey(300);
  for (Frame frame : read(1)) survey.add(frame);
  EXPECT_EQ(survey.moments().size(), 8U);
  EXPECT_EQ(survey.largest_rate(), 0);
  EXPECT_EQ(survey.valid_pixels(), 4 * 47);
}

TEST_F(RadarSequences, ClutterIsClippedOrMasked) {
  for (const int minute : {0, 5, 10}) write(minute, 1205);
  TextLog log;
  DataOptions options = data_options();
  for (const AboveCeiling above : {AboveCeiling::kClip, AboveCeiling::kMask}) {
    options.rain.above = above;
    const DataSet data(options, media_sources(), log);
    Sequence sequence;
    data.read(Split::kTrain, 0, sequence);
    EXPECT_EQ(sequence.mask[1], above == AboveCeiling::kClip ? 1 : 0);
    EXPECT_NEAR(sequence.frames[1], above == AboveCeiling::kClip ? 1 : 0, 1e-6);
  }
}

TEST_F(RadarSequences, DuplicatesAndOtherFilesAreLeftOut) {
  for (const int minute : {0, 5, 10}) write(minute, 1);
  std::filesystem::copy_file(name(5), folder_ / "r201008260005-revised.tif");
  testing::write_text(folder_ / "readme.txt", "not radar");
  SourceOptions all = options();
  all.path = folder_ / "";
  const auto source = list_radar(all).at(0).open();
  EXPECT_EQ(testing::read_all(*source).size(), 3U);
  const std::string notes = source->info().notes.at(0) + source->info().notes.at(1);
  expect_in("readme.txt", notes);
  expect_in("of the same time as", notes);
}

TEST_F(RadarSequences, ResizingAveragesRatesNotDecibels) {
  for (const int minute : {0, 5, 10}) {
    RasterToWrite raster = field(0);
    // Left half 8 mm/h, right half dry, in pairs of columns that become one.
    for (std::size_t i = 0; i < 48; ++i) raster.stored[i] = i % 2 == 0 ? 8 : 0;
    testing::write_raster(name(minute), "GTiff", raster);
  }
  TextLog log;
  DataOptions options = data_options();
  options.size = {3, 4};
  const DataSet data(options, media_sources(), log);
  EXPECT_NEAR(data.frame(0, 0).pixels[5], 10 * std::log10(4.0), 1e-4);
}

TEST_F(RadarSequences, PicturesStayPictures) {
  write(0, 1);
  EXPECT_TRUE(is_radar(folder_ / "r%Y%m%d%H%M.tif"));
  EXPECT_FALSE(is_radar(folder_ / ""));  // GeoTIFFs of names that no weather service uses are images
  DataOptions options = data_options();
  options.sources[0].type = SourceType::kImages;
  options.sources[0].product.clear();
  options.sources[0].path = folder_ / "";
  options.rain.unit = RainUnit::kDbr;
  TextLog log;
  expect_in("data.unit", rejection([&] { DataSet(options, media_sources(), log); }));
}

}  // namespace
}  // namespace nextframe
