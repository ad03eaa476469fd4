#include "core/loss/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"

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

}  // namespace
}  // namespace nextframe
