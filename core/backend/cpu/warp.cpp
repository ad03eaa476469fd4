// L copies of a frame, each moved along its own flow (Shi et al. 2017): y[p,q] = x[p - v, q - u], bilinear from the four
// pixels around that place, which count 0 beyond the frame. Backward, from what the copies' gradients dy are:
//   dx += weight dy at each of the four pixels      du = -sum over channels of dy times x's slope to the right, dv downwards
// Two passes, each of which sums in one order whatever the number of threads: the flows' gradients pixel by pixel, and
// the frames' for some channels of one image by one thread, since two pixels may have read the same one.

#include <algorithm>
#include <cmath>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/warp.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_WARP_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_WARP_ARGUMENTS
namespace nextframe::cpu {

/// Frames [images,height,width,channels] and rows first_row .. first_row + rows - 1 of their copies, `links` a pixel.
struct Warp {
  DType dtype;
  const void* x;
  const float* flows;
  std::int64_t height, width, first_row, rows, channels, links;
  void* y = nullptr;         ///< forward
  const void* dy = nullptr;  ///< backward
  void* dflows = nullptr;
  float* dx = nullptr;
};

/// The four pixels around the place that a copy is read at: top left, top right, bottom left, bottom right.
struct Corners {
  std::int64_t offset[4];   ///< of their first channels; beyond the frame that of the nearest pixel in it
  float weight[4];          ///< 0 beyond the frame
  float right[4], down[4];  ///< the weights' derivatives by the place
};

/// Those of the copy of pixel (row, column) of an image that begins at `frame`. Places are in double: float would put some a
/// pixel further.
inline Corners corners_of(const Warp& a, std::int64_t frame, std::int64_t row, std::int64_t column, const float* flow) {
  const double i = static_cast<double>(row) - static_cast<double>(flow[1]);
  const double j = static_cast<double>(column) - static_cast<double>(flow[0]);
  Corners corners{};
  if (!(i > -1.0 && i < static_cast<double>(a.height) && j > -1.0 && j < static_cast<double>(a.width))) {
    const float nothing = static_cast<float>(0.0 * i + 0.0 * j);  // or NaN
    for (int k = 0; k < 4; ++k) {
      corners.offset[k] = frame;
      corners.weight[k] = corners.right[k] = corners.down[k] = nothing;
    }
    return corners;
  }
  const double top = std::floor(i), left = std::floor(j);
  const auto first_row = static_cast<std::int64_t>(top), first_column = static_cast<std::int64_t>(left);
  const auto b = static_cast<float>(i - top), c = static_cast<float>(j - left);
  for (int k = 0; k < 4; ++k) {
    const bool lower = k >= 2, righter = k % 2 == 1;
    const std::int64_t r = std::clamp<std::int64_t>(first_row + lower, 0, a.height - 1);
    const std::int64_t s = std::clamp<std::int64_t>(first_column + righter, 0, a.width - 1);
    const bool inside = r == first_row + lower && s == first_column + righter;
    const float rows = lower ? b : 1.0f - b, columns = righter ? c : 1.0f - c;
    corners.offset[k] = frame + (r * a.width + s) * a.channels;
    corners.weight[k] = inside ? rows * columns : 0.0f;
    corners.right[k] = inside ? (righter ? rows : -rows) : 0.0f;
    corners.down[k] = inside ? (lower ? columns : -columns) : 0.0f;
  }
  return corners;
}

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// Calls body(k, corners) for every copy of pixels first .. last-1, counted through all images; k counts copies likewise.
template <class Body>
HWY_INLINE void each_copy(const Warp& a, std::int64_t first, std::int64_t last, const Body& body) {
  const std::int64_t image_elements = a.height * a.width * a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const std::int64_t column = pixel % a.width, line = pixel / a.width;
    const std::int64_t frame = line / a.rows * image_elements, row = a.first_row + line % a.rows;
    for (std::int64_t k = pixel * a.links; k < (pixel + 1) * a.links; ++k) {
      body(k, corners_of(a, frame, row, column, a.flows + 2 * k));
    }
  }
}

template <class T>
HWY_INLINE void warp_pixels(const Warp& a, std::int64_t first, std::int64_t last) {
  const T* x = static_cast<const T*>(a.x);
  each_copy(a, first, last, [&](std::int64_t k, const Corners& at) HWY_ATTR {
    const T* from[4] = {x + at.offset[0], x + at.offset[1], x + at.offset[2], x + at.offset[3]};
    T* y = static_cast<T*>(a.y) + k * a.channels;
    each_lane(a.channels, [&](auto d, std::int64_t c) HWY_ATTR {
      auto sum = hn::Mul(hn::Set(d, at.weight[0]), load(d, from[0] + c));
      sum = hn::MulAdd(hn::Set(d, at.weight[1]), load(d, from[1] + c), sum);
      sum = hn::MulAdd(hn::Set(d, at.weight[2]), load(d, from[2] + c), sum);
      sum = hn::MulAdd(hn::Set(d, at.weight[3]), load(d, from[3] + c), sum);
      store(sum, d, y + c);
    });
  });
}

