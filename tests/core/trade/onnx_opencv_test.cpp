// The same by OpenCV's dnn, which wants to know all lengths.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <opencv2/dnn.hpp>

#include "core/base/format.h"
#include "tests/core/trade/exported_network.h"

namespace nextframe::test {
namespace {

cv::Mat mat_of(HostFrames& frames) {
  const std::vector<int> sizes(frames.shape.begin(), frames.shape.end());
  return cv::Mat(sizes, CV_32F, frames.values.data());
}

/// All but those with coordinates, which OpenCV's dnn has no operators to make.
std::vector<NetworkCase> cases_for_opencv() {
  std::vector<NetworkCase> cases;
  std::ranges::copy_if(network_cases(), std::back_inserter(cases),
                       [](const NetworkCase& network) { return !network.name.starts_with("coordinates"); });
  return cases;
}

class OnnxOpenCv : public testing::TestWithParam<NetworkCase> {};

TEST_P(OnnxOpenCv, ForecastsWhatTheNetworkForecasts) {
  ExportedNetwork exported(GetParam());
  for (const Frames& frames : {Frames{1, 12, 12}, Frames{2, 13, 8}}) {
    SCOPED_TRACE(nextframe::format("{}x{}x{}", frames.batch, frames.height, frames.width));
    const std::string file = exported.onnx({.context = ExportedNetwork::kContext,
                                            .frames = ExportedNetwork::kHorizon,
                                            .batch = frames.batch,
                                            .size = {{frames.height, frames.width}}});
    HostFrames drawn = exported.draw_frames(frames);
    const HostFrames expected = exported.forecast(drawn);
    cv::dnn::Net net = cv::dnn::readNetFromONNX(std::vector<uchar>(file.begin(), file.end()));
    net.setInput(mat_of(drawn), "frames");
    const cv::Mat got = net.forward("forecast");
    ASSERT_EQ(got.total(), expected.values.size());
    const auto* values = got.ptr<float>();
    float largest = 0;
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
      const float difference = std::abs(values[i] - expected.values[i]);
      if (!(difference <= largest)) largest = difference;
    }
    EXPECT_TRUE(largest <= 1e-4F) << largest;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxOpenCv, testing::ValuesIn(cases_for_opencv()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace nextframe::test
