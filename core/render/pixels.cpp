#include "core/render/pixels.h"

namespace nextframe {

IntegerMapping integer_mapping(PixelType source, double low, double high, PixelType stored) {
  IntegerMapping mapping;
  mapping.maximum = stored == PixelType::kUint8 ? 255 : 65535;
  if (source == stored) return mapping;
  mapping.scale = high > low ? mapping.maximum / (high - low) : 0;
  mapping.offset = -low * mapping.scale;
  return mapping;
}

}  // namespace nextframe
