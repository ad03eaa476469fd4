#include "core/train/written_forecasts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/text.h"
#include "core/frames/path_list.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// What stands before the first frame's number in the names of hindcasts.
constexpr std::string_view kHindcast = "hindcast_";
/// What stands before copies of inputs in a folder of forecasts.
constexpr std::string_view kContextKey = "context_";

/// The number behind `key` in a file name such as "hindcast_000120_forecast_lead_003.png".
std::optional<std::int64_t> number_after(const std::string& name, std::string_view key) {
  const std::size_t place = name.find(key);
  if (place == std::string::npos) return std::nullopt;
  std::int64_t number = 0;
  const char* begin = name.data() + place + key.size();
  const auto result = std::from_chars(begin, name.data() + name.size(), number);
  if (result.ec != std::errc() || result.ptr == begin) return std::nullopt;
  return number;
}

LinearMap unit_scale(const SourceInfo& info, const SourceInfo& truth) {
  const SourceInfo& range = info.pixel_type == PixelType::kFloat32 ? truth : info;
  const double width = range.high - range.low;
  return {.factor = 1 / width, .shift = -range.low / width};
}

}  // namespace

std::vector<std::string> forecast_paths(const std::string& path) {
  std::error_code ignored;
  if (is_glob(path)) {
    std::vector<std::string> matched = expand_path(path);
    const auto netcdf = [](const std::string& file) { return has_extension(file, {".nc"}); };
    if (!matched.empty() && std::ranges::all_of(matched, netcdf)) return matched;
  }
  if (!fs::is_directory(path, ignored)) return {path};
  std::vector<std::string> files;
  std::set<std::string> folders;
  for (fs::recursive_directory_iterator entry(path, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().native();
    if (entry->path().filename().native().starts_with('.') || entry->is_directory(ignored)) continue;
    if (has_extension(name, {".nc"})) files.push_back(name);
    if (has_extension(name, {".tif"})) folders.insert(entry->path().parent_path().native());
  }
  if (files.empty() && folders.size() > 1) files.assign(folders.begin(), folders.end());
  if (files.empty()) return {path};
  std::ranges::sort(files, natural_less);
  return files;
}

TruthPlace WrittenForecast::place(std::int64_t lead, std::int64_t gap) const {
  TruthPlace result{.number = first_frame + lead * gap};
  if (!dated || frames.empty()) return result;
  if (lead >= 0) {
    result.time = frames[static_cast<std::size_t>(lead)].time;
    return result;
  }
  const UtcSeconds first = frames.front().time;
  const std::int64_t step =
      frames.size() > 1 ? frames[1].time - first : std::llround(truth_step * static_cast<double>(gap));
  result.time = first + lead * step;
  return result;
}

void PixelScale::apply(std::vector<float>& pixels) const {
  if (!rain()) return to_unit.apply(pixels);
  for (float& pixel : pixels) {
    if (!std::isnan(pixel)) pixel = static_cast<float>(measurement.to_rate(pixel));
  }
}

PixelScale pixel_scale(const SourceInfo& info, const SourceInfo& truth) {
  const bool measures = info.measurement.quantity != Quantity::kNone;
  return {.measurement = measures ? info.measurement : truth.measurement, .to_unit = unit_scale(info, truth)};
}

ScaledSource::ScaledSource(std::unique_ptr<FrameSource> source, const Preprocessing& preprocessing,
                           const PixelScale& scale)
    : source_(std::move(source)), preprocessing_(preprocessing), scale_(scale) {}

bool ScaledSource::next(Frame& frame) {
  if (!source_->next(frame)) return false;
  nextframe::apply(preprocessing_, frame, source_->info());
  scale_.apply(frame.pixels);
  return true;
}

const Frame* TruthWindow::at(const TruthPlace& place) {
  if (place.time == kNoTime) {
    while (place.number >= first_ + std::ssize(kept_)) {
      if (!read()) return nullptr;
    }
    return place.number < first_ ? nullptr : &kept_[static_cast<std::size_t>(place.number - first_)];
  }
  while (kept_.empty() || kept_.back().time < place.time) {
    if (!read()) return nullptr;
  }
  const auto found = std::ranges::find(kept_, place.time, &Frame::time);
  return found == kept_.end() ? nullptr : &*found;
}

void TruthWindow::forget_before(const TruthPlace& place) {
  if (place.time == kNoTime) {
    needed_from_ = std::max(needed_from_, place.number);
  } else {
    needed_time_ = std::max(needed_time_, place.time);
  }
  drop();
}

bool TruthWindow::dated() {
  if (first_ == 0 && kept_.empty()) read();
  return dated_;
}

bool TruthWindow::read() {
  Frame frame;
  if (!source_.next(frame)) return false;
  dated_ = frame.time != kNoTime;
  kept_.push_back(std::move(frame));
  drop();
  return true;
}

void TruthWindow::drop() {
  while (!kept_.empty() &&
         (first_ < needed_from_ || (kept_.front().time != kNoTime && kept_.front().time < needed_time_))) {
    kept_.pop_front();
    ++first_;
  }
}

ForecastReader::ForecastReader(ScaledSource source, std::int64_t first_frame)
    : source_(std::move(source)), first_frame_(first_frame) {
  advance();
}

bool ForecastReader::next(WrittenForecast& forecast) {
  if (!more_) return false;
  const std::optional<std::int64_t> from = number_after(ahead_.name, kHindcast);
  forecast = {.first_frame = from.value_or(first_frame_), .hindcast = from.has_value()};
  while (more_ && number_after(ahead_.name, kHindcast) == from) {
    forecast.frames.push_back(ahead_);
    advance();
  }
  return true;
}

bool ForecastReader::hindcasts() const { return number_after(ahead_.name, kHindcast).has_value(); }

void ForecastReader::advance() {
  do {
    more_ = source_.next(ahead_);
  } while (more_ && ahead_.name.find(kContextKey) != std::string::npos);
}

}  // namespace nextframe
