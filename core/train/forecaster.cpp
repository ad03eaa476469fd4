#include "core/train/forecaster.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "core/base/error.h"
#include "core/frames/preprocessing.h"
#include "core/train/guides.h"
#include "core/train/host_values.h"

namespace nextframe {
namespace {

/// Red, green and blue.
constexpr std::int64_t kColours = 3;

bool is_colour(const SourceInfo& source) { return source.channels == kColours || source.channels == kColours + 1; }

bool same_range(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)}); }

/// So many times wider than a model's values, a source's are on another scale.
constexpr double kOtherScale = 16;

}  // namespace

std::string doubt_of_scale(const FrameFormat& model, const SourceInfo& source) {
  if (source.pixel_type != PixelType::kFloat32 || source.measurement.quantity != Quantity::kNone) return "";
  const bool of_pixels = same_range(model.low, 0) && (same_range(model.high, 255) || same_range(model.high, 65535));
  const bool too_small = of_pixels && source.low >= 0 && source.high <= 1;
  const bool too_large = source.high - source.low > kOtherScale * (model.high - model.low);
  if (!too_small && !too_large) return "";
  return format(
      "{}: has values {:g} to {:g}, the model was trained on {:g} to {:g}: the forecast will be of no use unless they "
      "are "
      "brought to one scale{}",
      source.name, source.low, source.high, model.low, model.high,
      too_small ? format(" (multiply by {:g}, or save 8-bit integers)", model.high) : "");
}

Forecaster::Forecaster(Backend& backend, TrainedModel& model, const SourceInfo& source,
                       const ForecasterOptions& options)
    : backend_(backend), model_(model), source_(source) {
  const FrameFormat& frames = model.file.frames;
  preprocessing_.channels = frames.channels;
  if (options.resize == ForecasterOptions::Resize::kAsTrained) preprocessing_.size = frames.size;
  preprocessing_.rain = frames.rain;
  if (frames.input_channels == 1 && frames.output_channels == 1 && is_colour(source)) {
    const bool by_channel = options.colour == ForecasterOptions::Colour::kByChannel;
    preprocessing_.channels = by_channel ? ChannelMode::kColor : ChannelMode::kGrey;
    sequences_ = by_channel ? kColours : 1;
  }
  const std::int64_t channels = channels_after(preprocessing_, source.channels, source.name);
  if (channels != sequences_ * frames.output_channels) {
    reject("[forecast] {}: has {} channels, the model {} was trained on {}; use a model for such frames", source.name,
           channels, model.path, frames.output_channels);
  }
  rain_scale_ = rain_scale_for(frames.rain, source.measurement, source.name);
  if (!rain_scale_ && unit_of(source.measurement.quantity) != frames.units) {
    reject("[forecast] {}: its pixels are in {}, the model {} was trained on {}; use a model for such frames",
           source.name, unit_of(source.measurement.quantity), model.path, frames.units);
  }
  // An integer source of another depth shows the same pictures on another scale; a float source is taken at its word.
  const bool depth_differs =
      source.pixel_type != PixelType::kFloat32 && same_range(frames.low, 0) &&
      (same_range(frames.high, 255) || same_range(frames.high, 65535) || same_range(frames.high, 1)) &&
      same_range(source.low, 0) && !same_range(source.high, frames.high);
  if (depth_differs) unit_ = source.high / frames.high;
  open_inputs(options);
  if (const GuideMaker make = guide_maker_for(model.options, frames, options.guides)) {
    for (std::int64_t n = 0; n < sequences_; ++n) guides_.push_back(make());
  }
}

void Forecaster::open_inputs(const ForecasterOptions& options) {
  const std::vector<InputOptions>& inputs = model_.data.inputs;
  const FrameFormat& frames = model_.file.frames;
  if (frames.field_channels != input_field_channels(inputs.size(), frames.mask_channel)) {
    reject("[forecast] {}: knows {} channels of inputs, its configuration has {} inputs", model_.path,
           frames.field_channels, inputs.size());
  }
  if (inputs.empty()) return;
  if (!options.inputs) reject("[forecast] {}: sees inputs beside the frames, which cannot be read here", model_.path);
  std::vector<std::unique_ptr<InputField>> fields;
  for (const InputOptions& input : inputs) {
    fields.push_back(options.inputs(input, input_preprocessing(preprocessing_.size)));
  }
  inputs_ = std::make_unique<const InputFields>(inputs, frames.mask_channel, std::move(fields));
  // observe() looks whether frames have dates.
  inputs_->check_frames(source_, true, options.same_place);
}

