#pragma once

#include <cstdint>

#include "core/motion/optical_flow.h"

namespace nextframe {

struct SprogOptions {
  std::int64_t levels = 6;
  double threshold = 0.1;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("levels", levels, {.doc = "scales that the field is taken apart into", .min = 2, .max = 16});
    v.field("threshold", threshold, {.doc = "mm/h from which on it rains", .min = 0.001, .max = 100});
  }
};

/// What the baselines can be told.
struct BaselineOptions {
  FlowOptions flow;
  SprogOptions sprog;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("flow", flow, {.doc = "the motion that extrapolation and sprog find"});
    v.field("sprog", sprog, {.doc = "the spectral prognosis"});
  }
};

}  // namespace nextframe
