#include "core/frames/radar_source.h"

#include <cmath>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/frames/path_list.h"
#include "core/frames/radar/field_layout.h"
#include "core/frames/radar/radar_listing.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/time_series.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// What is shown of a quantity: up to heavy rain.
constexpr double kShownRate = 100;
constexpr double kShownDbz = 60;

/// A field with what is known of it, read by one visit to its file.
struct ReadField {
  Field field;
  FieldLayout layout;
};

std::string size_text(const FieldLayout& layout) { return format("{}x{}", layout.width(), layout.height()); }

class RadarSource final : public FrameSource {
 public:
  explicit RadarSource(std::shared_ptr<const RadarListing> listing) : listing_(std::move(listing)) {
    info_.name = listing_->name;
    info_.channels = 1;
    info_.frames_per_second = listing_->step_seconds > 0 ? 1 / static_cast<double>(listing_->step_seconds) : 0;
    info_.expected_frames = static_cast<std::int64_t>(listing_->steps.size());
    info_.attribution = listing_->product.attribution;
    info_.product = to_text(listing_->product);
    info_.notes = listing_->notes;
    find_grid();
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    while (ready_.empty() && position_ < listing_->steps.size()) advance();
    if (ready_.empty() && !run_.empty()) {
      // The newest files: a forecast that needs them has to hear of them, however many they are.
      ready_ = std::exchange(run_, {});
    }
    if (ready_.empty()) return false;
    fill(ready_.front(), frame);
    ready_.pop_front();
    return true;
  }

 private:
  /// One time step: a field that was read, or the reason why there is none.
  struct Slot {
    UtcSeconds time = kNoTime;
    std::string name;
    std::optional<Field> field;
    std::string problem;
  };

  /// The first field that can be read says what all of them have to be.
  void find_grid() {
    std::string first_problem;
    for (const RadarStep& step : listing_->steps) {
      try {
        const auto file = open_raster(step.path, view_of(listing_->product));
        layout_ = layout_of(*file, listing_->product, step.path);
        read_field(*file, layout_, step.event, step.field);
      } catch (const Error& error) {
        if (first_problem.empty()) first_problem = error.what();
        info_.notes.push_back(format("{}; left out", error.what()));
        continue;
      }
      take_info();
      return;
    }
    reject("[radar] {}: none of its {} files can be read; the first: {}", listing_->name, listing_->steps.size(),
           first_problem);
  }

  void take_info() {
    info_.height = layout_.height();
    info_.width = layout_.width();
    info_.place = layout_.place;
    Measurement& measurement = layout_.measurement;
    if (measurement.quantity == Quantity::kAccumulation && measurement.interval_seconds == 0) {
      measurement.interval_seconds = static_cast<double>(listing_->step_seconds);
      if (listing_->step_seconds == 0) {
        reject("[radar] {}: the interval of its accumulations is not known; write it in a product's interval_seconds",
               listing_->name);
      }
    }
    info_.measurement = measurement;
    if (measurement.quantity == Quantity::kNone) {
      info_.pixel_type = layout_.array.type == "Byte"     ? PixelType::kUint8
                         : layout_.array.type == "UInt16" ? PixelType::kUint16
                                                          : PixelType::kFloat32;
      info_.high = info_.pixel_type == PixelType::kUint8 ? 255 : info_.pixel_type == PixelType::kUint16 ? 65535 : 1;
      return;
    }
    info_.pixel_type = PixelType::kFloat32;
    info_.low = measurement.quantity == Quantity::kReflectivity ? kNoEchoDbz : 0;
    info_.high = measurement.quantity == Quantity::kReflectivity ? kShownDbz : measurement.from_rate(kShownRate);
  }

  ReadField read(const RadarStep& step) const {
    const auto file = open_raster(step.path, view_of(listing_->product));
    ReadField result;
    result.layout = layout_of(*file, listing_->product, step.path);
    compare(result.layout, step);
    result.field = read_field(*file, result.layout, step.event, step.field);
    apply_mask(listing_->product, step.path, step.time, result.layout, result.field);
    return result;
  }

  /// Rejects a file that does not belong to the others.
  void compare(const FieldLayout& layout, const RadarStep& step) const {
    if (layout.height() != info_.height || layout.width() != info_.width) {
      reject("[radar] {}: is {}, the others are {}x{}", step.path, size_text(layout), info_.width, info_.height);
    }
    if (layout.place.projection != info_.place.projection) {
      reject("[radar] {}: has another projection than the others, {}", step.path,
             layout.place.known() ? describe_projection(layout.place.projection) : "none");
    }
    const double pixel = std::abs(info_.place.transform[1]);
    for (std::size_t i = 0; i < 6; ++i) {
      if (!(std::abs(layout.place.transform[i] - info_.place.transform[i]) <= 0.01 * pixel)) {
        reject("[radar] {}: lies elsewhere: its upper left corner is at ({}, {}), that of the others at ({}, {})",
               step.path, layout.place.transform[0], layout.place.transform[3], info_.place.transform[0],
               info_.place.transform[3]);
      }
    }
    const Measurement& one = info_.measurement;
    if (layout.measurement.quantity != one.quantity ||
        (layout.measurement.interval_seconds > 0 && layout.measurement.interval_seconds != one.interval_seconds)) {
      reject("[radar] {}: holds {} within {} s, the others {} within {} s", step.path,
             unit_of(layout.measurement.quantity), layout.measurement.interval_seconds, unit_of(one.quantity),
             one.interval_seconds);
    }
    if (step.time == kNoTime || static_cast<std::int64_t>(layout.times.size()) <= step.field) return;
    const UtcSeconds said = layout.times[static_cast<std::size_t>(step.field)];
    const std::int64_t allowed = std::max<std::int64_t>(60, listing_->step_seconds / 2);
    if (std::abs(said - step.time) > allowed) {
      reject("[radar] {}: is dated {} inside, its name says {}", step.path, format_time(said), format_time(step.time));
    }
  }

