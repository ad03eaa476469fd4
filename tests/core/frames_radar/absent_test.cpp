#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/raster_output.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

TEST(RadarWithoutGdal, SaysSo) {
  EXPECT_FALSE(can_read_rasters());
  testing::expect_in("built without GDAL", testing::rejection([] { open_raster("a.h5", RasterView::kArrays); }));
  testing::expect_in("libgdal-dev", testing::rejection([] { to_wkt("EPSG:28992"); }));
  testing::expect_in("without GDAL", testing::rejection([] { create_netcdf("a.nc", "a.nc", {}, {}, 1, 1); }));
}

}  // namespace
}  // namespace nextframe
