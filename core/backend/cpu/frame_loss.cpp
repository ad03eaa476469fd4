// Losses of whole frames, a channel plane of a frame at a time: with m the sum of the frame's mask and
// v = weight scale lead_weights[t] m,
//   sum += v l(p, t)   dprediction = v dl/dp (+ dprediction)
// A thread takes a piece of all planes; their parts of the sum are added in their order.

#include <algorithm>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"
#include "core/backend/cpu/plane_loss.h"

namespace nextframe::cpu {
namespace {

/// What all planes of a call share.
struct Frames {
  const FrameLossSpec& spec;
  std::int64_t height, width, channels, sequences;
  const float* prediction;
  const float* target;
  const float* mask;   ///< or null
  const float* leads;  ///< or null
  float* dprediction;  ///< or null
  bool accumulate;

  std::int64_t area() const { return height * width; }
};

/// A thread's buffers for one plane after the other.
struct PlaneBuffers {
  explicit PlaneBuffers(std::int64_t area)
      : prediction(static_cast<std::size_t>(area)),
        target(prediction),
        derivative(prediction),
        valid(prediction.size(), 1) {}

  std::vector<float> prediction, target, derivative;
  std::vector<std::uint8_t> valid;
};

/// Copies one plane, missing pixels as 0; returns the sum of its mask.
double gather(const Frames& a, std::int64_t frame, std::int64_t channel, PlaneBuffers& buffers) {
  const std::int64_t first = frame * a.area() * a.channels + channel;
  double weight = 0.0;
  for (std::int64_t i = 0; i < a.area(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float here = a.mask != nullptr ? a.mask[frame * a.area() + i] : 1.0f;
    weight += static_cast<double>(here);
    const bool valid = here != 0.0f;
    buffers.valid[at] = valid ? 1 : 0;
    buffers.prediction[at] = valid ? a.prediction[first + i * a.channels] : 0.0f;
    buffers.target[at] = valid ? a.target[first + i * a.channels] : 0.0f;
  }
  return weight;
}

void scatter(const Frames& a, std::int64_t frame, std::int64_t channel, double factor, const PlaneBuffers& buffers) {
  float* to = a.dprediction + frame * a.area() * a.channels + channel;
  for (std::int64_t i = 0; i < a.area(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float derivative =
        factor != 0.0 && buffers.valid[at] != 0 ? static_cast<float>(factor) * buffers.derivative[at] : 0.0f;
    to[i * a.channels] = a.accumulate ? to[i * a.channels] + derivative : derivative;
  }
}

double plane_loss(const Frames& a, std::int64_t number, PlaneBuffers& buffers) {
  const std::int64_t frame = number / a.channels, channel = number % a.channels;
  const double lead = a.leads != nullptr ? static_cast<double>(a.leads[frame / a.sequences]) : 1.0;
  const double factor = a.spec.weight * a.spec.scale * lead * gather(a, frame, channel, buffers);
  double loss = 0.0;
  if (factor != 0.0) {
    const LossPlane plane{.height = a.height,
                          .width = a.width,
                          .prediction = buffers.prediction.data(),
                          .target = buffers.target.data(),
                          .valid = buffers.valid.data(),
                          .derivative = a.dprediction != nullptr ? buffers.derivative.data() : nullptr};
    loss = a.spec.kind == FrameLoss::kSpectral ? spectral_loss(plane)
                                               : structure_loss(plane, static_cast<float>(a.spec.range));
  }
  if (a.dprediction != nullptr) scatter(a, frame, channel, factor, buffers);
  return factor * loss;
}

}  // namespace

void CpuBackend::do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target,
                               const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                               const Tensor& dprediction, Write write) {
  if (prediction.elements() == 0 || threads_.idle()) return;
  const Frames frames{.spec = spec,
                      .height = prediction.dimension(2),
                      .width = prediction.dimension(3),
                      .channels = prediction.dimension(4),
                      .sequences = prediction.dimension(1),
                      .prediction = prediction.data<float>(),
                      .target = target.data<float>(),
                      .mask = mask ? mask.data<float>() : nullptr,
                      .leads = lead_weights ? lead_weights.data<float>() : nullptr,
                      .dprediction = dprediction ? dprediction.data<float>() : nullptr,
                      .accumulate = write == Write::kAccumulate};
  const std::int64_t planes = prediction.elements() / frames.area();
  std::vector<double> parts(static_cast<std::size_t>(planes));
  parallel_for(threads_, planes, 1, [&](std::int64_t first, std::int64_t last) {
    PlaneBuffers buffers(frames.area());
    for (std::int64_t number = first; number < last; ++number) {
      parts[static_cast<std::size_t>(number)] = plane_loss(frames, number, buffers);
    }
  });
  double& total = sum.data<double>()[0];
  for (const double part : parts) total += part;
}

}  // namespace nextframe::cpu