void Forecaster::observe(const Frame& frame) {
  Frame prepared = frame;
  apply(preprocessing_, prepared, source_);
  if (observed_ > 0 && (prepared.height != height_ || prepared.width != width_)) {
    reject("[forecast] {}: frame {} is {}x{}, those before it {}x{}", source_.name, observed_ + 1, prepared.width,
           prepared.height, width_, height_);
  }
  if (inputs_ && inputs_->timed() && frame.time == kNoTime) {
    reject("[forecast] {}: its frames have no dates, by which the inputs of {} would be found", source_.name,
           model_.path);
  }
  height_ = prepared.height;
  width_ = prepared.width;
  const Normalisation& normalisation = model_.file.frames.normalisation;
  for (float& pixel : prepared.pixels) pixel = normalisation.to_network(static_cast<float>(pixel / unit_));
  for (std::size_t i = 0; i < prepared.mask.size(); ++i) {
    if (prepared.mask[i] != 0) continue;
    std::fill_n(prepared.pixels.begin() + static_cast<std::ptrdiff_t>(i) * prepared.channels, prepared.channels, 0.0F);
  }
  last_time_ = prepared.time;
  // [H,W,N*C] to [N,H,W,C]
  const std::int64_t channels = prepared.channels / sequences_;
  Prepared ready{.values = {}, .mask = prepared.mask};
  ready.values.reserve(prepared.pixels.size());
  for (std::int64_t n = 0; n < sequences_; ++n) {
    for (std::int64_t i = 0; i < prepared.area(); ++i) {
      const auto pixel = prepared.pixels.begin() + i * prepared.channels + n * channels;
      ready.values.insert(ready.values.end(), pixel, pixel + channels);
    }
  }
  state_ = model_.network->observe(upload(ready, prepared.time), std::move(state_));
  ++observed_;
  if (guides_.empty()) return;
  recent_.push_back(std::move(ready));
  if (std::ssize(recent_) > guides_.front()->history()) recent_.pop_front();
}

/// [1,N,H,W,C]
Tensor Forecaster::upload(const Prepared& prepared, UtcSeconds time) {
  std::vector<float> mask, buffer;
  for (std::int64_t n = 0; n < sequences_; ++n) mask.insert(mask.end(), prepared.mask.begin(), prepared.mask.end());
  const NetworkChannels network = channels_of(model_.file.frames);
  const std::vector<FramePlace> places(static_cast<std::size_t>(sequences_), {0, 0, height_, width_, {}});
  std::vector<float> fields(static_cast<std::size_t>(sequences_ * height_ * width_ * network.fields));
  if (inputs_) inputs_->read(time, {0, 0, height_, width_}, fields.data());
  const InputFrames input{
      .frames = prepared.values, .mask = mask, .height = height_, .width = width_, .places = places, .fields = fields};
  return to_backend(backend_, network_input(input, network, buffer), {1, sequences_, height_, width_, network.input()});
}

void Forecaster::start_guides(std::int64_t horizon) {
  const std::int64_t frame = height_ * width_ * model_.file.frames.output_channels;
  for (std::int64_t n = 0; n < std::ssize(guides_); ++n) {
    std::vector<float> frames;
    std::vector<std::uint8_t> mask;
    for (const Prepared& prepared : recent_) {
      const auto first = prepared.values.begin() + n * frame;
      frames.insert(frames.end(), first, first + frame);
      if (prepared.mask.empty()) {
        mask.insert(mask.end(), static_cast<std::size_t>(height_ * width_), 1);
      } else {
        mask.insert(mask.end(), prepared.mask.begin(), prepared.mask.end());
      }
    }
    guides_[static_cast<std::size_t>(n)]->start({.frames = frames.data(),
                                                 .mask = mask.data(),
                                                 .length = std::ssize(recent_),
                                                 .height = height_,
                                                 .width = width_,
                                                 .channels = model_.file.frames.output_channels},
                                                {0, 0, height_, width_}, horizon);
  }
}

