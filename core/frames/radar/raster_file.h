#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/frames/radar/geo_reference.h"

namespace nextframe {

/// An array of a file: of HDF5 or netCDF by its path ("/image1/image_data"), of anything else a band by its number
/// ("1").
struct RasterArray {
  std::string path;
  std::vector<std::int64_t> shape;      ///< slowest first
  std::vector<std::string> dimensions;  ///< full name of each dimension's coordinates; empty where it has none
  std::string type;                     ///< "UInt16"
  std::string unit;
  std::optional<double> scale, offset, missing;  ///< value = scale * stored + offset, as the file says
};

/// A text, a number or several.
struct RasterAttribute {
  std::string text;
  std::vector<double> numbers;  ///< empty where it is a text that is no number
};

enum class RasterView {
  kArrays,  ///< HDF5 and netCDF: groups, arrays and attributes as they are
  kBands,   ///< pictures: GeoTIFF, PGM, GIF, PNG, GRIB2
};

/// A file of rasters. The one place that knows the library that reads them; every function rejects with a message that
/// names the file. Used by one thread at a time.
class RasterFile {
 public:
  RasterFile() = default;
  RasterFile(const RasterFile&) = delete;
  RasterFile& operator=(const RasterFile&) = delete;
  virtual ~RasterFile() = default;

  /// Everything that there is, for messages and for readers that search.
  virtual const std::vector<RasterArray>& arrays() const = 0;
  virtual std::vector<std::string> attributes() const = 0;
  /// "group/array@name", "@name" at the top; of bands "@name" for the file's and "1@name" for a band's.
  virtual std::optional<RasterAttribute> attribute(const std::string& path) const = 0;
  /// The numbers as stored, of the box from `start` on, `count` long in each dimension.
  virtual std::vector<double> read(const RasterArray& array, std::span<const std::int64_t> start,
                                   std::span<const std::int64_t> count) const = 0;
  /// What the file itself says of the array's last two dimensions; unknown where it says nothing.
  virtual GeoReference place(const RasterArray& array) const = 0;

  /// The array of that path, with or without a leading '/'; null where there is none.
  const RasterArray* find(const std::string& path) const;
};

/// Whether this build reads rasters at all.
bool can_read_rasters();

/// Opens a file; a name ending in ".gz" is unpacked while it is read. Rejects what is missing, empty, cut off, or of no
/// known format, and everything in a build without GDAL.
std::unique_ptr<RasterFile> open_raster(const std::string& path, RasterView view);

/// A coordinate system, given as WKT, a PROJ string or "EPSG:28992", as WKT; rejects what is none.
std::string to_wkt(const std::string& projection);

/// Longitude and latitude, on the projection's own datum, to its x and y.
std::array<double, 2> project(const std::string& projection, double longitude, double latitude);

/// The other way round.
std::array<double, 2> unproject(const std::string& projection, double x, double y);

/// A short text for people: the coordinate system's name or its PROJ string.
std::string describe_projection(const std::string& projection);

}  // namespace nextframe