template <class T>
HWY_INLINE void flow_gradient_pixels(const Warp& a, std::int64_t first, std::int64_t last) {
  const T* x = static_cast<const T*>(a.x);
  const hn::ScalableTag<float> whole;
  const hn::CappedTag<float, 1> single;
  each_copy(a, first, last, [&](std::int64_t k, const Corners& at) HWY_ATTR {
    const T* dy = static_cast<const T*>(a.dy) + k * a.channels;
    // Slopes to the right and downwards, times dy, summed over the channels.
    const auto sums_from = [&](auto d, std::int64_t c, std::int64_t end, float& du, float& dv) HWY_ATTR {
      auto right = hn::Zero(d), down = hn::Zero(d);
      const auto step = static_cast<std::int64_t>(hn::Lanes(d));
      for (; c + step <= end; c += step) {
        auto to_right = hn::Zero(d), to_down = hn::Zero(d);
        for (int corner = 0; corner < 4; ++corner) {
          const auto value = load(d, x + at.offset[corner] + c);
          to_right = hn::MulAdd(hn::Set(d, at.right[corner]), value, to_right);
          to_down = hn::MulAdd(hn::Set(d, at.down[corner]), value, to_down);
        }
        const auto gradient = load(d, dy + c);
        right = hn::MulAdd(gradient, to_right, right);
        down = hn::MulAdd(gradient, to_down, down);
      }
      du -= hn::GetLane(hn::SumOfLanes(d, right));
      dv -= hn::GetLane(hn::SumOfLanes(d, down));
      return c;
    };
    float du = 0.0f, dv = 0.0f;
    const std::int64_t rest = sums_from(whole, 0, a.channels, du, dv);
    if (rest < a.channels) sums_from(single, rest, a.channels, du, dv);
    T* to = static_cast<T*>(a.dflows) + 2 * k;
    store(hn::Set(single, du), single, to);
    store(hn::Set(single, dv), single, to + 1);
  });
}

/// Channels first .. last-1 of one image.
template <class T>
HWY_INLINE void frame_gradient_channels(const Warp& a, std::int64_t image, std::int64_t first, std::int64_t last) {
  const std::int64_t pixels = a.rows * a.width;
  each_copy(a, image * pixels, (image + 1) * pixels, [&](std::int64_t k, const Corners& at) HWY_ATTR {
    const T* dy = static_cast<const T*>(a.dy) + k * a.channels + first;
    for (int corner = 0; corner < 4; ++corner) {
      if (at.weight[corner] == 0.0f) continue;
      float* dx = a.dx + at.offset[corner] + first;
      each_lane(last - first, [&](auto d, std::int64_t c) HWY_ATTR {
        store(hn::MulAdd(hn::Set(d, at.weight[corner]), load(d, dy + c), load(d, dx + c)), d, dx + c);
      });
    }
  });
}

void warp_range(const Warp& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { warp_pixels<decltype(type)>(a, first, last); });
}

void flow_gradient_range(const Warp& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { flow_gradient_pixels<decltype(type)>(a, first, last); });
}

void frame_gradient_range(const Warp& a, std::int64_t image, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype,
                   [&](auto type) HWY_ATTR { frame_gradient_channels<decltype(type)>(a, image, first, last); });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(warp_range);
HWY_EXPORT(flow_gradient_range);
HWY_EXPORT(frame_gradient_range);

namespace {

/// Channels of one image that a thread takes, a cache line of floats.
constexpr std::int64_t kChannelsAtOnce = 16;

Warp arguments_of(const Tensor& x, const Tensor& flows, std::int64_t first_row) {
  return {.dtype = x.dtype(),
          .x = x.raw(),
          .flows = flows.data<float>(),
          .height = x.dimension(1),
          .width = x.dimension(2),
          .first_row = first_row,
          .rows = flows.dimension(1),
          .channels = x.dimension(3),
          .links = flows.dimension(3) / 2};
}

/// Calls body(first, last) for the pixels of all images.
template <class Body>
void each_pixel(const Threads& threads, const Warp& a, std::int64_t pixels, const Body& body) {
  parallel_for(threads, pixels, kGrain / (a.links * a.channels) + 1, body);
}

}  // namespace

void CpuBackend::do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) {
  Warp arguments = arguments_of(x, flows, first_row);
  arguments.y = y.raw();
  const auto kernel = HWY_DYNAMIC_DISPATCH(warp_range);
  each_pixel(threads_, arguments, flows.elements() / (2 * arguments.links),
             [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                                  const Tensor& dx, Write write) {
  // Sums over many pixels are not rounded in between.
  const bool narrow = dx.dtype() != DType::kFloat32;
  const Tensor sums = narrow ? workspace(dx.shape(), DType::kFloat32) : dx;
  if (write == Write::kOverwrite) {
    do_fill(0.0, sums);
  } else if (narrow) {
    convert(dx, sums);
  }
  Warp arguments = arguments_of(x, flows, 0);
  arguments.dy = dy.raw();
  arguments.dflows = dflows.raw();
  arguments.dx = sums.data<float>();
  const auto flow_kernel = HWY_DYNAMIC_DISPATCH(flow_gradient_range);
  each_pixel(threads_, arguments, flows.elements() / (2 * arguments.links),
             [&](std::int64_t first, std::int64_t last) { flow_kernel(arguments, first, last); });

  const auto frame_kernel = HWY_DYNAMIC_DISPATCH(frame_gradient_range);
  const std::int64_t channels = arguments.channels;
  const std::int64_t parts = (channels + kChannelsAtOnce - 1) / kChannelsAtOnce;
  const std::int64_t work = dy.elements() / (x.dimension(0) * parts);
  parallel_for(threads_, x.dimension(0) * parts, kGrain / std::max<std::int64_t>(work, 1) + 1,
               [&](std::int64_t first, std::int64_t last) {
                 while (first < last) {
                   const std::int64_t image = first / parts, end = std::min(last, (image + 1) * parts);
                   frame_kernel(arguments, image, first % parts * kChannelsAtOnce,
                                std::min(channels, (end - image * parts) * kChannelsAtOnce));
                   first = end;
                 }
               });
  if (narrow) convert(sums, dx);
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
