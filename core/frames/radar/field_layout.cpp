#include "core/frames/radar/field_layout.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/text.h"
#include "core/frames/gzip.h"
#include "core/frames/radar/field_place.h"
#include "core/frames/radar/file_values.h"
#include "core/frames/radar/odim_layout.h"

namespace nextframe {
namespace {

/// Quantity and factor of a unit, where the unit alone tells.
struct KnownUnit {
  std::string_view unit;
  Quantity quantity;
  double factor;
};
constexpr std::array<KnownUnit, 15> kUnits{{{"dBZ", Quantity::kReflectivity, 1},
                                            {"dbz", Quantity::kReflectivity, 1},
                                            {"mm/h", Quantity::kRate, 1},
                                            {"mm/hr", Quantity::kRate, 1},
                                            {"mm h-1", Quantity::kRate, 1},
                                            {"mm hr-1", Quantity::kRate, 1},
                                            {"mm h^-1", Quantity::kRate, 1},
                                            {"mm hour-1", Quantity::kRate, 1},
                                            {"kg m-2 h-1", Quantity::kRate, 1},
                                            {"kg m-2 s-1", Quantity::kRate, 3600},
                                            {"mm s-1", Quantity::kRate, 3600},
                                            {"m s-1", Quantity::kRate, 3600000},
                                            {"mm", Quantity::kAccumulation, 1},
                                            {"kg m-2", Quantity::kAccumulation, 1},
                                            {"m", Quantity::kAccumulation, 1000}}};

const KnownUnit* known_unit(const std::string& unit) {
  const auto found = std::ranges::find_if(kUnits, [&](const KnownUnit& known) { return known.unit == unit; });
  return found == kUnits.end() ? nullptr : &*found;
}

void take_unit(const RasterArray& array, const Product& product, const std::string& name, FieldLayout& layout) {
  const KnownUnit* known = known_unit(array.unit);
  layout.measurement.quantity = product.quantity;
  if (known != nullptr && (product.quantity == Quantity::kNone || product.quantity == known->quantity)) {
    layout.measurement.quantity = known->quantity;
    layout.unit_factor = known->factor;
  } else if (product.quantity == Quantity::kNone) {
    reject(
        "[radar] {}: {} has the unit \"{}\", which does not tell whether it is a reflectivity, a rate or an "
        "accumulation; write a product with \"quantity\" and name it in data.sources[].product",
        name, array.path, array.unit);
  }
}

/// The array's own numbers, where the row says nothing.
void take_numbers(const RasterFile& file, const Product& product, const std::string& name, FieldLayout& layout) {
  layout.gain = product.gain.value_or(layout.array.scale.value_or(1));
  layout.offset = product.offset.value_or(layout.array.offset.value_or(0));
  layout.missing = product.missing;
  if (product.missing.empty()) {
    if (layout.array.missing) layout.missing.push_back(*layout.array.missing);
    // CF's older name of the fill value; NaN, which equals nothing, where there is none.
    layout.missing.push_back(first_number(file, {layout.array.path}, "missing_value", NAN));
  }
  layout.no_echo = product.no_echo;
  layout.encoding = product.encoding;
  layout.measurement.relation = product.relation;
  if (product.calibration.empty()) return;
  const auto text = file.attribute(product.calibration);
  if (!text) return;
  const auto numbers = parse_calibration(text->text);
  if (!numbers) {
    reject("[radar] {}: {} is \"{}\", expected a formula such as GEO=0.01*PV+0.0", name, product.calibration,
           text->text);
  }
  layout.gain = (*numbers)[0];
  layout.offset = (*numbers)[1];
}

void take_time(const RasterFile& file, const Product& product, const std::string& name, FieldLayout& layout) {
  const UtcSeconds end = time_at(file, product.time.at, product.time.format, name);
  if (end != kNoTime) layout.times = {end};
  const UtcSeconds start = time_at(file, product.time.start, product.time.format, name);
  if (product.interval_seconds > 0) {
    layout.measurement.interval_seconds = product.interval_seconds;
  } else if (start != kNoTime && end != kNoTime) {
    if (end <= start) reject("[radar] {}: its interval ends at {}, before it starts", name, format_time(end));
    layout.measurement.interval_seconds = static_cast<double>(end - start);
  }
}

void take_events(const std::string& name, FieldLayout& layout) {
  const std::vector<std::int64_t>& shape = layout.array.shape;
  if (shape.size() != 4) {
    reject("[radar] {}: {} has {} dimensions, expected events [N,H,W,T] or [N,T,H,W]", name, layout.array.path,
           shape.size());
  }
  layout.event_axis = 0;
  const bool time_last = shape[1] == shape[2] || shape[2] != shape[3];
  layout.row_axis = time_last ? 1 : 2;
  layout.column_axis = time_last ? 2 : 3;
  layout.time_axis = time_last ? 3 : 1;
}

/// What a file that we wrote, or one after the same customs, says of its array: the time that an accumulation covers,
/// and how a reflectivity becomes a rate (as ODIM calls the two numbers).
void take_own_notes(const RasterFile& file, const Product& product, FieldLayout& layout) {
  const std::vector<std::string> array{layout.array.path};
  Measurement& measurement = layout.measurement;
  measurement.relation.a = first_number(file, array, "zr_a", measurement.relation.a);
  measurement.relation.b = first_number(file, array, "zr_b", measurement.relation.b);
  if (product.interval_seconds <= 0 && measurement.interval_seconds <= 0) {
    measurement.interval_seconds = first_number(file, array, "interval_seconds", 0);
  }
}

/// The interval of an accumulation by CF's bounds of its time, of which the first pair stands for all.
double bounded_interval(const RasterFile& file, const RasterArray& times) {
  const auto name = file.attribute(times.path + "@bounds");
  const RasterArray* bounds = name ? file.find(name->text) : nullptr;
  const auto units = parse_time_units(times.unit);
  if (bounds == nullptr || bounds->shape.size() != 2 || bounds->shape[1] != 2 || bounds->shape[0] < 1 || !units) {
    return 0;
  }
  const std::array<std::int64_t, 2> start{0, 0}, count{1, 2};
  const std::vector<double> pair = file.read(*bounds, start, count);
  const double seconds = (pair[1] - pair[0]) * units->seconds;
  return std::isfinite(seconds) ? std::max(0.0, seconds) : 0;
}

/// The variable that a CF file is read for: the named one, or the only one whose unit tells rain and that has a map.
const RasterArray& cf_variable(const RasterFile& file, const Product& product, const std::string& name) {
  if (!product.array.empty()) return array_named(file, product.array, name);
  const RasterArray* found = nullptr;
  for (const RasterArray& array : file.arrays()) {
    // Coordinates have one dimension and their units ("m") are those of an accumulation.
    if (array.shape.size() < 2 || known_unit(array.unit) == nullptr) continue;
    if (found != nullptr) {
      reject("[radar] {}: holds {} and {}; write a product that names the \"array\" to read", name, found->path,
             array.path);
    }
    found = &array;
  }
  if (found == nullptr) {
    reject("[radar] {}: has no variable in dBZ, mm/h, kg m-2 s-1, mm or kg m-2; it has {}", name, contents_of(file));
  }
  return *found;
}

/// Times of the time axis, or of a scalar coordinate called "time" or "valid_time".
void take_cf_times(const RasterFile& file, const Product& product, const std::string& name, FieldLayout& layout) {
  take_time(file, product, name, layout);
  if (!layout.times.empty()) return;
  std::string coordinate =
      layout.time_axis < 0 ? "" : layout.array.dimensions[static_cast<std::size_t>(layout.time_axis)];
  for (const char* usual : {"valid_time", "time"}) {
    if (coordinate.empty() && file.find(usual) != nullptr) coordinate = usual;
  }
  const RasterArray* times = coordinate.empty() ? nullptr : file.find(coordinate);
  if (times == nullptr || !parse_time_units(times->unit)) return;
  if (layout.measurement.interval_seconds <= 0) layout.measurement.interval_seconds = bounded_interval(file, *times);
  const std::vector<std::int64_t> start(times->shape.size(), 0);
  for (const double value : file.read(*times, start, times->shape)) {
    layout.times.push_back(counted_time(value, times->unit));
  }
}

}  // namespace

void take_axes(const std::string& name, FieldLayout& layout) {
  const auto rank = static_cast<int>(layout.array.shape.size());
  if (rank < 2) reject("[radar] {}: {} has {} dimensions, expected 2 at least", name, layout.array.path, rank);
  layout.row_axis = rank - 2;
  layout.column_axis = rank - 1;
  for (int axis = 0; axis < rank - 2; ++axis) {
    if (layout.length(axis) == 1 && layout.time_axis >= 0) continue;
    if (layout.length(axis) != 1 && layout.time_axis >= 0 && layout.length(layout.time_axis) != 1) {
      reject("[radar] {}: {} has {} dimensions, of which time and one more are longer than 1; expected [time, y, x]",
             name, layout.array.path, rank);
    }
    layout.time_axis = axis;
  }
}

void turn_north_up(FieldLayout& layout) {
  if (!layout.place.known() || layout.place.transform[5] <= 0) return;
  layout.row_order = RowOrder::kSouthFirst;
  layout.place.transform[3] += layout.place.transform[5] * static_cast<double>(layout.height());
  layout.place.transform[5] = -layout.place.transform[5];
}

RasterView view_of(const Product& product) {
  return product.reader == ProductReader::kRaster ? RasterView::kBands : RasterView::kArrays;
}

bool has_attributes(const RasterFile& file, const Product& product) {
  return std::ranges::all_of(product.attributes, [&](const auto& wanted) {
    const auto found = file.attribute(wanted.first);
    return found && glob_match(wanted.second, found->text);
  });
}

FieldLayout layout_of(const RasterFile& file, const Product& product, const std::string& name) {
  FieldLayout layout;
  if (product.reader == ProductReader::kOdim) {
    layout = layout_of_odim(file, product, name);
  } else {
    layout.array = product.reader == ProductReader::kCf
                       ? cf_variable(file, product, name)
                       : array_named(file, product.array.empty() ? "1" : product.array, name);
    take_numbers(file, product, name, layout);
    if (product.reader == ProductReader::kEvents) {
      take_events(name, layout);
      layout.measurement.quantity = product.quantity;
    } else {
      take_axes(name, layout);
      take_unit(layout.array, product, name, layout);
    }
    if (product.reader == ProductReader::kCf) {
      take_cf_times(file, product, name, layout);
    } else {
      take_time(file, product, name, layout);
    }
    if (product.reader == ProductReader::kCf || product.reader == ProductReader::kRaster) {
      take_own_notes(file, product, layout);
    }
  }
  switch (product.place.by) {
    case PlaceBy::kFile:
      layout.place = file.place(layout.array);
      break;
    case PlaceBy::kRow:
      layout.place = place_of_row(product.place, layout.height(), layout.width());
      break;
    case PlaceBy::kKnmi:
      layout.place = place_of_knmi(file, name);
      break;
    case PlaceBy::kOdim:
      break;
  }
  turn_north_up(layout);
  if (layout.height() < 1 || layout.width() < 1) reject("[radar] {}: {} has no pixels", name, layout.array.path);
  return layout;
}

Field read_field(const RasterFile& file, const FieldLayout& layout, std::int64_t event, std::int64_t field) {
  std::vector<std::int64_t> start(layout.array.shape.size(), 0), count(layout.array.shape.size(), 1);
  if (layout.event_axis >= 0) start[static_cast<std::size_t>(layout.event_axis)] = event;
  if (layout.time_axis >= 0) start[static_cast<std::size_t>(layout.time_axis)] = field;
  count[static_cast<std::size_t>(layout.row_axis)] = layout.height();
  count[static_cast<std::size_t>(layout.column_axis)] = layout.width();
  const std::vector<double> stored = file.read(layout.array, start, count);

  const auto is_one_of = [](const std::vector<double>& values, double number) {
    return std::find(values.begin(), values.end(), number) != values.end();
  };
  const bool dbz = layout.measurement.quantity == Quantity::kReflectivity;
  Field result;
  result.values.resize(stored.size());
  result.mask.resize(stored.size());
  const auto width = static_cast<std::size_t>(layout.width()), height = static_cast<std::size_t>(layout.height());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const bool turned = layout.row_order == RowOrder::kSouthFirst;
    const double number = stored[turned ? (height - 1 - i / width) * width + i % width : i];
    if (!std::isfinite(number) || is_one_of(layout.missing, number)) continue;
    result.mask[i] = 1;
    double value = layout.gain * number + layout.offset;
    if (is_one_of(layout.no_echo, number)) {
      value = dbz ? kNoEchoDbz : 0;
    } else if (layout.encoding == Encoding::kDecibel) {
      value = layout.measurement.relation.rate(value);
    } else {
      value *= layout.unit_factor;
    }
    result.values[i] = static_cast<float>(value);
  }
  return result;
}

