#include "core/frames/radar/raster_output.h"

#include <gdal_priv.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/frames/radar/field_place.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar_source.h"
#include "core/render/frame_writer.h"
#include "core/train/rain_output.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::read_all;
using testing::rejection;

constexpr UtcSeconds kReference = 1282798800;  // 2010-08-26 05:00
constexpr double kStep = 300;
constexpr std::int64_t kHeight = 3, kWidth = 4;

GeoReference knmi_place() {
  return {.projection = to_wkt("+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378137 +b=6356752 +units=m"),
          .transform = {0, 1000, 0, -3650000, 0, -1000}};
}

SourceInfo source_of(Quantity quantity) {
  SourceInfo info;
  info.name = "archive";
  info.height = kHeight;
  info.width = kWidth;
  info.channels = 1;
  info.pixel_type = PixelType::kFloat32;
  info.frames_per_second = 1 / kStep;
  info.measurement = {.quantity = quantity,
                      .interval_seconds = quantity == Quantity::kAccumulation ? kStep : 0,
                      .relation = {.a = 223, .b = 1.53}};
  info.place = knmi_place();
  return info;
}

/// Pixel (y, x) at lead time l holds l + 0.25 y + x; (1, 2) is missing.
Frame frame_at(std::int64_t lead) {
  Frame frame;
  frame.height = kHeight;
  frame.width = kWidth;
  frame.channels = 1;
  frame.time = kReference + lead * static_cast<UtcSeconds>(kStep);
  for (std::int64_t y = 0; y < kHeight; ++y) {
    for (std::int64_t x = 0; x < kWidth; ++x) {
      frame.pixels.push_back(static_cast<float>(lead) + 0.25F * static_cast<float>(y) + static_cast<float>(x));
      frame.mask.push_back(y == 1 && x == 2 ? 0 : 1);
    }
  }
  return frame;
}

/// Writes two lead times of such frames as `options` say.
void write(const std::string& path, const SourceInfo& source, const RainOutputOptions& options,
           FolderFiles files = FolderFiles::kPng) {
  const RainOutput rain(options, source);
  WriterOptions writer_options{.height = kHeight, .width = kWidth};
  writer_options.raster = RasterHeader{.place = source.place,
                                       .layers = rain.layers(),
                                       .notes = {{.name = "attribution", .text = "measured by nobody"}},
                                       .interval_seconds = rain.interval_seconds()};
  writer_options.channels = std::ssize(writer_options.raster->layers);
  writer_options.frames = 2;
  writer_options.folder_files = files;
  const auto writer = make_writer(path, writer_options);
  for (std::int64_t lead = 1; lead <= 2; ++lead) {
    writer->write(rain.convert(frame_at(lead)), {.lead_time = lead, .seconds = kStep * static_cast<double>(lead)});
  }
  writer->close();
}

struct Recording {
  SourceInfo info;
  std::vector<Frame> frames;
};

Recording read(const std::string& path) {
  SourceOptions options;
  options.path = path;
  const auto source = list_radar(options).front().open();
  Recording recording;
  recording.frames = read_all(*source);
  recording.info = source->info();
  return recording;
}

/// The frames that were written, in that quantity.
void expect_written(const Recording& recording, const SourceInfo& source, Quantity quantity) {
  EXPECT_EQ(recording.info.measurement.quantity, quantity);
  ASSERT_TRUE(recording.info.place.known());
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(recording.info.place.transform[i], source.place.transform[i], 1e-6) << i;
  }
  // The same place on the ground, whatever the coordinate system is called.
  for (const double x : {0.0, 4000.0}) {
    const auto expected = unproject(source.place.projection, x, -3653000);
    const auto got = unproject(recording.info.place.projection, x, -3653000);
    EXPECT_NEAR(got[0], expected[0], 1e-9);
    EXPECT_NEAR(got[1], expected[1], 1e-9);
  }
  ASSERT_EQ(recording.frames.size(), 2U);
  for (std::int64_t lead = 1; lead <= 2; ++lead) {
    const Frame& got = recording.frames[static_cast<std::size_t>(lead - 1)];
    const Frame expected = frame_at(lead);
    EXPECT_EQ(got.time, expected.time);
    EXPECT_EQ(got.mask, expected.mask);
    for (std::size_t i = 0; i < got.pixels.size(); ++i) {
      if (expected.mask[i] == 0) continue;
      const double rate = source.measurement.to_rate(expected.pixels[i]);
      EXPECT_NEAR(recording.info.measurement.to_rate(got.pixels[i]), rate, 1e-5 * (1 + rate)) << i;
    }
  }
}

