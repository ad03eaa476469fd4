#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/json/value.h"
#include "tests/app/shared_folder.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

const std::string kFixtures = NEXTFRAME_SOURCE "/tests/golden/radar/";
/// 00:05 and 00:10, and a third file whose contents are dated otherwise than its name.
const std::string kRecording = kFixtures + "RAD_NL25_RAP_5min_%Y%m%d%H%M.h5";

bool reads_radar() { return run({"--version"}).out.find("without GDAL") == std::string::npos; }

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << "expected \"" << part << "\" in \"" << text << "\"";
}

/// Radar from the command line, on files of 2x3 pixels.
class Radar : public SharedFolder<Radar> {
 public:
  static void fill() {
    if (!reads_radar()) return;
    write_text(*folder_ / "tiny.json", R"({
      "model": { "predict": "change", "levels": [ { "conv": { "channels": 2, "kernel": 3 }, "hidden": 2, "kernel": 3 } ] },
      "data": { "sources": [ { "type": "radar", "path": ")" +
                                           kRecording + R"(" } ],
                "context": 1, "horizon": 1, "mask_channel": true, "cache": { "dir": "cache" },
                "split": { "train": 1, "validation": 0, "test": 0 } },
      "train": { "batch": 1, "steps": 2 } })");
    const Outcome trained = run({"train", "tiny.json", "--out", "model"}, here());
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    expect_in("is dated 2010-08-26 03:00 UTC inside", trained.err);
    expect_in("1 of 3 time steps", trained.err);
  }

 protected:
  void SetUp() override {
    if (!reads_radar()) GTEST_SKIP() << "built without GDAL";
  }
};

TEST_F(Radar, InspectSaysWhatThereIs) {
  const Outcome outcome = run({"inspect", kRecording, "--json", "--plot", "rain.png"}, here());
  const Outcome again = run({"inspect", kRecording, "--plot", "rain.png"}, here());
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("rain.png: exists already"), std::string::npos) << again.err;
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "out");
  const json::Value& clip = document.at("clips", "").items("clips").front();
  EXPECT_EQ(clip.at("start", "").get<std::string>("start"), "2010-08-26 00:05 UTC");
  EXPECT_EQ(clip.at("step_seconds", "").get<double>("step"), 300);
  EXPECT_EQ(clip.at("frames", "").get<int>("frames"), 3);
  EXPECT_EQ(clip.at("missing_frames", "").items("missing").size(), 1U);
  EXPECT_EQ(clip.at("valid_pixels", "").get<int>("valid"), 10);
  // 2.5 mm in 5 minutes.
  EXPECT_NEAR(clip.at("largest_rate", "").get<double>("largest"), 30, 1e-4);
  EXPECT_EQ(clip.at("corners", "").items("corners").size(), 4U);
  EXPECT_GT(fs::file_size(*folder_ / "rain.png"), 1000U);
  expect_in("KNMI precipitation", run({"inspect", kRecording}, here()).out);
  expect_in("KNMI precipitation", run({"inspect", "tiny.json"}, here()).out);
}

TEST_F(Radar, ForecastsNeedTheirContext) {
  const std::vector<std::string> forecast{"forecast", "model", kRecording, "-o", "out.npy", "--overwrite"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), forecast.begin(), forecast.end());
    return run(more, here());
  };
  const Outcome refused = with({});
  EXPECT_EQ(refused.exit_code, 2);
  expect_in("--allow-missing", refused.err);
  EXPECT_FALSE(fs::exists(*folder_ / "out.npy"));
  EXPECT_EQ(with({"--allow-missing"}).exit_code, 0);
  const Outcome dated = with({"--at", "2010-08-26T00:15"});
  EXPECT_EQ(dated.exit_code, 0) << dated.err;
  EXPECT_TRUE(fs::exists(*folder_ / "out.npy"));
  EXPECT_EQ(with({"--at", "2010-08-27T00:00"}).exit_code, 2);
}

