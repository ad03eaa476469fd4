#include "core/frames/array_source.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/frames/path_list.h"

namespace nextframe {
namespace {

constexpr std::int64_t kMostChannels = 4;

struct ArrayShape {
  std::int64_t sequences = 1, frames = 0, height = 0, width = 0, channels = 1;
  bool time_first = false;  ///< frame 0 of all sequences, then frame 1

  /// The place of a frame among all of the array.
  std::int64_t place(std::int64_t sequence, std::int64_t frame) const {
    return time_first ? frame * sequences + sequence : sequence * frames + frame;
  }
};

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t length : shape) text += (text.size() > 1 ? "," : "") + std::to_string(length);
  return text + "]";
}

/// What `auto` takes an array for.
ArrayLayout guess_layout(const std::vector<std::int64_t>& shape) {
  if (shape.size() == 3) return ArrayLayout::kTHW;
  if (shape.size() == 5) return ArrayLayout::kNTHWC;
  return shape[3] <= kMostChannels ? ArrayLayout::kTHWC : ArrayLayout::kNTHW;
}

std::string_view layout_name(ArrayLayout layout) { return enum_names(layout)[static_cast<std::size_t>(layout)].first; }

ArrayShape shape_of(const NpyArray& array, ArrayLayout layout) {
  const std::vector<std::int64_t>& shape = array.shape();
  if (shape.size() < 3 || shape.size() > 5) {
    reject("[array] {}: has shape {}; expected [T,H,W], [T,H,W,C], [N,T,H,W] or [N,T,H,W,C]", array.name(),
           shape_text(shape));
  }
  if (array.elements() == 0) reject("[array] {}: has shape {}, which holds no pixel", array.name(), shape_text(shape));
  if (layout == ArrayLayout::kAuto) layout = guess_layout(shape);
  const std::string_view axes = layout_name(layout);
  if (axes.size() != shape.size()) {
    reject("[array] {}: has shape {}, which has {} dimensions and not the {} of the layout {}", array.name(),
           shape_text(shape), shape.size(), axes.size(), axes);
  }
  ArrayShape result;
  result.time_first = layout == ArrayLayout::kTNHW;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    (axes[i] == 'N'   ? result.sequences
     : axes[i] == 'T' ? result.frames
     : axes[i] == 'H' ? result.height
     : axes[i] == 'W' ? result.width
                      : result.channels) = shape[i];
  }
  return result;
}

/// How an array was taken that could be taken in two ways, else "".
std::string reading_of(const NpyArray& array, ArrayLayout layout) {
  if (layout != ArrayLayout::kAuto || array.shape().size() != 4) return "";
  const ArrayLayout guessed = guess_layout(array.shape());
  const ArrayShape shape = shape_of(array, guessed);
  const bool one = guessed == ArrayLayout::kTHWC;
  return format("{}: {} is taken as {}: {}{} frames of {}x{}{}; a layout such as {} says otherwise", array.name(),
                shape_text(array.shape()), layout_name(guessed), one ? "" : format("{} sequences of ", shape.sequences),
                shape.frames, shape.height, shape.width,
                one ? format(" with {} channel{}", shape.channels, shape.channels == 1 ? "" : "s") : "",
                layout_name(one ? ArrayLayout::kNTHW : ArrayLayout::kTHWC));
}

/// An array and what reading its clips needs, shared by them.
class FrameArray {
 public:
  FrameArray(NpyArray array, const SourceOptions& options)
      : array_(std::move(array)), shape_(shape_of(array_, options.layout)) {
    info_.name = array_.name();
    info_.height = shape_.height;
    info_.width = shape_.width;
    info_.channels = shape_.channels;
    info_.frames_per_second = options.frames_per_second;
    info_.expected_frames = shape_.frames;
    const NpyHeader& header = array_.header();
    if (header.kind == NpyKind::kBool) {
      info_.high = 1;
    } else if (header.kind == NpyKind::kUnsigned && header.item_bytes == 2) {
      info_.pixel_type = PixelType::kUint16;
      info_.high = 65535;
    } else if (header.kind != NpyKind::kUnsigned || header.item_bytes > 2) {
      info_.pixel_type = PixelType::kFloat32;
    }
  }

  const ArrayShape& shape() const { return shape_; }
  const NpyArray& array() const { return array_; }

  SourceInfo info() {
    std::call_once(measured_, [this] {
      if (info_.pixel_type == PixelType::kFloat32) measure();
    });
    return info_;
  }

 private:
  /// One pass over a float array: finds values that are not finite before anything is written, and the value range.
  void measure() {
    constexpr std::int64_t kChunk = 1 << 16;
    std::vector<float> values(static_cast<std::size_t>(std::min(kChunk, array_.elements())));
    float low = 0, high = 1;
    bool first = true, beyond = false;
    for (std::int64_t start = 0; start < array_.elements(); start += kChunk) {
      const std::int64_t count = std::min(kChunk, array_.elements() - start);
      array_.read(start, count, values.data());
      for (std::int64_t i = 0; i < count; ++i) {
        const float value = values[static_cast<std::size_t>(i)];
        if (!std::isfinite(value)) not_finite(start + i, value);
        if (first || value < low) low = value;
        if (first || value > high) high = value;
        first = false;
        beyond = beyond || value < 0 || value > 1;
      }
    }
    info_.low = beyond ? low : 0;
    info_.high = beyond ? std::max(high, std::nextafter(low, 2 * std::abs(low) + 1)) : 1;
  }