class RasterOutputTest : public ::testing::Test {
 protected:
  testing::ScratchFolder folder_;
};

TEST_F(RasterOutputTest, NetcdfIsReadAgainInEveryUnit) {
  for (const Quantity read_as : {Quantity::kRate, Quantity::kAccumulation, Quantity::kReflectivity}) {
    for (const Quantity quantity : {Quantity::kRate, Quantity::kAccumulation, Quantity::kReflectivity}) {
      const SourceInfo source = source_of(read_as);
      const std::string path = folder_ / format("{}{}.nc", static_cast<int>(read_as), static_cast<int>(quantity));
      write(path, source, {.quantity = quantity, .step_seconds = kStep});
      const Recording recording = read(path);
      expect_written(recording, source, quantity);
      if (quantity == Quantity::kReflectivity) {
        EXPECT_EQ(recording.info.measurement.relation, source.measurement.relation);
      }
    }
  }
}

TEST_F(RasterOutputTest, AnAccumulationKeepsItsInterval) {
  // Of one lead time alone, and of an interval that is not the step.
  SourceInfo source = source_of(Quantity::kAccumulation);
  source.measurement.interval_seconds = 600;
  const std::string path = folder_ / "mm.nc";
  write(path, source, {.quantity = Quantity::kAccumulation, .step_seconds = kStep});
  EXPECT_EQ(read(path).info.measurement.interval_seconds, 600);
  write(folder_ / "mm", source, {.quantity = Quantity::kAccumulation}, FolderFiles::kGeotiff);
  EXPECT_EQ(read(folder_ / "mm").info.measurement.interval_seconds, 600);
}

TEST_F(RasterOutputTest, NetcdfIsCf) {
  const std::string path = folder_ / "cf.nc";
  write(path, source_of(Quantity::kAccumulation),
        {.quantity = Quantity::kAccumulation, .step_seconds = kStep, .thresholds = {0.5, 10}, .radius_km = 1});
  const auto file = open_raster(path, RasterView::kArrays);
  const auto text = [&](const std::string& attribute) {
    const auto found = file->attribute(attribute);
    return found ? found->text : "absent";
  };
  EXPECT_EQ(text("@Conventions"), "CF-1.8");
  EXPECT_EQ(text("@attribution"), "measured by nobody");
  EXPECT_EQ(text("rainfall_amount@standard_name"), "thickness_of_rainfall_amount");
  EXPECT_EQ(text("rainfall_amount@cell_methods"), "time: sum");
  EXPECT_EQ(text("rainfall_amount@coordinates"), "forecast_period forecast_reference_time");
  EXPECT_EQ(text("x@standard_name"), "projection_x_coordinate");
  EXPECT_EQ(text("y@axis"), "Y");
  EXPECT_EQ(text("time@standard_name"), "time");
  EXPECT_EQ(text("time@bounds"), "time_bounds");
  EXPECT_EQ(text("forecast_period@standard_name"), "forecast_period");
  EXPECT_EQ(text("probability_ge_0p5@threshold"), "0.5");
  EXPECT_EQ(text("probability_ge_10@radius_km"), "1");
  const std::string mapping = text("rainfall_amount@grid_mapping");
  EXPECT_EQ(text(mapping + "@grid_mapping_name"), "polar_stereographic");
  expect_in("PROJ", text(mapping + "@crs_wkt"));
  const RasterArray* amount = file->find("rainfall_amount");
  ASSERT_NE(amount, nullptr);
  EXPECT_EQ(amount->unit, "mm");
  EXPECT_EQ(amount->missing, static_cast<double>(kMissingPixel));
  EXPECT_EQ(amount->shape, (std::vector<std::int64_t>{2, kHeight, kWidth}));
  const RasterArray* reference = file->find("forecast_reference_time");
  ASSERT_NE(reference, nullptr);
  EXPECT_EQ(file->read(*reference, {}, {}).front(), static_cast<double>(kReference));
  const RasterArray* leads = file->find("forecast_period");
  ASSERT_NE(leads, nullptr);
  EXPECT_EQ(file->read(*leads, std::vector<std::int64_t>{0}, leads->shape), (std::vector<double>{300, 600}));
}