TEST_F(Radar, InputsAreFoundAgainByAModel) {
  const std::string field = kFixtures + "RAD_NL25_RAP_5min_201008260005.h5";
  const json::Value config = json::read_file(*folder_ / "tiny.json");
  json::Value data = config.at("data", "");
  data.set("inputs",
           json::parse(R"([ { "name": "again", "path": ")" + kRecording +
                           R"(", "floor": 0, "ceiling": 2.5 }, { "name": "height", "type": "raster", "path": ")" +
                           field + R"(#image1/image_data", "mean": 100, "deviation": 50 } ])",
                       "inputs"));
  json::Value with_inputs = config;
  with_inputs.set("data", data);
  write_text(*folder_ / "inputs.json", with_inputs.dump(2));
  const Outcome trained = run({"train", "inputs.json", "--out", "seeing"}, here());
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  ASSERT_EQ(run({"train", "inputs.json", "--out", "seeing", "--resume", "--steps", "3"}, here()).exit_code, 0);
  const std::vector<std::string> forecast{"forecast", "seeing", kRecording, "--at", "2010-08-26T00:15", "--overwrite"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), forecast.begin(), forecast.end());
    return run(more, here());
  };
  ASSERT_EQ(with({"-o", "a.npy"}).exit_code, 0);
  // The same field from elsewhere, another one, and none.
  fs::copy_file(field, *folder_ / "copy.h5");
  ASSERT_EQ(with({"-o", "b.npy", "--input", "height=copy.h5#image1/image_data"}).exit_code, 0);
  EXPECT_EQ(read_text(*folder_ / "a.npy"), read_text(*folder_ / "b.npy"));
  const std::string other = kFixtures + "RAD_NL25_RAP_5min_201008260010.h5#image1/image_data";
  ASSERT_EQ(with({"-o", "c.npy", "--input", "height=" + other}).exit_code, 0);
  EXPECT_NE(read_text(*folder_ / "a.npy"), read_text(*folder_ / "c.npy"));
  const Outcome unknown = with({"-o", "d.npy", "--input", "depth=copy.h5"});
  EXPECT_EQ(unknown.exit_code, 2);
  expect_in("NAME=PATH of again, height", unknown.err);
  const Outcome absent = with({"-o", "d.npy", "--input", "height=gone.tif"});
  EXPECT_EQ(absent.exit_code, 2);
  expect_in("gone.tif", absent.err);
  const std::vector<std::string> evaluate{"evaluate", "seeing", "--split", "train", "--metrics", "mae"};
  const Outcome scored = run(evaluate, here());
  EXPECT_EQ(scored.exit_code, 0) << scored.err;
  const Outcome recording =
      run({"evaluate", "seeing", kRecording, "--input", "height=copy.h5#image1/image_data"}, here());
  EXPECT_EQ(recording.exit_code, 0) << recording.err;
  EXPECT_EQ(run({"bench", "inputs.json", "--rounds", "1"}, here()).exit_code, 0);
  EXPECT_EQ(run({"inspect", "inputs.json"}, here()).exit_code, 0);
}

TEST_F(Radar, AModelOfRainTakesRainOnly) {
  write_text(*folder_ / "picture.pgm", "P5\n3 2\n255\nabcdef");
  const Outcome picture = run({"forecast", "model", "picture.pgm", "-o", "other.npy"}, here());
  EXPECT_EQ(picture.exit_code, 2);
  expect_in("fits no row of the table of products", picture.err);
  // Reflectivities are converted: another quantity of another product.
  const std::string dbz = kFixtures + "RAD_NL25_PCP_NA_201008260005.h5";
  const Outcome converted = run({"forecast", "model", dbz, "-o", "dbz.npy"}, here());
  EXPECT_EQ(converted.exit_code, 0) << converted.err;
}

