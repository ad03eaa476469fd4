#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/radar/geo_reference.h"
#include "core/frames/radar/product.h"
#include "core/frames/radar/raster_file.h"

namespace nextframe {

/// By KNMI's group "geographic": kilometres, rows counted from the pole. `name` is the file's.
GeoReference place_of_knmi(const RasterFile& file, const std::string& name);

/// By ODIM's "where", the first of several groups that says a thing.
GeoReference place_of_odim(const RasterFile& file, const std::vector<std::string>& where);

/// By the table of products, for fields of this size.
GeoReference place_of_row(const ProductPlace& row, std::int64_t height, std::int64_t width);

/// Whether fields of this size at two places have the same corners on the ground, within a tenth of a pixel. A place that is
/// not known agrees with every other.
bool same_place(const GeoReference& one, const GeoReference& other, std::int64_t height, std::int64_t width);

/// Height and width of the middle pixel on the ground, in km, on a sphere. Rejects a place that is not known.
std::array<double, 2> pixel_kilometres(const GeoReference& place, std::int64_t height, std::int64_t width);

}  // namespace nextframe