TEST_F(RasterOutputTest, GeotiffIsReadAgainAndSaysWhatItIs) {
  for (const Quantity quantity : {Quantity::kRate, Quantity::kAccumulation, Quantity::kReflectivity}) {
    const SourceInfo source = source_of(Quantity::kRate);
    const std::string path = folder_ / format("tif{}", static_cast<int>(quantity));
    write(path, source, {.quantity = quantity, .step_seconds = kStep, .thresholds = {1}}, FolderFiles::kGeotiff);
    expect_written(read(path), source, quantity);
  }
  const std::string path = folder_ / "tif2/forecast_lead_002_201008260510.tif";
  GDALDataset* dataset = GDALDataset::Open(path.c_str());
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->GetRasterCount(), 2);
  EXPECT_STREQ(dataset->GetMetadataItem("forecast_reference_time"), "2010-08-26T05:00:00Z");
  EXPECT_STREQ(dataset->GetMetadataItem("attribution"), "measured by nobody");
  EXPECT_STREQ(dataset->GetRasterBand(1)->GetUnitType(), "mm h-1");
  EXPECT_STREQ(dataset->GetRasterBand(2)->GetDescription(), "probability_ge_1");
  GDALClose(dataset);
}

TEST_F(RasterOutputTest, GeographicGridsHaveLongitudesAndLatitudes) {
  SourceInfo source = source_of(Quantity::kRate);
  source.place = {.projection = to_wkt("EPSG:4326"), .transform = {5, 0.01, 0, 53, 0, -0.01}};
  const std::string path = folder_ / "degrees.nc";
  write(path, source, {.step_seconds = kStep});
  const Recording recording = read(path);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(recording.info.place.transform[i], source.place.transform[i], 1e-9) << i;
  }
  const auto file = open_raster(path, RasterView::kArrays);
  EXPECT_EQ(file->find("latitude")->unit, "degrees_north");
}

TEST_F(RasterOutputTest, WithoutAPlaceThereAreRowsAndColumns) {
  SourceInfo source = source_of(Quantity::kRate);
  source.place = {};
  const std::string path = folder_ / "nowhere.nc";
  write(path, source, {.step_seconds = kStep});
  const Recording recording = read(path);
  EXPECT_FALSE(recording.info.place.known());
  EXPECT_EQ(recording.frames.at(1).pixels.at(3), 5);
}

TEST_F(RasterOutputTest, WhatCannotBeWritten) {
  const WriterOptions picture{.height = 2, .width = 2, .channels = 1};
  expect_in("holds rain", rejection([&] { make_writer(folder_ / "a.nc", picture); }));
  // A forecast that is not whole leaves nothing.
  WriterOptions options = picture;
  options.raster.emplace().layers.push_back({.name = "rainfall_rate", .unit = "mm h-1"});
  options.frames = 2;
  {
    const auto writer = make_writer(folder_ / "b.nc", options);
    Frame frame;
    frame.height = frame.width = 2;
    frame.channels = 1;
    frame.pixels.assign(4, 1);
    expect_in("do not have", rejection([&] { writer->write(frame, {.lead_time = 1, .seconds = 300}); }));
    frame.time = kReference + 300;
    writer->write(frame, {.lead_time = 1, .seconds = 300});
    EXPECT_THROW(writer->close(), Error);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b.nc"));
}

TEST_F(RasterOutputTest, PixelsHaveASizeOnTheGround) {
  const GeoReference degrees{.projection = to_wkt("EPSG:4326"), .transform = {10, 0.02, 0, 60.005, 0, -0.01}};
  const auto [height, width] = pixel_kilometres(degrees, 1, 1);
  EXPECT_NEAR(height, 1.112, 0.003);
  EXPECT_NEAR(width, 1.112, 0.003);  // two hundredths of a degree at half the circumference
  expect_in("not known", rejection([] { pixel_kilometres({}, 1, 1); }));
}

}  // namespace
}  // namespace nextframe
