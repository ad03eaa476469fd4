// What a network sees beside the frames: fields of data.inputs, found by time, cut and turned as the frames are.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/frames/batch.h"
#include "core/frames/input_fields.h"
#include "core/frames/media_sources.h"
#include "core/frames/radar/field_place.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar_inputs.h"
#include "core/frames/raster_source.h"
#include "tests/core/frames/frames_support.h"
#include "tests/core/frames_radar/raster_writing.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::RasterToWrite;
using testing::rejection;

constexpr UtcSeconds kMidnight = 1282780800;  // 2010-08-26
constexpr std::int64_t kHeight = 6, kWidth = 8, kArea = kHeight * kWidth;

class TextLog : public Log {
 public:
  void write(LogLevel, const std::string& message) override { text += message + "\n"; }
  std::string text;
};

/// A field whose pixels are all different, the corner missing.
RasterToWrite field(double value) {
  RasterToWrite raster{.height = kHeight, .width = kWidth, .missing = -1, .unit = "mm/h", .projection = "EPSG:28992"};
  for (std::int64_t i = 0; i < kArea; ++i) raster.stored.push_back(value + 0.125 * static_cast<double>(i));
  raster.stored[0] = -1;
  return raster;
}

/// Two recordings of one grid, "frames" and "beside", and terrain.
class Inputs : public ::testing::Test {
 protected:
  Inputs() {
    std::filesystem::create_directory(folder_ / "frames");
    std::filesystem::create_directory(folder_ / "beside");
  }

  std::string name(const std::string& recording, std::int64_t minute) const {
    return folder_ / fill_time(recording + "/r%Y%m%d%H%M.tif", kMidnight + 60 * minute);
  }
  void write(const std::string& recording, std::int64_t minute, double value) const {
    testing::write_raster(name(recording, minute), "GTiff", field(value));
  }

  InputOptions beside() const {
    return {.name = "beside",
            .path = folder_ / "beside/r%Y%m%d%H%M.tif",
            .product = "geotiff",
            .floor = 0.0,
            .ceiling = 20.0};
  }
  InputOptions terrain() const {
    return {.name = "terrain",
            .type = InputType::kRaster,
            .path = folder_ / "terrain.tif",
            .mean = 100.0,
            .deviation = 50.0};
  }

  DataOptions data_options() const {
    DataOptions data;
    SourceOptions source;
    source.type = SourceType::kRadar;
    source.path = folder_ / "frames/r%Y%m%d%H%M.tif";
    source.product = "geotiff";
    data.sources = {source};
    data.context = 2;
    data.horizon = 1;
    data.cache.dir = folder_ / "cache";
    data.split.train = 1;
    data.split.validation = data.split.test = 0;
    // mm/h from 0 to 20 become 0 to 1, as those beside do.
    data.rain = {.unit = RainUnit::kRate, .floor = 0, .ceiling = 20};
    return data;
  }

  std::string refusal(const DataOptions& options) {
    return rejection([&] { DataSet(options, media_sources(), log_); });
  }

  testing::ScratchFolder folder_;
  TextLog log_;
};

TEST_F(Inputs, ARasterIsOneFieldInItsOwnNumbers) {
  RasterToWrite raster{.height = 2,
                       .width = 3,
                       .stored = {1, 2, 3, 4, 9, 6},
                       .scale = 10.0,
                       .offset = 5.0,
                       .missing = 9.0,
                       .projection = "EPSG:28992"};
  testing::write_raster(folder_ / "terrain.tif", "GTiff", raster);
  SourceOptions options;
  for (const char* band : {"", "#1"}) {
    options.path = folder_ / "terrain.tif" + band;
    const auto source = list_raster(options).at(0).open();
    const std::vector<Frame> frames = testing::read_all(*source);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].pixels, (std::vector<float>{15, 25, 35, 45, 0, 65}));
    EXPECT_EQ(frames[0].mask, (std::vector<std::uint8_t>{1, 1, 1, 1, 0, 1}));
    EXPECT_EQ(frames[0].time, kNoTime);
    EXPECT_TRUE(source->info().place.known());
  }
  options.path = folder_ / "terrain.tif#2";
  expect_in("2", rejection([&] { list_raster(options).at(0).open(); }));
  options.path = folder_ / "nothing.tif";
  expect_in("no such file", rejection([&] { list_raster(options); }));
}

