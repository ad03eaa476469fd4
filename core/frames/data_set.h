#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/frames/normalisation.h"
#include "core/frames/options.h"
#include "core/frames/preprocessing.h"
#include "core/frames/region.h"
#include "core/frames/source_table.h"
#include "core/frames/threshold_unit.h"
#include "core/tensor/range.h"

namespace nextframe {

class CachedClip;
class InputFields;

/// A run of frames of one clip that belongs to one split.
struct Segment {
  Split split = Split::kTrain;
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< one past the last frame
};

/// Frames first, first + gap, ... of a clip.
struct Window {
  std::int64_t clip = 0;
  std::int64_t first = 0;
};

/// What `inspect` shows of a clip.
struct ClipSummary {
  std::string name;
  std::int64_t frames = 0;
  std::int64_t height = 0, width = 0, channels = 0;  ///< of the source, before preprocessing
  PixelType pixel_type = PixelType::kUint8;
  double frames_per_second = 0;
  std::uint64_t pictures = 0;  ///< Checksum of all its frames after preprocessing
  UtcSeconds start_time = kNoTime;
  Measurement measurement;
  GeoReference place;
  std::string attribution;
  std::string product;                ///< radar: the row of the table of products, as JSON
  std::vector<std::string> notes;     ///< what was left out
  std::vector<std::string> problems;  ///< of the frames that stand in for what is missing
  std::vector<std::int64_t> cuts;     ///< numbers of the frames that begin a new scene, or come after a gap in time
  std::vector<Segment> segments;
  std::array<std::int64_t, 3> windows{};  ///< by split
};

/// Told now and then while clips are decoded; may throw to stop.
struct DecodeProgress {
  std::string name;
  std::int64_t clip = 0, clips = 0;   ///< the sequences of an array count as one clip
  std::int64_t frame = 0;             ///< of this clip
  std::int64_t expected_frames = -1;  ///< of it
};
using DecodeObserver = std::function<void(const DecodeProgress&)>;

/// One sequence of context + horizon frames as the network sees it.
struct Sequence {
  std::vector<float> frames;       ///< [T,H,W,C], normalised
  std::vector<std::uint8_t> mask;  ///< [T,H,W]; empty = all valid. Missing pixels are 0 in `frames`
};

/// The windows of all clips, by split. Recorded clips are decoded once into the cache and mapped from there; generated
/// sequences are made when they are read. Reading is safe from several threads.
class DataSet {
 public:
  static constexpr std::int64_t kEndless = std::numeric_limits<std::int64_t>::max();

  /// Opens and, where the cache lacks them, decodes all sources. Rejects sources that are missing, unreadable, too
  /// short for any window, of different sizes (without `size`) or of different value ranges.
  DataSet(const DataOptions& options, const SourceTable& table, Log& log, const DecodeObserver& observer = {});
  ~DataSet();
  DataSet(const DataSet&) = delete;
  DataSet& operator=(const DataSet&) = delete;

  const DataOptions& options() const { return options_; }
  /// Of a whole preprocessed frame, before cropping.
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  std::int64_t channels() const { return channels_; }
  /// Of the frames in batches: `crop`, or the whole frame.
  std::int64_t crop_height() const { return options_.crop ? (*options_.crop)[0] : height_; }
  std::int64_t crop_width() const { return options_.crop ? (*options_.crop)[1] : width_; }
  std::int64_t sequence_length() const { return options_.context + options_.horizon; }
  const Normalisation& normalisation() const { return normalisation_; }
  Preprocessing preprocessing() const { return {options_.size, options_.channels, options_.rain}; }
  /// How rain became the numbers that are normalised; nothing for frames that are no rain.
  const std::optional<RainScale>& rain_scale() const { return rain_scale_; }
  /// A threshold on pixels as the network's number. Rejects mm/h for frames that do not measure rain; `path` is the
  /// option's and begins the message.
  double to_network(double threshold, ThresholdUnit unit, std::string_view path) const;
  /// That of data.sampling, which the constructor has checked where it is used.
  double sampling_threshold() const;
  double frames_per_second() const;
  bool generated() const { return !generators_[0].empty(); }
  bool has_masks() const { return has_masks_; }
  /// What data.inputs adds to the network's input; null where there is nothing.
  const InputFields* inputs() const { return inputs_.get(); }
  const std::vector<ClipSummary>& clips() const { return summaries_; }

  /// Windows of a split; kEndless for a generator's training split without a given number of sequences.
  std::int64_t window_count(Split split) const;
  /// Where window `index` lies; for a recorded data set only.
  Window window(Split split, std::int64_t index) const;
  /// "clips/a.mp4 frames 20-39", for logs and captions.
  std::string describe(Split split, std::int64_t index) const;
  /// Frame `number` of clip `clip` as it is in the cache: preprocessed, not normalised.
  Frame frame(std::int64_t clip, std::int64_t number) const;
  /// Whole frames, not cropped, normalised.
  void read(Split split, std::int64_t index, Sequence& sequence) const;
  /// A piece of them.
  void read(Split split, std::int64_t index, const Region& region, Sequence& sequence) const;
  /// Of the frames at places steps.first .. steps.last - 1 of the window alone.
  void read(Split split, std::int64_t index, const Range& steps, const Region& region, Sequence& sequence) const;
  /// The channels of data.inputs beside those frames, [T,h,w,inputs()->channels()].
  void read_inputs(Split split, std::int64_t index, const Range& steps, const Region& region, float* to) const;
  /// The share of values of `region` that are not missing and at least `threshold`, a network's number: in the first frame
  /// of a window, the last one of its context and the last one.
  double share_at_least(float threshold, Split split, std::int64_t index, const Region& region) const;

 private:
  void open_recorded(const SourceTable& table, Log& log, const DecodeObserver& observer);
  void add_clip(const std::string& name, std::unique_ptr<CachedClip> clip, Log& log);
  void open_generated(const SourceTable& table);
  void open_inputs(const SourceTable& table, Log& log, const DecodeObserver& observer);
  void report(const ClipSummary& clip, Log& log) const;
  void list_windows();
  void choose_normalisation();
  void check_crop() const;
  void read_generated(Split split, std::int64_t index, Sequence& sequence) const;

  DataOptions options_;
  std::int64_t height_ = 0, width_ = 0, channels_ = 0;
  bool has_masks_ = false;
  std::optional<RainScale> rain_scale_;
  Normalisation normalisation_;
  std::vector<std::unique_ptr<CachedClip>> clips_;
  std::unique_ptr<const InputFields> inputs_;
  std::vector<ClipSummary> summaries_;
  std::array<std::vector<Window>, 3> windows_;
  std::array<std::vector<std::unique_ptr<SequenceGenerator>>, 3> generators_;
  std::array<std::int64_t, 3> sequences_{};
};

}  // namespace nextframe
