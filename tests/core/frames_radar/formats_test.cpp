#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/frames/radar/raster_file.h"
#include "core/frames/radar_source.h"
#include "tests/core/frames/frames_support.h"
#include "tests/core/frames_radar/raster_writing.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::RasterToWrite;
using testing::rejection;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr UtcSeconds kMidnight = 1282780800;  // 2010-08-26

const std::string kFixtures = NEXTFRAME_SOURCE_DIR "/tests/golden/radar/";

/// A recording as it was read.
struct Recording {
  SourceInfo info;
  std::vector<Frame> frames;
};

Recording read(const SourceOptions& options, std::size_t clip = 0) {
  const std::vector<ClipReference> clips = list_radar(options);
  EXPECT_LT(clip, clips.size());
  const auto source = clips.at(clip).open();
  Recording recording;
  recording.frames = testing::read_all(*source);
  recording.info = source->info();
  return recording;
}

Recording read(const std::string& path, const std::string& product = "") {
  SourceOptions options;
  options.path = path;
  options.product = product;
  return read(options);
}

/// Values of the frame with NaN where it is missing.
std::vector<float> values_of(const Frame& frame) {
  std::vector<float> values = frame.pixels;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!frame.mask.empty() && frame.mask[i] == 0) {
      EXPECT_EQ(values[i], 0);
      values[i] = kMissing;
    }
  }
  return values;
}

void expect_values(const Frame& frame, const std::vector<float>& expected, double tolerance = 1e-6) {
  const std::vector<float> got = values_of(frame);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << i << ": " << got[i];
    } else {
      EXPECT_NEAR(got[i], expected[i], tolerance) << i;
    }
  }
}

void expect_transform(const GeoReference& place, const std::array<double, 6>& expected, double tolerance) {
  ASSERT_TRUE(place.known());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(place.transform[i], expected[i], tolerance) << i;
}

class RadarFormats : public ::testing::Test {
 protected:
  testing::ScratchFolder folder_;
};

TEST_F(RadarFormats, KnmiAccumulation) {
  const Recording recording = read(kFixtures + "RAD_NL25_RAP_5min_%Y%m%d%H%M.h5");
  const SourceInfo& info = recording.info;
  EXPECT_EQ(info.measurement.quantity, Quantity::kAccumulation);
  EXPECT_EQ(info.measurement.interval_seconds, 300);
  EXPECT_EQ(info.height, 2);
  EXPECT_EQ(info.width, 3);
  EXPECT_NEAR(info.step_seconds(), 300, 1e-9);
  expect_in("KNMI", info.attribution);
  expect_transform(info.place, {0, 1000, 0, -3650000, 0, -1000}, 1e-6);
  // The third file is dated 03:00 inside.
  ASSERT_EQ(recording.frames.size(), 3U);
  expect_values(recording.frames[0], {0, 0.01F, 2.5F, kMissing, 0.12F, 0});
  expect_values(recording.frames[1], {0, 0.01F, 2.5F, kMissing, 0.13F, 0});
  EXPECT_EQ(recording.frames[0].time, kMidnight + 300);
  EXPECT_EQ(recording.frames[1].seconds, 300);
  EXPECT_EQ(recording.frames[0].name, "RAD_NL25_RAP_5min_201008260005.h5");
  expect_in("is dated 2010-08-26 03:00 UTC inside, its name says 2010-08-26 00:15 UTC", recording.frames[2].problem);
  expect_values(recording.frames[2], std::vector<float>(6, kMissing));
}

TEST_F(RadarFormats, KnmiReflectivity) {
  const Recording recording = read(kFixtures + "RAD_NL25_PCP_NA_201008260005.h5");
  EXPECT_EQ(recording.info.measurement.quantity, Quantity::kReflectivity);
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {-32, -31.5F, 20, kMissing, 0, -32});
}

