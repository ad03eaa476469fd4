#include "app/commands/forecast_output.h"

#include <cmath>
#include <filesystem>
#include <utility>

#include "app/values.h"
#include "app/version.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/path_list.h"
#include "core/frames/radar/field_place.h"
#include "core/render/rain_map.h"
#include "core/render/rain_montage.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// Maps of rain that are minutes apart, played so that the eye follows the motion.
constexpr double kMapsPerSecond = 4;

Quantity quantity_of(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kReflectivity:
      return Quantity::kReflectivity;
    case AmountUnit::kAccumulation:
      return Quantity::kAccumulation;
    case AmountUnit::kRate:
      break;
  }
  return Quantity::kRate;
}

std::string ending_of(FolderFormat format) {
  switch (format) {
    case FolderFormat::kNetcdf:
      return ".nc";
    case FolderFormat::kMp4:
      return ".mp4";
    case FolderFormat::kGif:
      return ".gif";
    case FolderFormat::kPng:
    case FolderFormat::kGeotiff:
      break;
  }
  return "";
}

std::string file_time(UtcSeconds time) { return fill_time(time % 60 == 0 ? "%Y%m%d%H%M" : "%Y%m%d%H%M%S", time); }

constexpr const char* kStartName = "forecast_";

}  // namespace

std::vector<double> rate_list(const std::string& option, const std::string& text) {
  std::vector<double> rates;
  for (const std::string& part : split(text, ',')) {
    rates.push_back(parse_number(option, part));
    if (rates.back() < 0) reject("{} {}: expected rates in mm/h, 0 at least", option, part);
  }
  return rates;
}

ForecastOutput::ForecastOutput(const ForecastArguments& arguments, const OutputSetup& setup, const SourceInfo& source)
    : arguments_(arguments),
      setup_(setup),
      source_(source),
      rain_(source.measurement.quantity != Quantity::kNone),
      kind_(kind_of()) {
  check_options();
  const bool several = setup.starts == Starts::kMany;
  per_start_ = rain_ && in_folder() && (several || !ending_of(folder_format()).empty());
  const bool plain_unit = kind_ == Kind::kFrames && arguments.unit;
  if (kind_ == Kind::kRaster || kind_ == Kind::kMaps || plain_unit) amounts_.emplace(rain_options(), source);
  options_ = writer_options();
  if (per_start_) {
    check_folder();
  } else {
    writer_ = make_writer(setup.path, options_);
  }
}

void ForecastOutput::input(const Frame& observed, const FrameStamp& stamp) {
  if (!panes_) return;
  writer(observed, stamp).write(panes_->input(shown(observed), stamp.lead_time), stamp);
}

void ForecastOutput::write(const ForecastFrame& one) {
  FrameWriter& to = writer(one.frame, one.stamp);
  switch (kind_) {
    case Kind::kPanes: {
      const Frame frame = shown(one.frame), last = shown(*one.last);
      const std::optional<Frame> truth = one.truth != nullptr ? std::optional(shown(*one.truth)) : std::nullopt;
      to.write(panes_->forecast(last, truth ? &*truth : nullptr, frame, one.moment.lead_time, one.moment.seconds),
               one.stamp);
      return;
    }
    case Kind::kMaps:
      return to.write(map_of(one.frame, one.moment), one.stamp);
    case Kind::kFrames:
    case Kind::kRaster:
      return to.write(amounts_ ? amounts_->convert(one.frame) : one.frame, one.stamp);
  }
}

void ForecastOutput::end_forecast() {
  if (!per_start_ || !writer_) return;
  writer_->close();
  writer_.reset();
}

void ForecastOutput::abandon() {
  if (per_start_) writer_.reset();
}

void ForecastOutput::close() {
  if (!per_start_) writer_->close();
}

ForecastOutput::Kind ForecastOutput::kind_of() const {
  if (arguments_.side_by_side) return Kind::kPanes;
  if (has_extension(setup_.path, {".npy", ".npz"})) return Kind::kFrames;
  if (has_extension(setup_.path, {".nc"})) return Kind::kRaster;
  if (!rain_) return Kind::kFrames;
  const bool raster =
      in_folder() && (folder_format() == FolderFormat::kNetcdf || folder_format() == FolderFormat::kGeotiff);
  return raster ? Kind::kRaster : Kind::kMaps;
}