  /// Reads the step at position_ into ready_ or, where that fails, adds it to the run of missing ones.
  void advance() {
    const RadarStep& step = listing_->steps[position_++];
    Slot slot{.time = step.time, .name = fs::path(step.path).filename().native(), .field = {}, .problem = {}};
    try {
      slot.field = read(step).field;
    } catch (const Error& error) {
      slot.problem = error.what();
    }
    add_absent_before(slot.time);
    last_time_ = slot.time;
    if (!slot.field) {
      // Before the first field there is nothing to go on from; find_grid() has noted those files.
      if (begun_) add_to_run(std::move(slot));
      return;
    }
    if (run_length_ <= listing_->max_missing) std::move(run_.begin(), run_.end(), std::back_inserter(ready_));
    run_.clear();
    run_length_ = 0;
    begun_ = true;
    last_name_ = slot.name;
    ready_.push_back(std::move(slot));
  }

  /// Steps between the last file and the one at `time` for which there is none.
  void add_absent_before(UtcSeconds time) {
    if (!begun_ || time == kNoTime || listing_->step_seconds == 0) return;
    const std::int64_t absent = steps_between(last_time_, time, listing_->step_seconds) - 1;
    for (std::int64_t i = 0; i < absent; ++i) {
      if (run_length_ > listing_->max_missing) {
        run_length_ += absent - i;
        return;
      }
      const UtcSeconds at = last_time_ + (i + 1) * listing_->step_seconds;
      add_to_run({.time = at, .name = last_name_, .field = {}, .problem = format("no file for {}", format_time(at))});
    }
  }

  /// No more of a run are kept than what shows that it is too long.
  void add_to_run(Slot slot) {
    run_.push_back(std::move(slot));
    ++run_length_;
    if (static_cast<std::int64_t>(run_.size()) > listing_->max_missing + 1) run_.pop_front();
  }

  void fill(Slot& slot, Frame& frame) {
    frame.height = info_.height;
    frame.width = info_.width;
    frame.channels = 1;
    frame.name = slot.name;
    frame.time = slot.time;
    frame.problem = slot.problem;
    if (slot.time == kNoTime) {
      frame.seconds = info_.frames_per_second > 0 ? static_cast<double>(given_) / info_.frames_per_second : -1;
    } else {
      if (first_time_ == kNoTime) first_time_ = slot.time;
      frame.seconds = static_cast<double>(slot.time - first_time_);
    }
    ++given_;
    if (slot.field) {
      frame.pixels = std::move(slot.field->values);
      frame.mask = std::move(slot.field->mask);
    } else {
      frame.pixels.assign(frame.elements(), 0.0F);
      frame.mask.assign(frame.elements(), 0);
    }
  }

  std::shared_ptr<const RadarListing> listing_;
  SourceInfo info_;
  FieldLayout layout_;
  std::size_t position_ = 0;
  bool begun_ = false;  ///< a field was read
  UtcSeconds last_time_ = kNoTime;
  UtcSeconds first_time_ = kNoTime;
  std::string last_name_;
  std::deque<Slot> ready_;
  std::deque<Slot> run_;  ///< missing steps since the last field
  std::int64_t run_length_ = 0;
  std::int64_t given_ = 0;
};

}  // namespace

bool is_radar(const std::string& path) { return !is_address(path) && !is_camera(path) && looks_like_radar(path); }

std::unique_ptr<FrameSource> open_radar(std::shared_ptr<const RadarListing> listing) {
  return std::make_unique<RadarSource>(std::move(listing));
}

namespace {

std::vector<ClipReference> clips_of(std::vector<RadarListing> listings) {
  std::vector<ClipReference> clips;
  for (RadarListing& found : listings) {
    auto listing = std::make_shared<const RadarListing>(std::move(found));
    ClipReference clip;
    clip.name = listing->name;
    clip.identity = format("radar|{}|{}|{}|", listing->name, to_text(listing->product), listing->max_missing);
    std::string last;
    for (const RadarStep& step : listing->steps) {
      if (step.path != last) clip.identity += file_identity(step.path) + "\n";
      last = step.path;
      const std::string mask = mask_path(listing->product, step.path, step.time);
      std::error_code absent;
      if (!mask.empty() && fs::exists(mask, absent)) clip.identity += file_identity(mask) + "\n";
    }
    clip.open = [listing] { return open_radar(listing); };
    clips.push_back(std::move(clip));
  }
  return clips;
}

}  // namespace

std::vector<ClipReference> list_radar(const SourceOptions& options) {
  if (!can_read_rasters()) open_raster(options.path, RasterView::kArrays);
  return clips_of(list_recordings(options));
}

std::vector<ClipReference> list_end_of_radar(const SourceOptions& options, std::int64_t steps) {
  if (!can_read_rasters()) open_raster(options.path, RasterView::kArrays);
  std::vector<RadarListing> listings = list_recordings(options);
  for (RadarListing& listing : listings) {
    const std::int64_t surplus = std::ssize(listing.steps) - steps;
    if (surplus > 0) listing.steps.erase(listing.steps.begin(), listing.steps.begin() + surplus);
  }
  return clips_of(std::move(listings));
}

std::vector<ClipReference> list_radar(const SourceOptions& options, const std::vector<std::string>& files) {
  return clips_of(list_recordings(options, files));
}

}  // namespace nextframe
