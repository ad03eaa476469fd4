#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/radar/geo_reference.h"
#include "core/frames/radar/product.h"
#include "core/frames/radar/quantity.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/time_format.h"

namespace nextframe {

enum class RowOrder { kNorthFirst, kSouthFirst };

/// One file seen through a row of the table of products: which array holds its fields, and what its numbers mean.
struct FieldLayout {
  RasterArray array;
  int event_axis = -1;  ///< -1: the array has none
  int time_axis = -1;
  int row_axis = 0;
  int column_axis = 1;
  RowOrder row_order = RowOrder::kNorthFirst;  ///< as stored; unknown where the file does not tell
  double gain = 1;
  double offset = 0;
  std::vector<double> missing = {};  ///< stored numbers
  std::vector<double> no_echo = {};
  Encoding encoding = Encoding::kLinear;
  double unit_factor = 1;  ///< from the file's unit to the quantity's: 3600 for kg m-2 s-1
  Measurement measurement;
  GeoReference place;
  std::vector<UtcSeconds> times = {};  ///< one for each field of the time axis, as far as the file tells

  std::int64_t length(int axis) const { return axis < 0 ? 1 : array.shape[static_cast<std::size_t>(axis)]; }
  std::int64_t events() const { return length(event_axis); }
  std::int64_t fields() const { return length(time_axis); }
  std::int64_t height() const { return length(row_axis); }
  std::int64_t width() const { return length(column_axis); }
};

/// Pixels of one field, north up where the file tells where north is.
struct Field {
  std::vector<float> values = {};       ///< in the quantity's unit; 0 where missing
  std::vector<std::uint8_t> mask = {};  ///< 1 = valid
};

/// How a row's files are to be opened.
RasterView view_of(const Product& product);

/// Whether the file is one of the row's, by its attributes.
bool has_attributes(const RasterFile& file, const Product& product);

/// y and x are the last two axes of layout.array, time the one before; rejects further axes that are longer than 1.
void take_axes(const std::string& name, FieldLayout& layout);

/// Where the rows of layout.place run northwards, they are to be turned round while they are read.
void turn_north_up(FieldLayout& layout);

/// Rejects a file that lacks what the row needs and says what it has instead; `name` is the file's.
FieldLayout layout_of(const RasterFile& file, const Product& product, const std::string& name);

Field read_field(const RasterFile& file, const FieldLayout& layout, std::int64_t event, std::int64_t field);

/// Where the mask of a field is; empty where the product has none.
std::string mask_path(const Product& product, const std::string& path, UtcSeconds time);

/// Takes the pixels out that a mask file marks with 0: a picture of the field's size, or a file ".mask" of as many bytes that
/// zlib packed. Rejects a mask of another size; `product` names it and `path` is the field's file.
void apply_mask(const Product& product, const std::string& path, UtcSeconds time, const FieldLayout& layout,
                Field& field);

}  // namespace nextframe
