#pragma once

#include <string>
#include <vector>

#include "core/frames/source_table.h"

namespace nextframe {

/// One field that is no rain, such as terrain: a band of a picture (the first, or the one behind a #: terrain.tif#2), or an
/// array of a netCDF or HDF5 file (terrain.nc#height; without a name the only one with two dimensions). One frame of the
/// file's numbers with its scale and offset, without a time; no-data is masked, north is up. Rejects a file without such
/// an array and says what it has.
std::vector<ClipReference> list_raster(const SourceOptions& options);

}  // namespace nextframe