TEST_F(Inputs, ARasterOfArraysIsNorthUp) {
  testing::write_netcdf(
      folder_ / "height.nc",
      {.variable = "height", .stored = {1, 2, 3, 4, 5, 6}, .minutes = {0}, .unit = "m", .top = 9, .row = 1});
  SourceOptions options;
  options.path = folder_ / "height.nc#height";
  const auto source = list_raster(options).at(0).open();
  EXPECT_EQ(testing::read_all(*source).at(0).pixels, (std::vector<float>{4, 5, 6, 1, 2, 3}));
}

TEST_F(Inputs, AreCutAndTurnedAsTheFramesAre) {
  for (const int minute : {0, 5, 10, 15, 20}) {
    write("frames", minute, minute * 0.25);
    write("beside", minute, minute * 0.25);
  }
  DataOptions options = data_options();
  options.inputs = {beside()};
  options.crop = {4, 4};
  options.augment = {Augmentation::kFlip, Augmentation::kRot90};
  const DataSet data(options, media_sources(), log_);
  BatchLoader loader(data, {.batch = 3, .seed = 5});
  Batch batch;
  int turned = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(loader.next(batch));
    ASSERT_EQ(batch.context_inputs.size(), batch.context.size());
    for (std::size_t k = 0; k < batch.context.size(); ++k) {
      ASSERT_NEAR(batch.context_inputs[k], batch.context[k], 1e-6) << k;
    }
    turned += batch.places[0].symmetry.identity() ? 0 : 1;
  }
  EXPECT_GT(turned, 0);
}

TEST_F(Inputs, HaveTheirOwnMasksAndScales) {
  for (const int minute : {0, 5, 10}) write("frames", minute, minute);
  write("beside", 0, 6);
  write("beside", 10, 30);  // beyond the ceiling
  RasterToWrite land = field(0);
  land.unit.clear();
  std::fill(land.stored.begin() + 1, land.stored.end(), 150);
  testing::write_raster(folder_ / "terrain.tif", "GTiff", land);
  DataOptions options = data_options();
  options.mask_channel = true;
  options.context = 3;
  options.horizon = 1;
  write("frames", 15, 1);
  options.inputs = {beside(), terrain()};
  options.inputs[0].path = folder_ / "beside/*.tif";
  const DataSet data(options, media_sources(), log_);
  ASSERT_EQ(data.inputs()->channels(), 4);
  std::vector<float> got(3 * 4);
  data.read_inputs(Split::kTrain, 0, {0, 3}, {0, 1, 1, 1}, got.data());
  // At 5 minutes "beside" has nothing: its step is 10 minutes, but what it had at 0 minutes is still the newest.
  const float first = 6.125F / 20;
  EXPECT_EQ(got, (std::vector<float>{first, 1, 1, 1, first, 1, 1, 1, 1, 1, 1, 1}));
  data.read_inputs(Split::kTrain, 0, {0, 1}, {0, 0, 1, 1}, got.data());
  EXPECT_EQ((std::vector<float>{got.begin(), got.begin() + 4}), (std::vector<float>{0, 0, 0, 0}));
}

TEST_F(Inputs, AreMissingWhereNothingIsNewEnough) {
  for (const int minute : {0, 5, 10, 15, 20, 25}) write("frames", minute, 1);
  for (const int minute : {0, 5, 25}) write("beside", minute, 2);
  DataOptions options = data_options();
  options.mask_channel = true;
  options.context = 5;
  options.inputs = {beside()};
  const DataSet data(options, media_sources(), log_);
  std::vector<float> got(5 * 2);
  data.read_inputs(Split::kTrain, 0, {0, 5}, {1, 1, 1, 1}, got.data());
  const float value = (2 + 0.125F * 9) / 20;
  EXPECT_EQ(got, (std::vector<float>{value, 1, value, 1, 0, 0, 0, 0, 0, 0}));
}

TEST_F(Inputs, OfAnotherGridAreRefusedWithBoth) {
  for (const int minute : {0, 5, 10}) write("frames", minute, 1);
  DataOptions options = data_options();
  options.inputs = {terrain()};
  RasterToWrite land = field(100);
  land.left = 250;
  testing::write_raster(folder_ / "terrain.tif", "GTiff", land);
  const std::string elsewhere = refusal(options);
  expect_in("[data.inputs] terrain", elsewhere);
  expect_in("from (250, 0)", elsewhere);
  expect_in("from (0, 0)", elsewhere);
  land.left = 0;
  land.width = 6;
  land.stored.resize(36, 1.0);
  testing::write_raster(folder_ / "terrain.tif", "GTiff", land);
  expect_in("6x6 pixels", refusal(options));
  options.inputs[0].path = folder_ / "nothing.tif";
  expect_in("no such file", refusal(options));
}

