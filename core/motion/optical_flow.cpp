#include "core/motion/optical_flow.h"

#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr double kDriest = -15;  // dB of a rain rate in mm/h
constexpr double kWettest = 25;
/// OpenCV's flow methods look at patches of 8 pixels on pyramids of at least two levels.
constexpr std::int64_t kSmallestSide = 16;
/// Of pixels that are missing, so that the flow is known everywhere.
constexpr float kLeastWeight = 0.01F;

/// 0..1 for what is seen of a value.
float brightness(float value, FieldKind kind) {
  if (kind == FieldKind::kPicture) return std::clamp(value, 0.0F, 1.0F);
  if (!(value > 0)) return 0;
  const double decibel = std::clamp(10 * std::log10(static_cast<double>(value)), kDriest, kWettest);
  return static_cast<float>((decibel - kDriest) / (kWettest - kDriest));
}

void blur(cv::Mat& image, double sigma) {
  if (sigma > 0) cv::GaussianBlur(image, image, {0, 0}, sigma, sigma, cv::BORDER_REPLICATE);
}

/// What optical flow sees of a field, and where it is known.
struct Scene {
  cv::Mat picture;  ///< 8 bits
  cv::Mat known;    ///< float, 1 or 0
};

/// The mean of the known values around each place with Gaussian weights; far from any of them 0.
Scene scene_of(const ScalarField& field, FieldKind kind, double sigma) {
  const int rows = static_cast<int>(field.height), columns = static_cast<int>(field.width);
  cv::Mat seen(rows, columns, CV_32F, cv::Scalar(0));
  cv::Mat known(rows, columns, CV_32F, cv::Scalar(0));
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const float value = field.at(y, x);
      if (is_missing(value)) continue;
      seen.at<float>(y, x) = brightness(value, kind);
      known.at<float>(y, x) = 1;
    }
  }
  cv::Mat weight = known.clone();
  blur(seen, sigma);
  blur(weight, sigma);
  Scene scene;
  scene.known = known;
  scene.picture.create(rows, columns, CV_8U);
  constexpr float kFar = 1e-4F;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const float total = weight.at<float>(y, x);
      const float mean = total > kFar ? seen.at<float>(y, x) / total : 0;
      scene.picture.at<std::uint8_t>(y, x) = cv::saturate_cast<std::uint8_t>(255 * mean);
    }
  }
  return scene;
}

/// [H,W,2], from `before` to `after`.
cv::Mat dense_flow(const cv::Mat& before, const cv::Mat& after, FlowMethod method) {
  cv::Mat flow;
  switch (method) {
    case FlowMethod::kDis:
      cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM)->calc(before, after, flow);
      break;
    case FlowMethod::kFarneback: {
      constexpr double kPyramid = 0.5;
      constexpr int kLevels = 5, kWindow = 25, kIterations = 4, kNeighbours = 7;
      constexpr double kSigma = 1.5;
      cv::calcOpticalFlowFarneback(before, after, flow, kPyramid, kLevels, kWindow, kIterations, kNeighbours, kSigma,
                                   cv::OPTFLOW_FARNEBACK_GAUSSIAN);
      break;
    }
  }
  return flow;
}

/// How much each pixel's flow counts in its surroundings.
cv::Mat weights_of(const Scene& before, const Scene& after) {
  cv::Mat weights;
  cv::min(before.known, after.known, weights);
  return cv::max(weights, kLeastWeight);
}

void smooth(cv::Mat& component, const cv::Mat& weights, double sigma) {
  if (!(sigma > 0)) return;
  cv::Mat total = weights.clone();
  component = component.mul(weights);
  blur(component, sigma);
  blur(total, sigma);
  cv::divide(component, total, component);
}

bool nothing_to_see(const Scene& scene) {
  double low = 0, high = 0;
  cv::minMaxLoc(scene.picture, &low, &high);
  return low == high;
}

void copy(const cv::Mat& from, float factor, ScalarField& to) {
  for (int y = 0; y < from.rows; ++y) {
    const float* row = from.ptr<float>(y);
    for (int x = 0; x < from.cols; ++x) to.at(y, x) = row[x] * factor;
  }
}

}  // namespace

MotionField optical_flow(std::span<const ScalarField> fields, FieldKind kind, const FlowOptions& options) {
  if (fields.empty()) fail("[motion] optical flow of no field");
  const ScalarField& last = fields.back();
  MotionField motion(last.height, last.width);
  const std::int64_t interval = std::min<std::int64_t>(options.interval, std::ssize(fields) - 1);
  if (interval == 0 || std::min(last.height, last.width) < kSmallestSide) return motion;
  const ScalarField& first = fields[fields.size() - 1 - static_cast<std::size_t>(interval)];
  if (!first.same_size(last)) {
    fail("[motion] optical flow from a field of {}x{} to one of {}x{}", first.width, first.height, last.width,
         last.height);
  }
  const Scene before = scene_of(first, kind, options.field_blur);
  const Scene after = scene_of(last, kind, options.field_blur);
  if (nothing_to_see(before) || nothing_to_see(after)) return motion;

  const cv::Mat flow = dense_flow(before.picture, after.picture, options.method);
  const cv::Mat weights = weights_of(before, after);
  cv::Mat components[2];
  cv::split(flow, components);
  const float per_frame = 1 / static_cast<float>(interval);
  for (cv::Mat& component : components) smooth(component, weights, options.flow_blur);
  copy(components[0], per_frame, motion.u);
  copy(components[1], per_frame, motion.v);
  return motion;
}

}  // namespace nextframe