TEST_F(RadarFormats, OdimWithGainAtTheDataAndAtTheDataSet) {
  const Recording rate = read(kFixtures + "odim_rate_20200714123000.h5");
  EXPECT_EQ(rate.info.measurement.quantity, Quantity::kRate);
  ASSERT_EQ(rate.frames.size(), 1U);
  expect_values(rate.frames[0], {kMissing, 0, 6, 1.2F, kMissing, 15});
  EXPECT_EQ(rate.frames[0].time, 1594729800);  // 2020-07-14 12:30
  expect_transform(rate.info.place, {0, 2000, 0, 0, 0, -3000}, 0.01);

  const Recording accumulation = read(kFixtures + "odim_acrr_20200714123000.h5");
  EXPECT_EQ(accumulation.info.measurement.quantity, Quantity::kAccumulation);
  EXPECT_EQ(accumulation.info.measurement.interval_seconds, 3600);
  expect_values(accumulation.frames.at(0), {kMissing, 0, 1, 2, kMissing, 0});
}

TEST_F(RadarFormats, EventsOfSevir) {
  SourceOptions options;
  options.path = kFixtures + "SEVIR_VIL_TEST.h5";
  ASSERT_EQ(list_radar(options).size(), 2U);
  const Recording first = read(options, 0), second = read(options, 1);
  EXPECT_EQ(first.info.measurement.quantity, Quantity::kNone);
  EXPECT_EQ(first.info.pixel_type, PixelType::kUint8);
  ASSERT_EQ(first.frames.size(), 5U);
  expect_values(first.frames[1], {kMissing, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31});
  expect_values(second.frames[4], {180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191});
  EXPECT_EQ(second.frames[4].time, kNoTime);
  EXPECT_NEAR(second.frames[4].seconds, 1200, 1e-9);
}

TEST_F(RadarFormats, GeoTiffWithScaleNoDataAndUnit) {
  const RasterToWrite raster{.stored = {0, 1, 2, 255, 4, 200},
                             .scale = 0.5,
                             .offset = 1,
                             .missing = 255,
                             .unit = "mm/h",
                             .projection = "EPSG:28992",
                             .left = 100000,
                             .top = 600000,
                             .type = RasterToWrite::Type::kByte};
  testing::write_raster(folder_ / "rain_201008260005.tif", "GTiff", raster);
  const Recording recording = read(folder_ / "rain_201008260005.tif", "geotiff");
  EXPECT_EQ(recording.info.measurement.quantity, Quantity::kRate);
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {1, 1.5F, 2, kMissing, 3, 101});
  EXPECT_EQ(recording.frames[0].time, kMidnight + 300);
  expect_transform(recording.info.place, {100000, 1000, 0, 600000, 0, -1000}, 1e-6);
  expect_in("Amersfoort", recording.info.place.projection);
  // Nothing appears beside the user's files.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / ""), {}), 1);
}

TEST_F(RadarFormats, GeoTiffWithoutAUnitIsNotGuessed) {
  testing::write_raster(folder_ / "a_201008260005.tif", "GTiff", {.stored = {0, 1, 2, 3, 4, 5}});
  expect_in("does not tell whether it is a reflectivity", rejection([&] { read(folder_ / "a_201008260005.tif"); }));
}

TEST_F(RadarFormats, FmiReflectivityAsPgm) {
  const std::string name = "_fmi.radar.composite.lowest_FIN_SUOMI1.pgm.gz";
  testing::write_pgm(folder_ / ("201008260000" + name), 2, 3, {0, 64, 104, 255, 1, 192}, "obstime 201008260000");
  testing::write_pgm(folder_ / ("201008260005" + name), 2, 3, {255, 255, 255, 255, 255, 255}, "obstime 201008260005");
  const Recording recording = read(folder_ / "");
  EXPECT_EQ(recording.info.measurement.relation, (ZRelation{.a = 223, .b = 1.53}));
  ASSERT_EQ(recording.frames.size(), 2U);
  expect_values(recording.frames[0], {-32, 0, 20, kMissing, -31.5F, 64});
  expect_values(recording.frames[1], std::vector<float>(6, kMissing));
  EXPECT_TRUE(recording.frames[1].problem.empty());
  EXPECT_EQ(recording.frames[1].time, kMidnight + 300);
  // The lower left corner of the domain is the origin of its projection.
  const auto& t = recording.info.place.transform;
  EXPECT_NEAR(t[0], 0, 0.1);
  EXPECT_NEAR(t[3] + 2 * t[5], 0, 0.1);
}