TEST_F(Radar, WrongProductsAreRefused) {
  const Outcome unknown = run({"inspect", kRecording, "--product", "knmi-acumulation"}, here());
  EXPECT_EQ(unknown.exit_code, 2);
  expect_in("did you mean \"knmi-accumulation\"", unknown.err);
  const Outcome unfit = run({"inspect", kRecording, "--product", "odim"}, here());
  EXPECT_EQ(unfit.exit_code, 2);
  expect_in("/image1/image_data [2,3] UInt16", unfit.err);
  expect_in("odim: the file lacks @Conventions", unfit.err);
}

/// MAE of a forecaster at every lead time.
std::vector<double> errors_of(const json::Value& document, std::size_t forecaster) {
  std::vector<double> found;
  const json::Value& metrics = document.at("forecasters", "").items("").at(forecaster).at("metrics", "");
  for (const json::Value& value : metrics.at("mae", "").at("by_lead_time", "").items("")) {
    found.push_back(value.get<double>(""));
  }
  return found;
}

TEST_F(Radar, WritesNetcdfThatEvaluateScores) {
  const auto knmi = shared_data("knmi");
  if (!knmi) GTEST_SKIP() << "knmi is absent; NEXTFRAME_DATA names the folder of the public data";
  // The default is netCDF in the present folder, named after the input.
  const Outcome one =
      run({"forecast", "--baseline", "persistence", *knmi, "--at", "2010-08-26T05:00", "--frames", "3"}, here());
  ASSERT_EQ(one.exit_code, 0) << one.err;
  ASSERT_TRUE(fs::exists(*folder_ / "knmi-forecast.nc"));
  const Outcome inspected = run({"inspect", "knmi-forecast.nc", "--json"}, here());
  ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
  const json::Value document = json::parse(inspected.out, "out");
  const json::Value& clip = document.at("clips", "").items("clips").front();
  EXPECT_EQ(clip.at("start", "").get<std::string>("start"), "2010-08-26 05:00 UTC");
  EXPECT_EQ(clip.at("frames", "").get<int>("frames"), 3);
  // Persistence beside persistence: the dates find the same fields.
  const Outcome scored = run({"evaluate", "knmi-forecast.nc", *knmi, "--metrics", "mae", "--json"}, here());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const json::Value scores = json::parse(scored.out, "out");
  const std::vector<double> written = errors_of(scores, 0), persistence = errors_of(scores, 1);
  ASSERT_EQ(written.size(), 3U);
  EXPECT_GT(written[0], 0);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(written[i], persistence[i], 1e-5 * persistence[i]) << i;
}

TEST_F(Radar, HindcastsAreFilesThatEvaluateScores) {
  // Twelve fields of rain that grows, as the Finnish Meteorological Institute names them; one is missing.
  fs::create_directory(*folder_ / "fmi");
  for (int i = 0; i < 12; ++i) {
    if (i == 9) continue;
    std::string pixels;
    for (int pixel = 0; pixel < 64; ++pixel) pixels += static_cast<char>(60 + 8 * i + pixel % 8);
    const std::string minute = (i < 2 ? "0" : "") + std::to_string(5 * i);
    write_text(*folder_ / ("fmi/2016092812" + minute + "_fmi.radar.composite.lowest.pgm"), "P5\n8 8\n255\n" + pixels);
  }
  const std::vector<std::string> starts{"201609281205", "201609281220", "201609281235"};
  for (const std::string format : {"netcdf", "geotiff"}) {
    const std::vector<std::string> forecast{"forecast", "--baseline", "persistence", "--context", "2",  "fmi",
                                            "--every",  "3",          "--frames",    "2",         "-o", format + "/",
                                            "--format", format,       "--unit",      "dBZ"};
    const Outcome made = run(forecast, here());
    ASSERT_EQ(made.exit_code, 0) << made.err;
    std::vector<std::string> expected;
    for (const std::string& start : starts) expected.push_back("forecast_" + start + (format == "netcdf" ? ".nc" : ""));
    EXPECT_EQ(names_in(*folder_ / format), expected);
    const Outcome scored = run({"evaluate", format, "fmi", "--metrics", "mae", "--json"}, here());
    ASSERT_EQ(scored.exit_code, 0) << scored.err;
    const json::Value document = json::parse(scored.out, "out");
    EXPECT_EQ(document.at("sequences", "").get<int>(""), 3);
    // The field that is missing counts for nothing.
    const auto& valid = document.at("valid_pixels", "").items("");
    EXPECT_EQ(valid.at(0).get<int>(""), 3 * 64);
    EXPECT_EQ(valid.at(1).get<int>(""), 2 * 64);
    const std::vector<double> written = errors_of(document, 0), persistence = errors_of(document, 1);
    ASSERT_EQ(written.size(), 2U);
    EXPECT_GT(written[0], 0);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(written[i], persistence[i], 1e-4 * persistence[i]) << i;
    EXPECT_EQ(run(forecast, here()).exit_code, 2) << "earlier forecasts are not replaced unasked";
  }
}