bool ForecastOutput::in_folder() const {
  std::error_code error;
  return setup_.path.ends_with('/') || fs::is_directory(setup_.path, error) ||
         fs::path(setup_.path).extension().empty();
}

FolderFormat ForecastOutput::folder_format() const {
  const bool one = setup_.starts == Starts::kOne || arguments_.side_by_side;
  return arguments_.format.value_or(one ? FolderFormat::kPng : FolderFormat::kNetcdf);
}

RainOutputOptions ForecastOutput::rain_options() const {
  RainOutputOptions options;
  // Maps are in mm/h, arrays as the input is.
  if (kind_ != Kind::kMaps && arguments_.unit) options.quantity = quantity_of(*arguments_.unit);
  options.step_seconds = source_.step_seconds() * static_cast<double>(setup_.gap);
  if (!arguments_.probability) return options;
  options.thresholds = rate_list("[forecast] --threshold", arguments_.thresholds.value_or("1"));
  if (arguments_.radius) options.radius_km = parse_number("[forecast] --radius", *arguments_.radius);
  if (!(options.radius_km > 0)) reject("[forecast] --radius {}: expected kilometres above 0", *arguments_.radius);
  options.pixel_km = pixel_kilometres(source_.place, source_.height, source_.width);
  return options;
}

void ForecastOutput::check_options() const {
  const std::string of_rain = given_among({{"--unit", arguments_.unit.has_value()},
                                           {"--format", arguments_.format.has_value()},
                                           {"--probability", arguments_.probability}});
  if (!rain_ && !of_rain.empty()) reject("[forecast] {}: for radar, but {} is none", of_rain, source_.name);
  if (has_extension(setup_.path, {".tif", ".tiff"})) {
    reject("[forecast] {}: GeoTIFF is written one a lead time, into a folder: -o NAME/ --format geotiff", setup_.path);
  }
  if (arguments_.format && !in_folder()) {
    reject("[forecast] --format: says what a folder gets, but the output is {}", setup_.path);
  }
  if (arguments_.format && arguments_.side_by_side && ending_of(*arguments_.format).empty() &&
      *arguments_.format != FolderFormat::kPng) {
    reject("[forecast] --side-by-side: makes pictures, which GeoTIFF does not hold");
  }
  if (arguments_.format == FolderFormat::kNetcdf && arguments_.side_by_side) {
    reject("[forecast] --side-by-side: makes pictures, which netCDF does not hold");
  }
  if (kind_ == Kind::kRaster && has_extension(setup_.path, {".nc"}) && setup_.starts == Starts::kMany) {
    reject("[forecast] {}: several forecasts make a netCDF file each; name a folder", setup_.path);
  }
  if (arguments_.probability && kind_ != Kind::kRaster && kind_ != Kind::kMaps) {
    reject("[forecast] --probability: for .nc, GeoTIFF and maps, not for {}",
           arguments_.side_by_side ? "--side-by-side" : setup_.path);
  }
  if (arguments_.unit && (kind_ == Kind::kMaps || kind_ == Kind::kPanes)) {
    reject("[forecast] --unit: for .nc, GeoTIFF and arrays; maps are in mm/h");
  }
}

