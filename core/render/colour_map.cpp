#include "core/render/colour_map.h"

#include <array>
#include <cmath>
#include <span>

namespace nextframe {
namespace {

constexpr Rgb hex(std::uint32_t code) {
  return {static_cast<std::uint8_t>(code >> 16), static_cast<std::uint8_t>((code >> 8) & 255),
          static_cast<std::uint8_t>(code & 255)};
}

constexpr std::array kGreyStops{hex(0x000000), hex(0xFFFFFF)};
constexpr std::array kViridisStops{hex(0x440154), hex(0x472D7B), hex(0x3B528B), hex(0x2C728E), hex(0x21918C),
                                   hex(0x28AE80), hex(0x5EC962), hex(0xADDC30), hex(0xFDE725)};
constexpr std::array kRainStops{hex(0xFFFFFF), hex(0xD6E9F8), hex(0xA6CEE9), hex(0x6BAED6), hex(0x3182BD),
                                hex(0x08519C), hex(0x1A8F5A), hex(0x7BC75A), hex(0xF7E538), hex(0xFD9A2B),
                                hex(0xE8381C), hex(0xA8002A), hex(0x7A0177)};
constexpr std::array kDifferenceStops{hex(0x053061), hex(0x2166AC), hex(0x4393C3), hex(0x92C5DE),
                                      hex(0xD1E5F0), hex(0xFFFFFF), hex(0xFDDBC7), hex(0xF4A582),
                                      hex(0xD6604D), hex(0xB2182B), hex(0x67001F)};

std::span<const Rgb> stops_of(ColourMap map) {
  switch (map) {
    case ColourMap::kGrey:
      return kGreyStops;
    case ColourMap::kViridis:
      return kViridisStops;
    case ColourMap::kRain:
      return kRainStops;
    case ColourMap::kDifference:
      return kDifferenceStops;
  }
  return kGreyStops;
}

std::uint8_t between(std::uint8_t from, std::uint8_t to, double share) {
  return static_cast<std::uint8_t>(std::lround(from + (static_cast<double>(to) - from) * share));
}

}  // namespace

Rgb colour(ColourMap map, double position) {
  const std::span<const Rgb> stops = stops_of(map);
  if (!(position > 0)) return stops.front();
  if (position >= 1) return stops.back();
  const double place = position * static_cast<double>(stops.size() - 1);
  const auto index = static_cast<std::size_t>(place);
  const double share = place - static_cast<double>(index);
  const Rgb from = stops[index], to = stops[index + 1];
  return {between(from.red, to.red, share), between(from.green, to.green, share), between(from.blue, to.blue, share)};
}

Rgb missing_colour(ColourMap map) {
  switch (map) {
    case ColourMap::kGrey:
      return hex(0x5B4A6E);
    case ColourMap::kViridis:
      return hex(0x9A9A9A);
    case ColourMap::kRain:
      return hex(0xCFCFCF);
    case ColourMap::kDifference:
      return hex(0xB5B5B5);
  }
  return hex(0x9A9A9A);
}

Rgb line_colour(int n) {
  constexpr std::array kColours{hex(0x0072B2), hex(0xD55E00), hex(0x009E73), hex(0xCC79A7),
                                hex(0xE69F00), hex(0x56B4E9), hex(0xF0E442), hex(0x000000)};
  return kColours[static_cast<std::size_t>(n) % kColours.size()];
}

}  // namespace nextframe
