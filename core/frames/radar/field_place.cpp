#include "core/frames/radar/field_place.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/radar/file_values.h"

namespace nextframe {
namespace {

/// Great circle between two points in degrees (longitude, latitude).
double kilometres_between(const std::array<double, 2>& one, const std::array<double, 2>& other) {
  constexpr double kEarthRadius = 6371, kRadians = std::numbers::pi / 180;
  const double rise = std::sin((other[1] - one[1]) * kRadians / 2), turn = std::sin((other[0] - one[0]) * kRadians / 2);
  const double h = rise * rise + std::cos(one[1] * kRadians) * std::cos(other[1] * kRadians) * turn * turn;
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace

GeoReference place_of_knmi(const RasterFile& file, const std::string& name) {
  const auto projection = file.attribute("geographic/map_projection@projection_proj4_params");
  if (!projection) return {};
  std::vector<std::string> parts;
  for (std::string part : split(projection->text, ' ')) {
    for (const std::string_view key : {"+a=", "+b=", "+x_0=", "+y_0="}) {
      if (part.starts_with(key)) part = format("{}{}", key, 1000 * std::strtod(part.c_str() + key.size(), nullptr));
    }
    parts.push_back(std::move(part));
  }
  const std::vector<std::string> group{"geographic"};
  const double column = first_number(file, group, "geo_pixel_size_x", 0) * 1000;
  const double row = first_number(file, group, "geo_pixel_size_y", 0) * 1000;
  if (column == 0 || row == 0) reject("[radar] {}: has no geo_pixel_size_x and _y", name);
  GeoReference place;
  place.projection = to_wkt(join(parts, " "));
  place.transform = {first_number(file, group, "geo_column_offset", 0) * column, column, 0,
                     first_number(file, group, "geo_row_offset", 0) * row,       0,      row};
  return place;
}

GeoReference place_of_odim(const RasterFile& file, const std::vector<std::string>& where) {
  const std::string projection = first_text(file, where, "projdef");
  const double longitude = first_number(file, where, "UL_lon", NAN),
               latitude = first_number(file, where, "UL_lat", NAN);
  const double column = first_number(file, where, "xscale", NAN), row = first_number(file, where, "yscale", NAN);
  if (projection.empty() || std::isnan(longitude + latitude + column + row)) return {};
  GeoReference place;
  place.projection = to_wkt(projection);
  const auto [x, y] = project(projection, longitude, latitude);
  place.transform = {x, column, 0, y, 0, -row};
  return place;
}

GeoReference place_of_row(const ProductPlace& row, std::int64_t height, std::int64_t width) {
  GeoReference place;
  place.projection = to_wkt(row.projection);
  std::array<double, 4> edges{};
  if (row.bounds) {
    edges = *row.bounds;
  } else {
    const auto lower = project(row.projection, (*row.lower_left)[0], (*row.lower_left)[1]);
    const auto upper = project(row.projection, (*row.upper_right)[0], (*row.upper_right)[1]);
    edges = {lower[0], lower[1], upper[0], upper[1]};
  }
  place.transform = {edges[0], (edges[2] - edges[0]) / static_cast<double>(width), 0, edges[3],
                     0,        (edges[1] - edges[3]) / static_cast<double>(height)};
  return place;
}

std::array<double, 2> pixel_kilometres(const GeoReference& place, std::int64_t height, std::int64_t width) {
  if (!place.known()) reject("[radar] the size of a pixel is not known: the files do not say where their pixels lie");
  const auto& t = place.transform;
  const double x = t[0] + t[1] * static_cast<double>(width) / 2, y = t[3] + t[5] * static_cast<double>(height) / 2;
  const std::array<double, 2> middle = unproject(place.projection, x, y);
  return {kilometres_between(middle, unproject(place.projection, x, y + t[5])),
          kilometres_between(middle, unproject(place.projection, x + t[1], y))};
}

bool same_place(const GeoReference& one, const GeoReference& other, std::int64_t height, std::int64_t width) {
  constexpr double kPixels = 0.1;
  if (one == other || !one.known() || !other.known()) return true;
  const std::array<double, 2> pixel = pixel_kilometres(one, height, width);
  const auto corner = [](const GeoReference& place, double row, double column) {
    const auto& t = place.transform;
    return unproject(place.projection, t[0] + t[1] * column, t[3] + t[5] * row);
  };
  for (const double row : {0.0, static_cast<double>(height)}) {
    for (const double column : {0.0, static_cast<double>(width)}) {
      const double apart = kilometres_between(corner(one, row, column), corner(other, row, column));
      if (!(apart <= kPixels * std::min(pixel[0], pixel[1]))) return false;
    }
  }
  return true;
}

}  // namespace nextframe
