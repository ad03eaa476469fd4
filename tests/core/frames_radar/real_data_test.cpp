#include <cmath>
#include <string>

#include "core/frames/radar/raster_file.h"
#include "core/frames/radar_source.h"
#include "core/json/value.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

/// What tests/golden/radar_golden.py has measured by h5py and netCDF4.
const json::Value& statistics() {
  static const json::Value kAll = json::read_file(NEXTFRAME_SOURCE_DIR "/tests/golden/radar_statistics.json");
  return kAll;
}

double number(const json::Value& object, const char* key) { return object.at(key, key).get<double>(key); }

/// Reads each file of one folder that the statistics know; returns how many there are, 0 where the data are absent.
int compare(const std::string& service, double dry, std::int64_t interval) {
  const std::string folder = testing::real_data();
  if (folder.empty() || !std::filesystem::exists(folder + "/" + service)) return 0;
  int compared = 0;
  for (const auto& [name, expected] : statistics().at("statistics", "statistics").members("statistics")) {
    if (!name.starts_with(service + "/")) continue;
    SourceOptions options;
    options.path = folder + "/" + name;
    const auto source = list_radar(options).at(0).open();
    Frame frame;
    EXPECT_TRUE(source->next(frame)) << name;
    double sum = 0, largest = -1e9;
    std::int64_t valid = 0, above = 0;
    for (std::size_t i = 0; i < frame.pixels.size(); ++i) {
      if (frame.mask[i] == 0) continue;
      ++valid;
      sum += frame.pixels[i];
      largest = std::max<double>(largest, frame.pixels[i]);
      above += frame.pixels[i] > dry ? 1 : 0;
    }
    EXPECT_EQ(static_cast<double>(frame.pixels.size()), number(expected, "pixels")) << name;
    EXPECT_EQ(static_cast<double>(valid), number(expected, "valid")) << name;
    EXPECT_EQ(static_cast<double>(above), number(expected, "above")) << name;
    EXPECT_NEAR(largest, number(expected, "largest"), 1e-5) << name;
    EXPECT_NEAR(sum, number(expected, "sum"), 1e-6 * std::abs(sum) + 1e-3) << name;
    if (interval > 0) {
      EXPECT_EQ(source->info().measurement.interval_seconds, interval) << name;
    }
    ++compared;
  }
  return compared;
}

TEST(RealRadar, Knmi) {
  if (compare("knmi", 0, 300) == 0) GTEST_SKIP() << "the KNMI data are not here";
}

TEST(RealRadar, Bom) {
  if (compare("bom", 0, 360) == 0) GTEST_SKIP() << "the BOM data are not here";
}

TEST(RealRadar, Fmi) {
  if (compare("fmi", kNoEchoDbz, 0) == 0) GTEST_SKIP() << "the FMI data are not here";
}

// The file gives its corners to three decimals of a degree, some 50 m: ours are the same when rounded so. The exact ones
// were worked out with PROJ alone, from the numbers of KNMI's own description of the grid, and ours lie within a metre.
TEST(RealRadar, CornersOfKnmi) {
  const std::string folder = testing::real_data();
  if (folder.empty() || !std::filesystem::exists(folder + "/knmi")) GTEST_SKIP() << "the KNMI data are not here";
  SourceOptions options;
  options.path = folder + "/knmi/RAD_NL25_RAP_5min_201008260000.h5";
  const SourceInfo info = list_radar(options).at(0).open()->info();
  const auto& t = info.place.transform;
  const double right = t[0] + t[1] * static_cast<double>(info.width);
  const double lower = t[3] + t[5] * static_cast<double>(info.height);
  const std::array<std::array<double, 2>, 4> corners{{{t[0], lower}, {t[0], t[3]}, {right, t[3]}, {right, lower}}};
  const std::array<std::array<double, 2>, 4> exact{{{0, 49.362054793776},
                                                    {0, 55.973562071157},
                                                    {10.856413348063, 55.388936553594},
                                                    {9.009275651861, 48.895298312905}}};
  const json::Value::Array& said = statistics().at("knmi_corners", "").items("knmi_corners");
  for (std::size_t i = 0; i < 4; ++i) {
    const auto found = unproject(info.place.projection, corners[i][0], corners[i][1]);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(found[k], said[2 * i + k].get<double>("corner"), 0.000501) << i;
      EXPECT_NEAR(found[k], exact[i][k], 1e-9) << i;
    }
    const auto [x, y] = project(info.place.projection, exact[i][0], exact[i][1]);
    EXPECT_LT(std::hypot(x - corners[i][0], y - corners[i][1]), 1) << i;
  }
}

}  // namespace
}  // namespace nextframe
