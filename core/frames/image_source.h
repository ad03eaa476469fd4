#pragma once

#include <string>
#include <vector>

#include "core/frames/source_table.h"

namespace nextframe {

/// The images of a folder, or those that a pattern matches, in natural order of their names, as one clip; a pattern
/// that matches folders gives a clip each. png, jpg, tif, pgm, bmp, webp; 8-bit, 16-bit or float, as stored. A single
/// image is a clip of one frame. Rejects folders without images, and images that cannot be decoded or differ in size,
/// channels or type.
std::vector<ClipReference> list_images(const SourceOptions& options);

/// A folder, an image, or a pattern whose first match is one of them.
bool is_images(const std::string& path);

}  // namespace nextframe
