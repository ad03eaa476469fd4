#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nextframe::testing {

/// A picture to be written, stored numbers row by row.
struct RasterToWrite {
  std::int64_t height = 2, width = 3;
  std::vector<double> stored = {};
  std::optional<double> scale = {}, offset = {}, missing = {};
  std::string unit = {};
  std::string projection = {};  ///< with the transform below
  double left = 0, top = 0, pixel = 1000;
  enum class Type { kByte, kUint16, kFloat } type = Type::kFloat;
  std::vector<std::string> metadata = {};  ///< of the band, "KEY=VALUE"
};

/// By the driver of that name: "GTiff", "GIF", "PNG", "GRIB".
void write_raster(const std::string& path, const std::string& driver, const RasterToWrite& raster);

/// A netCDF file after CF: rain(time, y, x) or, with one time, rain(y, x) and scalar times.
struct NetcdfToWrite {
  std::string variable = "rain";
  std::vector<std::int16_t> stored = {};  ///< [times,H,W]
  std::int64_t height = 2, width = 3;
  std::vector<std::int64_t> minutes = {};  ///< since 2010-08-26 00:00, one a time
  std::string unit = "kg m-2 s-1";
  double scale = 1, offset = 0;
  std::int16_t missing = -1;
  double top = 10, row = -1;  ///< centre of the first row, in km, and what comes to it for the next
  std::optional<std::int64_t> start =
      {};  ///< minutes: scalar variables valid_time and start_time instead of a time axis
};
void write_netcdf(const std::string& path, const NetcdfToWrite& file);

/// An 8-bit PGM, packed where the name ends in .gz.
void write_pgm(const std::string& path, std::int64_t height, std::int64_t width,
               const std::vector<std::uint8_t>& stored, const std::string& comment);

/// Bytes as zlib packs them.
void write_packed(const std::string& path, const std::vector<std::uint8_t>& bytes);

}  // namespace nextframe::testing
