#include "core/metrics/power_spectrum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/json/value.h"
#include "tests/core/metrics/rain_fields.h"

namespace nextframe {
namespace {

using test::expect_close;

void expect_spectrum(const std::vector<double>& got, const json::Value& golden, const std::string& what) {
  const json::Value::Array& expected = golden.items(what);
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t r = 0; r < got.size(); ++r) {
    const double power = expected[r].get<double>(what);
    expect_close(got[r], power, 1e-4 * power, what + " at " + std::to_string(r));
  }
}

TEST(PowerSpectra, EqualThoseOfNumPy) {
  const json::Value golden = json::read_file(std::string(NEXTFRAME_GOLDEN) + "/spectra.json");
  for (const json::Value& one : golden.at("cases", "golden").items("cases")) {
    const auto height = one.at("height", "golden").get<std::int64_t>("height");
    const auto width = one.at("width", "golden").get<std::int64_t>("width");
    const std::vector<float> truth = test::rain(11, height * width), forecast = test::rain(12, height * width);
    std::vector<float> mask = test::numbers(13, height * width);
    for (float& m : mask) m = m >= 0.25F ? 1 : 0;
    PowerSpectra spectra(2, FieldKind::kRain);
    const FramePair pair{forecast.data(), truth.data(), mask.data(), height, width, 1};
    // The mean of a frame and itself is itself.
    spectra.add(1, pair);
    spectra.add(1, pair);
    const std::vector<MeanSpectra> means = spectra.per_lead();
    EXPECT_EQ(means[0].frames, 0);
    EXPECT_TRUE(means[0].truth.empty());
    EXPECT_EQ(means[1].frames, 2);
    expect_spectrum(means[1].truth, one.at("truth", "golden"), "truth");
    expect_spectrum(means[1].forecast, one.at("forecast", "golden"), "forecast");
    EXPECT_EQ(spectra.wavelengths().size() + 1, means[1].truth.size());
  }
}

TEST(PowerSpectra, BlurShowsAtSmallScales) {
  const std::vector<float> truth = test::numbers(1, 32 * 32);
  std::vector<float> blurred(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const std::size_t row = i / 32 * 32;
    blurred[i] = (truth[i] + truth[row + (i + 1) % 32] + truth[row + (i + 31) % 32]) / 3;
  }
  PowerSpectra spectra(1, FieldKind::kPicture);
  spectra.add(0, {blurred.data(), truth.data(), nullptr, 32, 32, 1});
  const MeanSpectra mean = spectra.per_lead()[0];
  EXPECT_GT(mean.forecast[1] / mean.truth[1], 0.9);
  EXPECT_LT(mean.forecast[15] / mean.truth[15], 0.5);
  EXPECT_DOUBLE_EQ(spectra.wavelengths()[15], 2);
}

TEST(PowerSpectra, NothingValidIsLeftOut) {
  const std::vector<float> frame(64, 1), mask(64, 0);
  PowerSpectra spectra(1, FieldKind::kRain);
  spectra.add(0, {frame.data(), frame.data(), mask.data(), 8, 8, 1});
  EXPECT_EQ(spectra.per_lead()[0].frames, 0);
  EXPECT_EQ(spectra.per_lead()[0].left_out, 1);
}

}  // namespace
}  // namespace nextframe
