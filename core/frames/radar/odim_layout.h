#pragma once

#include <string>

#include "core/frames/radar/field_layout.h"

namespace nextframe {

/// ODIM HDF5 (OPERA's data model): the data of the row's quantity, or of the first of RATE, ACRR, DBZH, DBZV, TH and DBZ;
/// gain, offset, nodata and undetect of the data, else of the data set, else 1 and 0; the nominal time, of an accumulation
/// the end of its interval. Rejects a file without such data.
FieldLayout layout_of_odim(const RasterFile& file, const Product& product, const std::string& name);

}  // namespace nextframe
