#include "core/frames/radar/raster_file.h"

#include <algorithm>
#include <string_view>

namespace nextframe {

const RasterArray* RasterFile::find(const std::string& path) const {
  const auto plain = [](std::string_view text) { return text.starts_with('/') ? text.substr(1) : text; };
  const auto found =
      std::ranges::find_if(arrays(), [&](const RasterArray& array) { return plain(array.path) == plain(path); });
  return found == arrays().end() ? nullptr : &*found;
}

}  // namespace nextframe