  [[noreturn]] void not_finite(std::int64_t element, float value) const {
    double stored = 0;
    array_.read(element, 1, &stored);
    const std::string found = std::isfinite(stored)
                                  ? format("{:g}, which is beyond the range of float (3.4e38),", stored)
                              : std::isnan(value) ? "NaN"
                                                  : "infinity";
    const std::int64_t channel = element % shape_.channels;
    const std::int64_t pixel = element / shape_.channels;
    const std::int64_t column = pixel % shape_.width;
    const std::int64_t row = pixel / shape_.width % shape_.height;
    const std::int64_t place = pixel / shape_.width / shape_.height;
    const std::int64_t sequence = shape_.time_first ? place % shape_.sequences : place / shape_.frames;
    const std::int64_t frame = shape_.time_first ? place / shape_.sequences : place % shape_.frames;
    reject("[array] {}: holds {} at sequence {}, frame {}, row {}, column {}, channel {}; expected finite numbers only",
           array_.name(), found, sequence, frame, row, column, channel);
  }

  NpyArray array_;
  ArrayShape shape_;
  SourceInfo info_;
  std::once_flag measured_;
};

class ArraySource final : public FrameSource {
 public:
  ArraySource(std::shared_ptr<FrameArray> array, std::int64_t sequence, const std::string& name)
      : array_(std::move(array)), info_(array_->info()), sequence_(sequence) {
    info_.name = name;
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    const ArrayShape& shape = array_->shape();
    if (position_ == shape.frames) return false;
    frame.height = shape.height;
    frame.width = shape.width;
    frame.channels = shape.channels;
    frame.mask.clear();
    frame.name.clear();
    frame.seconds = info_.frames_per_second > 0 ? static_cast<double>(position_) / info_.frames_per_second : -1;
    frame.pixels.resize(frame.elements());
    const auto elements = static_cast<std::int64_t>(frame.elements());
    array_->array().read(shape.place(sequence_, position_) * elements, elements, frame.pixels.data());
    ++position_;
    return true;
  }

 private:
  std::shared_ptr<FrameArray> array_;
  SourceInfo info_;
  std::int64_t sequence_ = 0;
  std::int64_t position_ = 0;
};

}  // namespace

std::vector<ClipReference> array_clips(NpyArray array, const std::string& identity, const SourceOptions& options) {
  const std::string reading = reading_of(array, options.layout);
  // Another layout makes other frames of the same file.
  const bool chosen = options.layout != ArrayLayout::kAuto;
  const std::string series = identity + (chosen ? format("|{}", layout_name(options.layout)) : "");
  auto shared = std::make_shared<FrameArray>(std::move(array), options);
  std::vector<ClipReference> clips;
  for (std::int64_t sequence = 0; sequence < shared->shape().sequences; ++sequence) {
    std::string name = shared->array().name();
    if (shared->shape().sequences > 1) name += "#" + std::to_string(sequence);
    ClipReference& clip = clips.emplace_back();
    clip.name = name;
    clip.identity = series + "#" + std::to_string(sequence);
    clip.open = [shared, sequence, name] { return std::make_unique<ArraySource>(shared, sequence, name); };
    clip.frames_per_second = options.frames_per_second;
    clip.series = series;
    clip.reading = reading;
  }
  return clips;
}

std::vector<ClipReference> clips_of_part(std::vector<ClipReference> clips, const ArrayPath& path) {
  if (path.part.empty()) return clips;
  const auto is_meant = [&](const ClipReference& clip) {
    if (path.part == "0" && clips.size() == 1) return true;
    const std::size_t mark = clip.name.find('#', path.file.size());
    if (mark == std::string::npos) return false;
    const std::string name = "#" + path.part + "#";
    const std::string parts = clip.name.substr(mark) + "#";
    return parts.starts_with(name) || parts.ends_with(name);
  };
  std::vector<ClipReference> meant;
  std::copy_if(clips.begin(), clips.end(), std::back_inserter(meant), is_meant);
  if (meant.empty()) {
    reject("[array] {}#{}: there is no such part; {} holds {} sequence{}, the last is {}", path.file, path.part,
           path.file, clips.size(), clips.size() == 1 ? "" : "s", clips.back().name);
  }
  return meant;
}

std::vector<ClipReference> list_npy(const SourceOptions& options) {
  require_path(options.path);
  const ArrayPath array = parse_array_path(options.path);
  std::vector<ClipReference> clips;
  for (const std::string& path : expand_path(array.file)) {
    std::vector<ClipReference> more = array_clips(NpyArray::open(path), file_identity(path), options);
    more = clips_of_part(std::move(more), {path, array.part});
    std::move(more.begin(), more.end(), std::back_inserter(clips));
  }
  return clips;
}

}  // namespace nextframe