std::string mask_path(const Product& product, const std::string& path, UtcSeconds time) {
  if (product.mask.empty()) return {};
  const UtcSeconds named = time - static_cast<UtcSeconds>(product.time.shift_seconds);
  return (std::filesystem::path(path).parent_path() / fill_time(product.mask, named)).lexically_normal().native();
}

void apply_mask(const Product& product, const std::string& path, UtcSeconds time, const FieldLayout& layout,
                Field& field) {
  const std::string name = mask_path(product, path, time);
  if (name.empty()) return;
  const auto pixels = static_cast<std::size_t>(layout.height() * layout.width());
  std::vector<std::uint8_t> valid;
  if (name.ends_with(".mask")) {
    const MappedFile file(name);
    for (const std::byte byte : gunzip(file.bytes(), pixels, name)) valid.push_back(byte != std::byte{0} ? 1 : 0);
  } else {
    const auto file = open_raster(name, RasterView::kBands);
    const RasterArray& band = file->arrays().front();
    const std::array<std::int64_t, 2> start{0, 0};
    for (const double value : file->read(band, start, band.shape)) valid.push_back(value != 0 ? 1 : 0);
  }
  if (valid.size() != pixels) {
    reject("[radar] {}: masks {} pixels, the field has {}", name, valid.size(), pixels);
  }
  for (std::size_t i = 0; i < pixels; ++i) {
    if (valid[i] != 0) continue;
    field.mask[i] = 0;
    field.values[i] = 0;
  }
}

}  // namespace nextframe
