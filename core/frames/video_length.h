#pragma once

#include <optional>
#include <string>

namespace nextframe {

/// How long a video lasts as its container says before a frame is read, and so whatever was cut off its end.
struct VideoLength {
  /// What the length was said of.
  enum class Of {
    kPictures,
    kWhole,  ///< sound and pictures together: either may last longer
  };

  double seconds = 0;
  long long frames = 0;  ///< 0: the container does not count them
  Of of = Of::kPictures;
};

/// Nothing where the container does not say, or where only the end of the file would tell.
std::optional<VideoLength> video_length(const std::string& path);

}  // namespace nextframe
