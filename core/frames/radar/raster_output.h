#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/frames/radar/geo_reference.h"
#include "core/frames/radar/time_format.h"

namespace nextframe {

/// Stands in files for a pixel that is missing; their fill value.
inline constexpr float kMissingPixel = -9999;

/// A remark on a file or a variable: a text, or a number.
struct RasterNote {
  std::string name;
  std::string text = {};
  std::optional<double> number = {};
};

/// One variable of a forecast.
struct RasterLayer {
  std::string name;  ///< "rainfall_rate"
  std::string unit;  ///< "mm h-1"
  std::vector<RasterNote> notes = {};
};

/// What a file of forecasts says besides its pixels and times.
struct RasterHeader {
  GeoReference place = {};               ///< not known: rows and columns alone
  std::vector<RasterLayer> layers = {};  ///< one a channel of the frames
  std::vector<RasterNote> notes = {};    ///< of the whole file
  double interval_seconds = 0;           ///< above 0: what the first layer sums up until each time
};

/// When a forecast was made and for when, in order.
struct RasterTimes {
  UtcSeconds reference = kNoTime;  ///< of the last field that was seen
  std::vector<UtcSeconds> valid = {};
};

/// A file of a forecast that is being made. Everything fails with the library's reason, such as a full disk.
class RasterOutput {
 public:
  RasterOutput() = default;
  RasterOutput(const RasterOutput&) = delete;
  RasterOutput& operator=(const RasterOutput&) = delete;
  virtual ~RasterOutput() = default;

  /// `values` is [H,W], north first, kMissingPixel where missing.
  virtual void write(std::int64_t time, std::int64_t layer, std::span<const float> values) = 0;
  /// Before, the file is not complete.
  virtual void close() = 0;
};

/// A netCDF-4 file after CF-1.8: every layer is [time, y, x] in float32 with a fill value, packed; coordinates of the
/// projection and its grid mapping with WKT where the place is known, longitudes and latitudes of a geographic one;
/// time with bounds where the layer sums up, forecast_reference_time, and forecast_period for the lead times. `path` is
/// written to, `name` is for messages. Rejects everything in a build without GDAL.
std::unique_ptr<RasterOutput> create_netcdf(const std::string& path, const std::string& name,
                                            const RasterHeader& header, const RasterTimes& times, std::int64_t height,
                                            std::int64_t width);

/// A GeoTIFF of one time: every layer is a band in float32 with no-data value, unit and notes, packed; the times, in ISO's
/// form, and the header's notes are the file's metadata.
std::unique_ptr<RasterOutput> create_geotiff(const std::string& path, const std::string& name,
                                             const RasterHeader& header, const RasterTimes& times, std::int64_t height,
                                             std::int64_t width);

}  // namespace nextframe
