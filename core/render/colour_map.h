#pragma once

#include <cstdint>

namespace nextframe {

struct Rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  bool operator==(const Rgb&) const = default;
};

enum class ColourMap {
  kGrey,        ///< black to white
  kViridis,     ///< sequential, perceptually even, safe for colour-blind eyes (van der Walt and Smith 2015, sampled)
  kRain,        ///< white for none, blues, green, yellow, orange, red, violet at equal distances
  kDifference,  ///< diverging, 0.5 is white: blue below, red above (ColorBrewer's RdBu), safe for colour-blind eyes
};

/// The colour at `position` in 0..1; positions outside get the end colours, NaN the first.
Rgb colour(ColourMap map, double position);

/// What stands for missing pixels: a colour that the map does not have.
Rgb missing_colour(ColourMap map);

/// The n-th of eight colours that colour-blind eyes tell apart on white (Okabe and Ito 2008), black last; n counts on
/// modulo 8.
Rgb line_colour(int n);

}  // namespace nextframe