TEST_F(Radar, MapsAndProbabilities) {
  const std::vector<std::string> forecast{"forecast", "--baseline", "persistence",      "--context", "1",
                                          kRecording, "--at",       "2010-08-26T00:15", "--frames",  "2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), forecast.begin(), forecast.end());
    return run(more, here());
  };
  for (const std::string output : {"maps.mp4", "maps.gif", "maps/"}) {
    const Outcome made = with({"-o", output, "--probability", "--threshold", "0.5,10"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_TRUE(fs::exists(folder_->path() / output)) << output;
  }
  EXPECT_EQ(names_in(folder_->path() / "maps").size(), 2U);
  ASSERT_EQ(
      with({"-o", "chances.nc", "--probability", "--threshold", "0.5,10", "--radius", "3", "--unit", "mm"}).exit_code,
      0);
  expect_in("mm", run({"inspect", "chances.nc"}, here()).out);
  const auto expect_refused = [&](std::vector<std::string> more, const std::string& message) {
    const Outcome refused = with(std::move(more));
    EXPECT_EQ(refused.exit_code, 2) << refused.err;
    expect_in(message, refused.err);
  };
  expect_refused({"-o", "maps.tif"}, "--format geotiff");
  expect_refused({"-o", "a.npy", "--probability"}, "--probability: for .nc");
  expect_refused({"-o", "a.nc", "--threshold", "1"}, "for --probability only");
  expect_refused({"-o", "a.nc", "--probability", "--radius", "0"}, "above 0");
  expect_refused({"-o", "a.mp4", "--unit", "mm"}, "maps are in mm/h");
  expect_refused({"-o", "a.nc", "--format", "geotiff"}, "says what a folder gets");
  expect_refused({"-o", "a.nc", "--interval", "1"}, "for --watch only");
}

TEST_F(Radar, PicturesAreNoNetcdf) {
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "12", "-o", "balls.npy"}, here()).exit_code, 0);
  const Outcome outcome = run({"forecast", "--baseline", "persistence", "balls.npy", "-o", "balls.nc"}, here());
  EXPECT_EQ(outcome.exit_code, 2);
  expect_in("no measure of rain", outcome.err);
  EXPECT_EQ(run({"forecast", "--baseline", "persistence", "balls.npy", "--unit", "mm"}, here()).exit_code, 2);
}

TEST(RadarFromTheCommandLine, WithoutGdalTheProgramSaysSo) {
  if (reads_radar()) GTEST_SKIP() << "built with GDAL";
  const Outcome outcome = run({"inspect", kRecording, "--product", "odim"});
  EXPECT_EQ(outcome.exit_code, 2);
  expect_in("built without GDAL", outcome.err);
}

}  // namespace
}  // namespace nextframe::test