TEST_F(RadarFormats, MeteoSwissPaletteIndices) {
  const RasterToWrite raster{.stored = {0, 1, 2, 100, 250, 255}, .type = RasterToWrite::Type::kByte};
  // 2010-08-26 is day 238.
  testing::write_raster(folder_ / "AQC102380005VF_00005.801.gif", "GIF", raster);
  const Recording recording = read(folder_ / "");
  const auto mm = [](double i) { return static_cast<float>(std::pow(std::pow(10, (i - 71.5) / 20) / 316, 1 / 1.5)); };
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {0, 0, mm(2), mm(100), mm(250), kMissing}, 1e-5);
  EXPECT_EQ(recording.frames[0].time, kMidnight + 300);
  EXPECT_EQ(recording.info.measurement.interval_seconds, 300);
  EXPECT_NEAR(recording.info.place.transform[0], 255000, 1e-6);
  EXPECT_NEAR(recording.info.place.transform[3], 480000, 1e-6);
}

TEST_F(RadarFormats, MrmsRatesAsGrib) {
  const RasterToWrite raster{.stored = {0, 1.5, -3, 20, 100, 0},
                             .projection = "EPSG:4326",
                             .left = -100,
                             .top = 40,
                             .pixel = 0.01,
                             .metadata = {"GRIB_IDS=CENTER=161(US-OAR) REF_TIME=2010-08-26T00:04:00Z"}};
  testing::write_raster(folder_ / "PrecipRate_00.00_20100826-000400.grib2", "GRIB", raster);
  const Recording recording = read(folder_ / "");
  EXPECT_EQ(recording.info.measurement.quantity, Quantity::kRate);
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {0, 1.5F, kMissing, 20, 100, 0}, 1e-2);
  EXPECT_EQ(recording.frames[0].time, kMidnight + 240);
  EXPECT_NEAR(recording.info.place.transform[1], 0.01, 1e-6);
}

TEST_F(RadarFormats, ConventionsWithATimeAxisAndRowsFromTheSouth) {
  testing::write_netcdf(
      folder_ / "forecast.nc",
      {.stored = {1, 2, 3, 4, 5, -1, 10, 20, 30, 40, 50, 60}, .minutes = {5, 10}, .scale = 0.001, .top = 9, .row = 1});
  const Recording recording = read(folder_ / "forecast.nc");
  EXPECT_EQ(recording.info.measurement.quantity, Quantity::kRate);
  ASSERT_EQ(recording.frames.size(), 2U);
  expect_values(recording.frames[0], {14.4F, 18, kMissing, 3.6F, 7.2F, 10.8F}, 1e-4);
  expect_values(recording.frames[1], {144, 180, 216, 36, 72, 108}, 1e-3);
  EXPECT_EQ(recording.frames[1].time, kMidnight + 600);
  // Centres at x 5, 6, 7 and y 9, 10 km.
  expect_transform(recording.info.place, {4500, 1000, 0, 10500, 0, -1000}, 1e-6);
}

TEST_F(RadarFormats, BomAccumulationWithTwoScalarTimes) {
  testing::write_netcdf(folder_ / "2_20100826_000600.prcp-cscn.nc", {.variable = "precipitation",
                                                                     .stored = {0, 1, 2, -1, 40, -32768},
                                                                     .minutes = {6},
                                                                     .unit = "kg m-2",
                                                                     .scale = 0.05,
                                                                     .start = 0});
  const Recording recording = read(folder_ / "");
  EXPECT_EQ(recording.info.measurement.quantity, Quantity::kAccumulation);
  EXPECT_EQ(recording.info.measurement.interval_seconds, 360);
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {0, 0.05F, 0.1F, kMissing, 2, kMissing});
  EXPECT_EQ(recording.frames[0].time, kMidnight + 360);
}

