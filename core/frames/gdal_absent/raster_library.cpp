#include "core/base/error.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/raster_output.h"

namespace nextframe {
namespace {

[[noreturn]] void reject_absent(const std::string& what) {
  reject(
      "[radar] {}: this program was built without GDAL, which reads and writes radar files; install libgdal-dev and "
      "build again",
      what);
}

}  // namespace

bool can_read_rasters() { return false; }

std::unique_ptr<RasterFile> open_raster(const std::string& path, RasterView) { reject_absent(path); }
std::string to_wkt(const std::string& projection) { reject_absent(projection); }
std::array<double, 2> project(const std::string& projection, double, double) { reject_absent(projection); }
std::array<double, 2> unproject(const std::string& projection, double, double) { reject_absent(projection); }
std::string describe_projection(const std::string& projection) { return projection; }

std::unique_ptr<RasterOutput> create_netcdf(const std::string&, const std::string& name, const RasterHeader&,
                                            const RasterTimes&, std::int64_t, std::int64_t) {
  reject_absent(name);
}
std::unique_ptr<RasterOutput> create_geotiff(const std::string&, const std::string& name, const RasterHeader&,
                                             const RasterTimes&, std::int64_t, std::int64_t) {
  reject_absent(name);
}

}  // namespace nextframe
