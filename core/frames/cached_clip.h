#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/frames/frame_source.h"
#include "core/frames/region.h"

namespace nextframe {

/// What is known of a clip in the cache, or of all clips of a file. Written as it stands in memory: a cache never leaves
/// its machine.
struct ClipHeader {
  std::int64_t clips = 1;  ///< in the file
  std::int64_t frames = 0;
  std::int64_t height = 0, width = 0, channels = 0;                       ///< as stored
  std::int64_t source_height = 0, source_width = 0, source_channels = 0;  ///< before preprocessing
  std::int64_t pixel_type = 0;                                            ///< PixelType
  std::int64_t has_mask = 0;
  double low = 0, high = 0;  ///< the value range of the type or source
  double frames_per_second = 0;
  UtcSeconds start_time = kNoTime;  ///< of the first frame
  std::uint64_t pictures = 0;       ///< Checksum of all frames as stored; of a file with several clips see ClipRecord
  std::int64_t key_bytes = 0, names_bytes = 0, details_bytes = 0;

  PixelType type() const { return static_cast<PixelType>(pixel_type); }
  /// Bytes from one frame to the next, a multiple of 8: pixels [H,W,C], then, with masks, [H,W] bytes.
  std::int64_t frame_bytes() const;
};

/// A frame of nothing but missing pixels, and why.
struct FrameProblem {
  std::int64_t frame = 0;
  std::string text;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("frame", frame);
    v.field("text", text);
  }
};

/// What is known of a clip besides numbers that every clip has.
struct ClipDetails {
  Measurement measurement;
  GeoReference place;
  std::string attribution;
  std::string product;
  std::vector<std::string> notes;
  std::vector<FrameProblem> problems;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("measurement", measurement);
    v.field("place", place);
    v.field("attribution", attribution);
    v.field("product", product);
    v.field("notes", notes);
    v.field("problems", problems);
  }
};

/// What a cache file says about each of its clips.
struct ClipRecord {
  std::int64_t frames = 0;
  std::uint64_t pictures = 0;  ///< Checksum of its frames as stored
};

class CacheFile;

/// A clip decoded, preprocessed and stored: any frame at once, from several threads. Several clips of one size and kind
/// can share a file.
class CachedClip {
 public:
  /// Maps the file and gives its clips in order; none where it is not there, damaged, or of another key.
  static std::vector<std::unique_ptr<CachedClip>> open(const std::string& path, const std::string& key);

  /// Clip `number` of the file, whose frames begin at `first`.
  CachedClip(std::shared_ptr<const CacheFile> file, std::int64_t number, std::int64_t first);

  /// Of this clip alone.
  const ClipHeader& header() const { return header_; }
  /// ChangeMeter's values, [frames].
  const std::vector<double>& changes() const { return changes_; }
  const std::vector<double>& seconds() const { return seconds_; }
  const std::vector<std::string>& names() const { return names_; }
  const ClipDetails& details() const { return details_; }

  /// Pixels [h,w,C] of the region of a frame; and the mask [h,w] where `mask` is given (all 1 without masks).
  void read(std::int64_t frame, const Region& region, float* pixels, std::uint8_t* mask) const;

 private:
  std::shared_ptr<const CacheFile> file_;
  std::int64_t first_ = 0;
  ClipHeader header_;
  std::vector<double> changes_, seconds_;
  std::vector<std::string> names_;
  ClipDetails details_;
};

/// What is kept of each clip and each frame besides the pixels, over all clips of a file.
struct FrameRecords {
  std::vector<ClipRecord> clips;
  std::vector<double> changes, seconds;
  std::vector<std::string> names;
};

/// The bytes behind the frames. A file holds: the frames of all clips, ClipHeader, key, ClipRecord a clip, changes (double
/// a frame), seconds (double a frame), names (a line a frame), ClipDetails as JSON, and 16 bytes at the end that say where
/// the header is and that this is such a file.
std::string cache_trailer(ClipHeader header, const std::string& key, const FrameRecords& records,
                          const ClipDetails& details);

}  // namespace nextframe
