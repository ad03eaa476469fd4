#include "core/loss/loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "core/metrics/metric_table.h"

namespace nextframe {
namespace {

Tensor upload(Backend& backend, const Shape& shape, const std::vector<double>& values) {
  Tensor tensor = backend.allocate(shape, DType::kFloat64);
  backend.upload(values.data(), tensor);
  return tensor;
}

std::vector<double> download(Backend& backend, const Tensor& tensor) {
  std::vector<double> values(static_cast<std::size_t>(tensor.elements()));
  backend.download(tensor, values.data());
  return values;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12) << i;
}

struct Case {
  LossOptions options{};
  std::vector<double> prediction{1, 3, -1, 2};
  std::vector<double> target{0, 1, 1, 2};
  std::vector<float> mask{};
  double loss = 0;
  std::vector<double> gradient{};
};

/// Two lead times of one sequence, one row of two pixels.
void check(const Case& c) {
  ReferenceBackend backend;
  Loss loss(backend, DType::kFloat64, c.options, 2);
  const Shape shape{2, 1, 1, 2, 1};
  const Tensor gradient = backend.allocate(shape, DType::kFloat64);
  Tensor mask;
  if (!c.mask.empty()) mask = upload(backend, shape, std::vector<double>(c.mask.begin(), c.mask.end()));
  loss.begin();
  loss.add(upload(backend, shape, c.prediction), upload(backend, shape, c.target), mask,
           loss.valid_weight(shape, c.mask), gradient);
  EXPECT_NEAR(loss.value(), c.loss, 1e-12);
  expect_near(download(backend, gradient), c.gradient);
}

TEST(Loss, MeanSquaredErrorIsTheDefault) { check({.loss = 9.0 / 4, .gradient = {0.5, 1, -1, 0}}); }

TEST(Loss, TermsAddUpWithTheirWeights) {
  LossOptions options;
  options.mse = 2;
  options.mae = 4;
  check({.options = options, .loss = 2 * 9.0 / 4 + 4 * 5.0 / 4, .gradient = {2, 3, -3, 0}});
}

TEST(Loss, HuberTurnsLinearAtDelta) {
  LossOptions options;
  options.huber = 1;
  options.huber_delta = 1.5;
  check({.options = options, .loss = (0.5 + 1.875 + 1.875) / 4, .gradient = {0.25, 0.375, -0.375, 0}});
}

TEST(Loss, CrossEntropy) {
  LossOptions options;
  options.bce = 1;
  check({.options = options,
         .prediction = {0.5, 0.25, 0.8, 0.5},
         .target = {1, 0, 1, 0.5},
         .loss = -(std::log(0.5) + std::log(0.75) + std::log(0.8) + std::log(0.5)) / 4,
         .gradient = {-0.5, 1 / 0.75 / 4, -1 / 0.8 / 4, 0}});
}

TEST(Loss, MaskedPixelsCountForNothing) {
  check({.mask = {1, 0, 1, 1}, .loss = (1.0 + 4) / 3, .gradient = {2.0 / 3, 0, -4.0 / 3, 0}});
}

TEST(Loss, NoValidPixelIsNoLoss) { check({.mask = {0, 0, 0, 0}, .loss = 0, .gradient = {0, 0, 0, 0}}); }

TEST(Loss, LeadTimesWeighTheirErrorsAndTheMean) {
  LossOptions options;
  options.lead_weights = {1, 3};
  check({.options = options, .loss = (5.0 + 3 * 4) / (2 * 1 + 2 * 3), .gradient = {0.25, 0.5, -1.5, 0}});
}

TEST(Loss, ChannelsShareAMaskAndCountInTheMean) {
  ReferenceBackend backend;
  const Loss loss(backend, DType::kFloat64, {}, 1);
  const std::vector<float> mask{1, 0};
  EXPECT_DOUBLE_EQ(loss.valid_weight({1, 1, 1, 2, 3}, mask), 3);
  EXPECT_DOUBLE_EQ(loss.valid_weight({1, 1, 1, 2, 3}, {}), 6);
}

TEST(Loss, RejectsLeadWeightsThatDoNotFit) {
  ReferenceBackend backend;
  for (const std::vector<double>& weights : {std::vector<double>{1, 2, 3}, {0, 0}, {1, -1}, {1, std::nan("")}}) {
    LossOptions options;
    options.lead_weights = weights;
    EXPECT_THROW(Loss(backend, DType::kFloat64, options, 2), Error);
  }
}

TEST(Loss, BalancedErrorsWeighHeavyRain) {
  // Observed 0, 1, 1, 2: the first pixel has weight 1, those at the threshold 10, the last one 20.
  LossOptions options;
  options.rain_weights = {.thresholds = {1, 1.5}, .weights = {1, 10, 20}};
  options.bmse = 1;
  check({.options = options, .loss = (1.0 + 40 + 40) / 4, .gradient = {0.5, 10, -10, 0}});
  options.bmse = 0;
  options.bmae = 1;
  check({.options = options, .loss = (1.0 + 20 + 20) / 4, .gradient = {0.25, 2.5, -2.5, 0}});
  EXPECT_TRUE(uses_rain_weights(options));
  EXPECT_FALSE(uses_rain_weights({}));
}

TEST(Loss, ThresholdsComeInTheNetworksNumbers) {
  ReferenceBackend backend;
  LossOptions options;
  options.bmae = 1;
  options.rain_weights = {.thresholds = {30}, .weights = {1, 100}};
  Loss loss(backend, DType::kFloat64, options, 1, {.range = 1, .rain_thresholds = std::vector<double>{0.5}});
  const Shape shape{1, 1, 1, 2, 1};
  loss.begin();
  loss.add(upload(backend, shape, {0, 0}), upload(backend, shape, {0.25, 0.75}), {}, 2, {});
  EXPECT_NEAR(loss.value(), (0.25 + 100 * 0.75) / 2, 1e-12);
}

TEST(Loss, RejectsRainWeightsThatDoNotFit) {
  ReferenceBackend backend;
  for (const RainWeightOptions& weights :
       {RainWeightOptions{{1, 2}, {1, 2}}, RainWeightOptions{{2, 1}, {1, 2, 3}}, RainWeightOptions{{}, {1}}}) {
    LossOptions options;
    options.rain_weights = weights;
    EXPECT_NO_THROW(Loss(backend, DType::kFloat64, options, 2)) << "not used";
    options.bmse = 1;
    EXPECT_THROW(Loss(backend, DType::kFloat64, options, 2), Error);
  }
}

/// Spots of rain, 32x32, `shift` columns further right around the field.
std::vector<double> spots(std::int64_t shift) {
  std::vector<double> field;
  for (std::int64_t y = 0; y < 32; ++y) {
    for (std::int64_t x = 0; x < 32; ++x) {
      field.push_back((y / 3 % 4 == 1 && (x + 32 - shift) % 32 / 2 % 5 == 2) ? 0.9 : 0.1);
    }
  }
  return field;
}

double loss_of(const LossOptions& options, const std::vector<double>& prediction, const std::vector<double>& target) {
  ReferenceBackend backend;
  Loss loss(backend, DType::kFloat64, options, 1);
  const Shape shape{1, 1, 32, 32, 1};
  loss.begin();
  loss.add(upload(backend, shape, prediction), upload(backend, shape, target), {}, loss.valid_weight(shape, {}), {});
  return loss.value();
}

// What cannot be known, here where the spots are, makes the squared error prefer the mean of all places; the spectral
// term takes any sharp one of them.
TEST(Loss, SpectralTermPrefersASharpGuessToABlurredOne) {
  std::vector<double> blurred(32 * 32, 0.0);
  for (std::int64_t shift = 0; shift < 32; ++shift) {
    const std::vector<double> one = spots(shift);
    for (std::size_t i = 0; i < blurred.size(); ++i) blurred[i] += one[i] / 32;
  }
  LossOptions mse, spectral;
  spectral.spectral = 1;
  EXPECT_LT(loss_of(mse, blurred, spots(3)), 0.7 * loss_of(mse, spots(0), spots(3)));
  EXPECT_NEAR(loss_of(spectral, spots(0), spots(3)), 0.0, 1e-12);
  EXPECT_GT(loss_of(spectral, blurred, spots(3)), 0.01);
  EXPECT_LE(loss_of(spectral, blurred, spots(3)), loss_of(mse, blurred, spots(3)));
}

TEST(Loss, StructuralTermIsWhatTheScoreMeasures) {
  LossOptions options;
  options.ssim = 1;
  const std::vector<double> truth = spots(0);
  std::vector<double> forecast = spots(1);
  for (std::size_t i = 0; i < forecast.size(); i += 3) forecast[i] += 0.05;
  const std::vector<float> a(forecast.begin(), forecast.end()), b(truth.begin(), truth.end());
  const auto ssim = make_ssim(1);
  ssim->add(0, {.forecast = a.data(), .truth = b.data(), .height = 32, .width = 32});
  EXPECT_NEAR(loss_of(options, forecast, truth), 1 - ssim->overall().value.value(), 1e-6);
  EXPECT_NEAR(loss_of(options, truth, truth), 0.0, 1e-12);
}

TEST(Loss, FramesWeighByTheirValidPixels) {
  // The first frame is met but for one pixel in eight, the second one has half its pixels.
  ReferenceBackend backend;
  LossOptions options;
  options.spectral = 1;
  Loss loss(backend, DType::kFloat64, options, 2);
  const Shape shape{2, 1, 2, 4, 1};
  std::vector<float> mask(16, 1);
  std::fill(mask.begin() + 12, mask.end(), 0.0f);
  std::vector<double> prediction(16, 0.0), target(16, 0.0);
  target[0] = target[8] = target[15] = 2;
  loss.begin();
  loss.add(upload(backend, shape, prediction), upload(backend, shape, target),
           upload(backend, shape, std::vector<double>(mask.begin(), mask.end())), loss.valid_weight(shape, mask), {});
  EXPECT_NEAR(loss.value(), (4.0 + 4.0) / 12, 1e-12);
}

}  // namespace
}  // namespace nextframe