/// [steps,N,H,W,C], or nothing without a guide.
Tensor Forecaster::next_guide(std::int64_t steps) {
  if (guides_.empty()) return {};
  const Shape shape{steps, sequences_, height_, width_, model_.file.frames.output_channels};
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  const std::int64_t frame = shape.elements() / (steps * sequences_);
  for (std::int64_t i = 0; i < steps * sequences_; ++i) {
    guides_[static_cast<std::size_t>(i % sequences_)]->next(values.data() + i * frame);
  }
  return to_backend(backend_, values, shape);
}

void Forecaster::reset() {
  state_ = ModelState();
  recent_.clear();
  observed_ = 0;
}

/// [N,H,W,C] to [H,W,N*C].
Frame Forecaster::to_frame(const float* values) const {
  Frame frame;
  frame.height = height_;
  frame.width = width_;
  frame.channels = channels();
  frame.pixels.resize(frame.elements());
  const std::int64_t per_sequence = frame.channels / sequences_;
  for (std::int64_t n = 0; n < sequences_; ++n) {
    for (std::int64_t i = 0; i < frame.area(); ++i) {
      std::copy_n(values, per_sequence, frame.pixels.begin() + i * frame.channels + n * per_sequence);
      values += per_sequence;
    }
  }
  const Normalisation& normalisation = model_.file.frames.normalisation;
  for (float& pixel : frame.pixels) {
    pixel = normalisation.from_network(pixel) * static_cast<float>(unit_);
    if (rain_scale_) pixel = static_cast<float>(source_.measurement.from_rate(rain_scale_->to_rate(pixel)));
  }
  return frame;
}

void Forecaster::forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t)>& visit) {
  if (observed_ == 0) reject("[forecast] {}: no frame was observed yet", source_.name);
  ModelState state = state_;
  start_guides(count);
  for (std::int64_t first = 0; first < count; first += kChunk) {
    const std::int64_t steps = std::min(kChunk, count - first);
    const Tensor prediction = model_.network->predict(state, steps, next_guide(steps));
    const std::vector<float> values = to_host(backend_, prediction);
    const std::int64_t frame_elements = height_ * width_ * channels();
    for (std::int64_t i = 0; i < prediction.dimension(0); ++i) {
      Frame frame = to_frame(values.data() + i * frame_elements);
      if (source_.frames_per_second > 0) {
        frame.seconds = static_cast<double>((first + i + 1) * model_.data.gap) / source_.frames_per_second;
        if (last_time_ != kNoTime) frame.time = last_time_ + std::llround(frame.seconds);
      }
      visit(frame, first + i + 1);
    }
  }
}

std::int64_t hindcast(FrameForecaster& forecaster, FrameSource& source, const HindcastOptions& options,
                      const std::function<bool(const Hindcast&)>& visit) {
  const std::int64_t span = (options.context - 1) * options.gap + 1;
  std::deque<Frame> recent;
  Frame frame;
  std::int64_t seen = 0;
  std::int64_t made = 0;
  std::string last_refusal;
  while (source.next(frame)) {
    recent.push_back(frame);
    if (static_cast<std::int64_t>(recent.size()) > span) recent.pop_front();
    ++seen;
    if (seen < span || (seen - span) % options.every != 0) continue;
    std::vector<Frame> context;
    for (std::int64_t i = 0; i < span; i += options.gap) context.push_back(recent[static_cast<std::size_t>(i)]);
    try {
      check_context(context, options.missing, source.info(), options.gap);
    } catch (const Error& error) {
      last_refusal = error.what();
      if (options.skipped) options.skipped(seen - 1 + options.gap, last_refusal);
      continue;
    }
    forecaster.reset();
    for (const Frame& each : context) forecaster.observe(each);
    ++made;
    if (!visit({.first_frame = seen - 1 + options.gap, .frames = forecaster.forecast(options.horizon)})) return made;
  }
  if (made == 0 && !last_refusal.empty()) reject("{}; no context was whole", last_refusal);
  if (made == 0) {
    reject("[forecast] {}: got {} frames, expected at least {} (context {}, gap {}); use a longer recording",
           source.info().name, seen, span, options.context, options.gap);
  }
  return made;
}

}  // namespace nextframe
