#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/frames/source_table.h"

namespace nextframe {

/// Radar composites: files in a folder, by a pattern, or by names with a time; see core/frames/radar/product.h for the
/// table of what can be read. Frames hold the product's own quantity (dBZ, mm/h or mm); missing pixels are masked. A
/// file that cannot be read, or whose grid, projection or date is not that of the others, counts as missing; up to
/// max_missing steps in a row are given as frames of nothing but missing pixels, a longer gap is a jump of the time.
bool is_radar(const std::string& path);
std::vector<ClipReference> list_radar(const SourceOptions& options);
/// The same, of each recording no more than its last `steps` fields: what an archive of years does not have to be read
/// for.
std::vector<ClipReference> list_end_of_radar(const SourceOptions& options, std::int64_t steps);
struct RadarListing;
/// The fields of a recording as it was found.
std::unique_ptr<FrameSource> open_radar(std::shared_ptr<const RadarListing> listing);
/// The same as list_radar of these files alone.
std::vector<ClipReference> list_radar(const SourceOptions& options, const std::vector<std::string>& files);

}  // namespace nextframe
