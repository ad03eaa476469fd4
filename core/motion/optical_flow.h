#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/motion/field.h"

namespace nextframe {

enum class FlowMethod { kDis, kFarneback };

constexpr auto enum_names(FlowMethod) {
  return std::array<std::pair<std::string_view, FlowMethod>, 2>{
      {{"dis", FlowMethod::kDis}, {"farneback", FlowMethod::kFarneback}}};
}

struct FlowOptions {
  FlowMethod method = FlowMethod::kDis;
  std::int64_t interval = 2;
  double field_blur = 3;
  double flow_blur = 20;

  bool operator==(const FlowOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("method", method,
            {.doc = "dis: dense inverse search (Kroeger et al. 2016); farneback: polynomial expansion (2003)"});
    v.field("interval", interval, {.doc = "frames between the two that are compared", .min = 1, .max = 100});
    v.field(
        "field_blur", field_blur,
        {.doc = "pixels, deviation of the Gaussian that smooths the two fields; 0: as they are", .min = 0, .max = 500});
    v.field("flow_blur", flow_blur,
            {.doc = "pixels, deviation of the Gaussian that smooths the flow; 0: as it is", .min = 0, .max = 500});
  }
};

/// The motion in pixels a frame between the last field and the one `interval` before it, or the first one of fewer.
/// Missing pixels are filled from their surroundings before the comparison, so that the edge of what is known does not
/// hold the motion back, and take the motion around them. Rain is compared in decibels, 10 log10 R from -15 to 25. No motion where there are not two fields, or nothing in them
/// to see. The fields are of one size, oldest first.
MotionField optical_flow(std::span<const ScalarField> fields, FieldKind kind, const FlowOptions& options);

}  // namespace nextframe
