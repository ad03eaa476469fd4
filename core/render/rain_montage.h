#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/render/montage.h"
#include "core/render/picture.h"

namespace nextframe {

/// The end of the difference map where nobody says otherwise, in mm/h.
inline constexpr double kLargestRainDifference = 10;

/// Where a rain rate in mm/h stands on ColourMap::kRain: white below 0.1, then equal steps to 0.1, 0.2, 0.5, 1, 2, 5,
/// 10, 20, 50 and 100 and logarithmic between them.
double rain_position(double rate);

/// The frame with rain_position of its first channel, to be shown over the range 0..1.
Frame rain_shown(const Frame& rates);

/// A bar of the map's colours with the rates in mm/h below their places.
Picture rain_legend(std::int64_t width);
/// A bar of kViridis with the shares 0 to 1 below their places.
Picture share_legend(std::int64_t width);
/// A bar of the difference map from -largest to largest.
Picture difference_legend(std::int64_t width, double largest, const std::string& units);

/// A montage of rates in mm/h in rain colours, its kDifference rows in mm/h through the difference map, with legends
/// below. Of `options`, the appearance is not used; a largest_difference of 0 is kLargestRainDifference.
Picture draw_rain_montage(const std::vector<MontageRow>& rows, MontageOptions options);

}  // namespace nextframe
