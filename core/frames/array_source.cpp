#include "core/frames/array_source.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/frames/path_list.h"

namespace nextframe {
namespace {

constexpr std::int64_t kMostChannels = 4;

struct ArrayLayout {
  std::int64_t sequences = 1, frames = 0, height = 0, width = 0, channels = 1;
};

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t length : shape) text += (text.size() > 1 ? "," : "") + std::to_string(length);
  return text + "]";
}

ArrayLayout layout_of(const NpyArray& array) {
  const std::vector<std::int64_t>& shape = array.shape();
  if (shape.size() < 3 || shape.size() > 5) {
    reject("[array] {}: has shape {}; expected [T,H,W], [T,H,W,C], [N,T,H,W] or [N,T,H,W,C]", array.name(),
           shape_text(shape));
  }
  if (array.elements() == 0) reject("[array] {}: has shape {}, which holds no pixel", array.name(), shape_text(shape));
  if (shape.size() == 3) return {1, shape[0], shape[1], shape[2], 1};
  if (shape.size() == 5) return {shape[0], shape[1], shape[2], shape[3], shape[4]};
  if (shape[3] <= kMostChannels) return {1, shape[0], shape[1], shape[2], shape[3]};
  return {shape[0], shape[1], shape[2], shape[3], 1};
}

/// An array and what reading its clips needs, shared by them.
class FrameArray {
 public:
  FrameArray(NpyArray array, double frames_per_second) : array_(std::move(array)), layout_(layout_of(array_)) {
    info_.name = array_.name();
    info_.height = layout_.height;
    info_.width = layout_.width;
    info_.channels = layout_.channels;
    info_.frames_per_second = frames_per_second;
    info_.expected_frames = layout_.frames;
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

  const ArrayLayout& layout() const { return layout_; }
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
    const std::int64_t channel = element % layout_.channels;
    const std::int64_t pixel = element / layout_.channels;
    const std::int64_t column = pixel % layout_.width;
    const std::int64_t row = pixel / layout_.width % layout_.height;
    const std::int64_t frame = pixel / layout_.width / layout_.height;
    reject("[array] {}: holds {} at sequence {}, frame {}, row {}, column {}, channel {}; expected finite numbers only",
           array_.name(), std::isnan(value) ? "NaN" : "infinity", frame / layout_.frames, frame % layout_.frames, row,
           column, channel);
  }

  NpyArray array_;
  ArrayLayout layout_;
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
    const ArrayLayout& layout = array_->layout();
    if (position_ == layout.frames) return false;
    frame.height = layout.height;
    frame.width = layout.width;
    frame.channels = layout.channels;
    frame.mask.clear();
    frame.name.clear();
    frame.seconds = info_.frames_per_second > 0 ? static_cast<double>(position_) / info_.frames_per_second : -1;
    frame.pixels.resize(frame.elements());
    const auto elements = static_cast<std::int64_t>(frame.elements());
    array_->array().read((sequence_ * layout.frames + position_) * elements, elements, frame.pixels.data());
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

std::vector<ClipReference> array_clips(NpyArray array, const std::string& identity, double frames_per_second) {
  auto shared = std::make_shared<FrameArray>(std::move(array), frames_per_second);
  std::vector<ClipReference> clips;
  for (std::int64_t sequence = 0; sequence < shared->layout().sequences; ++sequence) {
    std::string name = shared->array().name();
    if (shared->layout().sequences > 1) name += "#" + std::to_string(sequence);
    clips.push_back({name,
                     identity + "#" + std::to_string(sequence),
                     [shared, sequence, name] { return std::make_unique<ArraySource>(shared, sequence, name); },
                     frames_per_second,
                     {},
                     identity});
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
    std::vector<ClipReference> more = array_clips(NpyArray::open(path), file_identity(path), options.frames_per_second);
    more = clips_of_part(std::move(more), {path, array.part});
    std::move(more.begin(), more.end(), std::back_inserter(clips));
  }
  return clips;
}

}  // namespace nextframe
