#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/frames/frame.h"
#include "core/frames/frame_source.h"
#include "core/frames/input_fields.h"
#include "core/frames/last_frames.h"
#include "core/train/frame_forecaster.h"
#include "core/train/trained_model.h"

namespace nextframe {

struct ForecasterOptions {
  enum class Resize {
    kKeepSize,   ///< frames keep the source's own size
    kAsTrained,  ///< the size that the model was trained on, where it was trained on resized frames
  };
  /// What a model of one channel makes of a colour source.
  enum class Colour {
    kByChannel,  ///< red, green and blue are forecast as three sequences of their own: colour, at three times the work
    kGrey,       ///< one sequence of their grey
  };
  Resize resize = Resize::kKeepSize;
  Colour colour = Colour::kByChannel;
  GuideFactory guides = {};  ///< for guided networks
  InputOpener inputs = {};   ///< for networks that see data.inputs
  /// Whether the fields of those lie where the frames do; null: their sizes alone have to agree.
  bool (*same_place)(const GeoReference&, const GeoReference&, std::int64_t, std::int64_t) = nullptr;
};

/// What to say where a float source's values can hardly be on the scale that a model knows, such as 0 to 1 for one of 8-bit
/// video; else "". Floats are taken at their word, so a forecast would be of no use.
std::string doubt_of_scale(const FrameFormat& model, const SourceInfo& source);

/// Runs a trained model on frames of any size, in source units, and carries its state from frame to frame; beside the state
/// of a guided one it keeps the few frames that motion is found on. Memory does not grow with the number of frames seen.
class Forecaster final : public FrameForecaster {
 public:
  using FrameForecaster::forecast;

  /// `model` outlives the forecaster and is not used by anybody else meanwhile. `source` says what will come: its
  /// channels and, for the message, its name. Rejects a source whose channels the model cannot take.
  Forecaster(Backend& backend, TrainedModel& model, const SourceInfo& source, const ForecasterOptions& options = {});

  /// Frames forecast at a time: enough to keep the machine busy, few enough for any horizon to fit the memory.
  static constexpr std::int64_t kChunk = 8;

  ForecastLengths lengths() const override {
    return {.context = model_.data.context, .horizon = model_.data.horizon, .gap = model_.data.gap};
  }
  std::int64_t channels() const override { return sequences_ * model_.file.frames.output_channels; }
  /// Whether a model of one channel forecasts the channels of a colour source one by one.
  bool by_channel() const { return sequences_ > 1; }

  /// Missing pixels are 0 to the network.
  void observe(const Frame& frame) override;
  void reset() override;
  std::int64_t observed() const override { return observed_; }
  void forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t lead_time)>& visit) override;

 private:
  /// A frame in the network's numbers, a sequence after the other.
  struct Prepared {
    std::vector<float> values;       ///< [N,H,W,C]
    std::vector<std::uint8_t> mask;  ///< [H,W]; empty: nothing is missing
  };

  void open_inputs(const ForecasterOptions& options);
  Tensor upload(const Prepared& prepared, UtcSeconds time);
  void start_guides(std::int64_t horizon);
  Tensor next_guide(std::int64_t steps);
  Frame to_frame(const float* values) const;

  Backend& backend_;
  TrainedModel& model_;
  SourceInfo source_;
  Preprocessing preprocessing_;
  double unit_ = 1;  ///< source units per unit of the model's own: 65535/255 for a 16-bit source of an 8-bit model
  std::int64_t sequences_ = 1;                  ///< that the channels of a frame are to the network
  std::unique_ptr<const InputFields> inputs_;   ///< null: the network sees the frames alone
  std::optional<RainScale> rain_scale_;         ///< where the model's numbers are a unit of rain
  UtcSeconds last_time_ = kNoTime;              ///< of the last frame observed
  std::vector<std::unique_ptr<Guide>> guides_;  ///< one a sequence; none without a guide
  std::deque<Prepared> recent_;                 ///< the last frames, as many as a guide looks at
  ModelState state_;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  std::int64_t observed_ = 0;
};

/// A hindcast: what a forecaster would have said after the frames before `first_frame` of a recording.
struct Hindcast {
  std::int64_t first_frame = 0;  ///< number of the recording's frame that lead time 1 forecasts
  std::vector<Frame> frames;
};

struct HindcastOptions {
  std::int64_t every = 1;     ///< frames of the recording from one hindcast to the next
  std::int64_t context = 10;  ///< frames seen before each one
  std::int64_t gap = 1;       ///< recording's frames from one seen frame to the next
  std::int64_t horizon = 10;
  MissingFrames missing = MissingFrames::kRefuse;
  /// Told where a hindcast is left out, because its context is not whole; see check_context.
  std::function<void(std::int64_t first_frame, const std::string& why)> skipped = {};
};

/// Hindcasts through a whole recording, each from its last `context` frames alone; keeps no more than those in memory.
/// Stops early where `visit` returns false. Returns the number of hindcasts; rejects a recording shorter than the
/// context.
std::int64_t hindcast(FrameForecaster& forecaster, FrameSource& source, const HindcastOptions& options,
                      const std::function<bool(const Hindcast&)>& visit);

}  // namespace nextframe
