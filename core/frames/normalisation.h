#pragma once

#include <span>

namespace nextframe {

/// The linear map between pixel values and the network's numbers: network = (pixel - offset) / scale. Stored in the
/// model file, so that a forecast comes back in the units of its input.
struct Normalisation {
  double offset = 0;
  double scale = 1;  ///< never 0

  float to_network(float pixel) const { return static_cast<float>((pixel - offset) / scale); }
  float from_network(float value) const { return static_cast<float>(value * scale + offset); }
  /// In place.
  void to_network(std::span<float> values) const {
    for (float& value : values) value = to_network(value);
  }
  void from_network(std::span<float> values) const {
    for (float& value : values) value = from_network(value);
  }

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("offset", offset, {.doc = "pixel value that is 0 to the network"});
    v.field("scale", scale, {.doc = "pixel difference that is 1 to the network"});
  }
};

}  // namespace nextframe