WriterOptions ForecastOutput::writer_options() {
  WriterOptions options;
  options.height = setup_.height;
  options.width = setup_.width;
  options.channels = setup_.channels;
  options.frames_per_second = source_.frames_per_second / static_cast<double>(setup_.gap);
  options.pixel_type = source_.pixel_type;
  options.low = source_.low;
  options.high = source_.high;
  options.sequence_length = setup_.sequence_length;
  options.frames = setup_.frames;
  options.if_exists = arguments_.overwrite || arguments_.watch ? IfExists::kReplace : IfExists::kRefuse;
  if (rain_ && in_folder() && folder_format() == FolderFormat::kGeotiff) options.folder_files = FolderFiles::kGeotiff;
  if (kind_ == Kind::kRaster) {
    if (amounts_) options.raster = header();
    options.channels = std::ssize(options.raster->layers);
    return options;
  }
  if (kind_ == Kind::kFrames) return options;
  if (kind_ == Kind::kPanes) {
    const Appearance rain{.range = {0, 1}, .colours = ColourMap::kRain};
    panes_.emplace(SideBySideOptions{.height = setup_.height,
                                     .width = setup_.width,
                                     .appearance = rain_ ? rain : Appearance{.range = {source_.low, source_.high}},
                                     .truth = setup_.truth});
    options.height = panes_->height();
    options.width = panes_->width();
  } else {
    Frame empty;
    empty.height = setup_.height;
    empty.width = setup_.width;
    empty.channels = setup_.channels;
    empty.pixels.assign(empty.elements(), 0);
    const Frame map = map_of(empty, {});
    options.height = map.height;
    options.width = map.width;
  }
  options.channels = 3;
  options.pixel_type = PixelType::kUint8;
  options.low = 0;
  options.high = 255;
  if (rain_) options.frames_per_second = kMapsPerSecond;
  return options;
}

RasterHeader ForecastOutput::header() const {
  RasterHeader header;
  header.place = source_.place;
  header.layers = amounts_->layers();
  header.interval_seconds = amounts_->interval_seconds();
  header.notes = {
      {.name = "title", .text = "Forecast of rain by " + setup_.model},
      {.name = "source", .text = format("nextframe {}, {}, on {}", program_version(), setup_.model, source_.name)},
      {.name = "model", .text = setup_.model},
      {.name = "history", .text = utc_timestamp() + " nextframe forecast"}};
  if (!source_.attribution.empty()) header.notes.push_back({.name = "attribution", .text = source_.attribution});
  return header;
}

std::string ForecastOutput::path_of(UtcSeconds reference) const {
  return (fs::path(setup_.path) / (kStartName + file_time(reference) + ending_of(folder_format()))).string();
}

void ForecastOutput::check_folder() const {
  const fs::path folder = fs::path(setup_.path);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    if (fs::exists(folder, error)) reject("[output] {}: is a file, expected a folder", setup_.path);
    if (!fs::create_directory(folder, error)) {
      reject("[output] {}: cannot be made: {}", setup_.path, error ? error.message() : "no folder to make it in");
    }
  }
  if (options_.if_exists == IfExists::kReplace) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kStartName)) {
      reject("[output] {}: holds an earlier forecast, {}; choose another folder or give --overwrite", setup_.path,
             name);
    }
  }
}

Frame ForecastOutput::shown(const Frame& frame) const {
  if (!rain_) return frame;
  Frame rates = frame;
  for (float& pixel : rates.pixels) pixel = static_cast<float>(source_.measurement.to_rate(pixel));
  return rain_shown(rates);
}

Frame ForecastOutput::map_of(const Frame& frame, const FrameStamp& moment) const {
  const std::string time = frame.time == kNoTime ? format("lead time {}", moment.lead_time) : format_time(frame.time);
  const std::string lead = moment.seconds > 0 ? format("  +{:g} min", moment.seconds / 60) : "";
  std::vector<std::string> titles{format("{}{}  {}", time, lead, setup_.model)};
  for (const double threshold : amounts_->thresholds()) {
    titles.push_back(format("{}{}  at least {:g} mm/h within {:g} km", time, lead, threshold, amounts_->radius_km()));
  }
  Frame map = frame_of(draw_rain_maps(amounts_->convert(frame), titles));
  map.time = frame.time;
  return map;
}

FrameWriter& ForecastOutput::writer(const Frame& frame, const FrameStamp& stamp) {
  if (writer_) return *writer_;
  if (frame.time == kNoTime) {
    reject("[forecast] {}: its fields have no dates, by which several forecasts are named; write .npy", source_.name);
  }
  writer_ = make_writer(path_of(frame.time - std::llround(stamp.seconds)), options_);
  return *writer_;
}

}  // namespace nextframe::app