TEST_F(RadarFormats, Hko7PicturesWithMasks) {
  namespace fs = std::filesystem;
  fs::create_directories(folder_ / "radarPNG/2010/08/26");
  fs::create_directories(folder_ / "radarPNG_mask/2010/08/26");
  const RasterToWrite raster{.stored = {0, 51, 102, 255, 10, 20}, .type = RasterToWrite::Type::kByte};
  testing::write_raster(folder_ / "radarPNG/2010/08/26/RAD100826000000.png", "PNG", raster);
  testing::write_raster(folder_ / "radarPNG/2010/08/26/RAD100826000600.png", "PNG", raster);
  testing::write_packed(folder_ / "radarPNG_mask/2010/08/26/RAD100826000000.mask", {1, 1, 1, 1, 0, 0});
  testing::write_packed(folder_ / "radarPNG_mask/2010/08/26/RAD100826000600.mask", {1, 1, 1});
  const Recording recording = read(folder_ / "radarPNG");
  ASSERT_EQ(recording.frames.size(), 2U);
  expect_values(recording.frames[0], {-32, 4, 18, 60, kMissing, kMissing}, 1e-5);
  EXPECT_EQ(recording.frames[1].time, kMidnight + 360);
  expect_in("masks 3 pixels, the field has 6", recording.frames[1].problem);
}

TEST_F(RadarFormats, AProductOfTheUsersOwn) {
  testing::write_raster(folder_ / "rain-2010-238-0005.tif", "GTiff",
                        {.stored = {0, 1, 2, 9, 4, 5}, .type = RasterToWrite::Type::kUint16});
  testing::write_text(folder_ / "mine.json", R"({
    // Hundredths of a millimetre in ten minutes.
    "name": "mine", "files": [ "rain-%Y-%j-%H%M.tif" ], "reader": "raster", "quantity": "accumulation",
    "interval_seconds": 600, "gain": 0.01, "missing": [ 9 ],
    "place": { "by": "row", "projection": "EPSG:25832", "bounds": [ 0, 0, 3000, 2000 ] }
  })");
  const Recording recording = read(folder_ / "rain-2010-238-0005.tif", folder_ / "mine.json");
  ASSERT_EQ(recording.frames.size(), 1U);
  expect_values(recording.frames[0], {0, 0.01F, 0.02F, kMissing, 0.04F, 0.05F});
  EXPECT_EQ(recording.frames[0].time, kMidnight + 300);
  EXPECT_EQ(recording.info.measurement.interval_seconds, 600);
  expect_transform(recording.info.place, {0, 1000, 0, 2000, 0, -1000}, 1e-6);
}

TEST_F(RadarFormats, WhatNoRowFitsIsDescribed) {
  const std::string text = rejection([&] { read(kFixtures + "SEVIR_VIL_TEST.h5", "knmi-accumulation"); });
  expect_in("/vil [2,3,4,5] Byte", text);
  expect_in("knmi-accumulation: the file lacks image1@image_geo_parameter", text);
  testing::write_text(folder_ / "notes_201008260000.h5", "no HDF5 at all");
  const std::string other = rejection([&] { read(folder_ / "notes_201008260000.h5"); });
  expect_in("odim", other);
  expect_in("cannot be opened", other);
  expect_in("configs/products", other);
  expect_in("is not known", rejection([&] { read(kFixtures + "SEVIR_VIL_TEST.h5", "sevir-val"); }));
  expect_in("did you mean \"sevir-vil\"", rejection([&] { read(kFixtures + "SEVIR_VIL_TEST.h5", "sevir-val"); }));
}

TEST_F(RadarFormats, ProjectionsBothWays) {
  const std::string system = "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378137 +b=6356752";
  const auto [longitude, latitude] = unproject(system, 700000, -4415000);
  const auto [x, y] = project(system, longitude, latitude);
  EXPECT_NEAR(x, 700000, 1e-3);
  EXPECT_NEAR(y, -4415000, 1e-3);
  expect_in("no coordinate system", rejection([] { to_wkt("somewhere"); }));
}

}  // namespace
}  // namespace nextframe