TEST_F(Inputs, OnePlaceMayBeWrittenInTwoWays) {
  const GeoReference one{to_wkt("EPSG:32632"), {500000, 1000, 0, 5800000, 0, -1000}};
  GeoReference other{to_wkt("+proj=utm +zone=32 +datum=WGS84 +units=m"), one.transform};
  EXPECT_NE(one.projection, other.projection);
  EXPECT_TRUE(same_place(one, other, 700, 765));
  EXPECT_TRUE(same_place(one, {}, 700, 765));
  other.transform[0] += 300;
  EXPECT_FALSE(same_place(one, other, 700, 765));
  other = one;
  other.transform[1] *= 1.01;
  EXPECT_FALSE(same_place(one, other, 700, 765));
}

TEST_F(Inputs, ForForecastsAreThoseOfTraining) {
  for (const int minute : {0, 5, 10, 15}) {
    write("frames", minute, 1);
    write("beside", minute, minute);
  }
  RasterToWrite land = field(120);
  land.unit.clear();
  testing::write_raster(folder_ / "terrain.tif", "GTiff", land);
  DataOptions options = data_options();
  options.inputs = {beside(), terrain()};
  const DataSet data(options, media_sources(), log_);
  const InputOpener open = recent_inputs(log_);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto recent = open(options.inputs[i], input_preprocessing({}));
    EXPECT_EQ(recent->info().place, data.inputs()->field(i).info().place);
    for (const int minute : {0, 5, 12, 15, 19}) {
      std::vector<float> expected(12), got(12);
      std::vector<std::uint8_t> expected_mask(12), mask(12);
      const UtcSeconds time = kMidnight + 60 * minute;
      const Region region{0, 0, 3, 4};
      ASSERT_TRUE(data.inputs()->field(i).read(time, region, expected.data(), expected_mask.data()));
      ASSERT_TRUE(recent->read(time, region, got.data(), mask.data()));
      EXPECT_EQ(got, expected);
      EXPECT_EQ(mask, expected_mask);
    }
  }
}

TEST_F(Inputs, ForForecastsAreFoundAsTheyArriveAndMissedAloud) {
  for (const int minute : {0, 5, 10}) write("beside", minute, minute);
  const auto recent = recent_inputs(log_)(beside(), input_preprocessing({}));
  const auto reads = [&](std::int64_t minute) {
    float pixel = 0;
    std::uint8_t mask = 0;
    return recent->read(kMidnight + 60 * minute, {2, 2, 1, 1}, &pixel, &mask);
  };
  EXPECT_TRUE(reads(10));
  EXPECT_FALSE(reads(15));
  expect_in("has no field for 2010-08-26 00:15 UTC", log_.text);
  write("beside", 15, 15);
  EXPECT_TRUE(reads(15));
  write("beside", 20, 20);
  std::filesystem::resize_file(name("beside", 20), 100);
  EXPECT_FALSE(reads(20));
  expect_in("counts as missing", log_.text);
}

TEST_F(Inputs, AreReadFromElsewhereByName) {
  std::vector<InputOptions> inputs{beside(), terrain()};
  set_input_paths(inputs, {"terrain=other.tif"});
  EXPECT_EQ(inputs[1].path, "other.tif");
  EXPECT_EQ(inputs[0].path, beside().path);
  expect_in("NAME=PATH of beside, terrain", rejection([&] { set_input_paths(inputs, {"height=x.tif"}); }));
  expect_in("NAME=PATH", rejection([&] { set_input_paths(inputs, {"terrain"}); }));
  inputs.clear();
  expect_in("the model has none", rejection([&] { set_input_paths(inputs, {"terrain=x.tif"}); }));
}

TEST(NewestWithin, IsNeverFromTheFutureNorAStepOld) {
  const std::vector<UtcSeconds> times{100, 200, 400};
  EXPECT_EQ(newest_within(times, 99, 100), -1);
  EXPECT_EQ(newest_within(times, 100, 100), 0);
  EXPECT_EQ(newest_within(times, 199, 100), 0);
  EXPECT_EQ(newest_within(times, 299, 100), 1);
  EXPECT_EQ(newest_within(times, 300, 100), -1);
  EXPECT_EQ(newest_within(times, 400, 0), 2);
  EXPECT_EQ(newest_within(times, 401, 0), -1);
  EXPECT_EQ(newest_within({}, 401, 10), -1);
}

}  // namespace
}  // namespace nextframe
