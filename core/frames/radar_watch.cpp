#include "core/frames/radar_watch.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/radar/field_layout.h"
#include "core/frames/radar/radar_listing.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar_source.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// A clock may go wrong by this much; what is dated later is no file of now.
constexpr UtcSeconds kClockError = 3600;
/// Files that are dated in the future and were spoken of.
constexpr std::size_t kMostRemembered = 100;

/// Seconds since 1970 by the system's clock.
UtcSeconds now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

RadarWatch::RadarWatch(RadarWatchOptions options) : options_(std::move(options)) {
  // Without a library that reads them no file will ever be readable.
  if (!can_read_rasters()) open_raster(options_.source.path, RasterView::kArrays);
  products_ = choose_products(options_.source.product).products;
  // Room for several files of one time and for damaged ones between the good ones.
  most_files_ = static_cast<std::size_t>(4 * options_.steps + 16);
}

std::optional<RadarWatch::Recording> RadarWatch::look() {
  const std::set<Key> present = newest();
  std::erase_if(known_, [&](const auto& entry) { return !present.contains(entry.first); });
  for (const Key& key : present) look_at(key);
  if (!changed_) return std::nullopt;
  std::vector<std::string> files;
  std::set<UtcSeconds> times;
  for (auto entry = known_.rbegin(); entry != known_.rend(); ++entry) {
    if (entry->second.state != State::kReadable) continue;
    times.insert(entry->first.first);
    if (std::ssize(times) > options_.steps) break;
    files.push_back(entry->first.second);
  }
  changed_ = false;
  if (files.empty() || *times.rbegin() <= done_) return std::nullopt;
  std::ranges::sort(files, natural_less);
  const std::vector<ClipReference> clips = list_radar(options_.source, files);
  return Recording{.time = *times.rbegin(), .source = clips.front().open()};
}

UtcSeconds RadarWatch::time_of(const std::string& path) const {
  const std::string& pattern = options_.source.path;
  if (has_time_fields(pattern)) return parse_time(pattern, path).value_or(kNoTime);
  for (const Product& product : products_) {
    const UtcSeconds time = time_in_name(product, path);
    if (time != kNoTime) return time;
  }
  return kNoTime;
}

std::set<RadarWatch::Key> RadarWatch::newest() {
  const UtcSeconds latest = now() + kClockError;
  std::set<Key> found;
  for (const std::string& path : radar_files(options_.source.path)) {
    const UtcSeconds time = time_of(path);
    if (time == kNoTime) continue;
    if (time > latest) {
      if (in_future_.size() < kMostRemembered && in_future_.insert(path).second) {
        notes_.push_back(format("{}: is dated {}, which is still to come; left out", path, format_time(time)));
      }
      continue;
    }
    found.emplace(time, path);
    if (found.size() > most_files_) found.erase(found.begin());
  }
  return found;
}

void RadarWatch::look_at(const Key& key) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(key.second, error);
  const fs::file_time_type changed = error ? fs::file_time_type() : fs::last_write_time(key.second, error);
  if (error) {
    known_.erase(key);
    return;
  }
  const std::int64_t stamp = changed.time_since_epoch().count();
  const auto [place, is_new] = known_.try_emplace(key);
  KnownFile& file = place->second;
  const double age = std::chrono::duration<double>(fs::file_time_type::clock::now() - changed).count();
  const bool same = !is_new && file.bytes == bytes && file.changed == stamp;
  if (same && file.state != State::kSettling) return;
  file = {.bytes = bytes, .changed = stamp, .state = State::kSettling};
  if (!same && !(age > options_.settle_seconds)) return;
  file.state = try_to_read(key.second);
  changed_ = changed_ || file.state == State::kReadable;
}

RadarWatch::State RadarWatch::try_to_read(const std::string& path) {
  try {
    const RadarListing listing = list_recordings(options_.source, {path}).front();
    const auto file = open_raster(path, view_of(listing.product));
    const FieldLayout layout = layout_of(*file, listing.product, path);
    read_field(*file, layout, listing.steps.front().event, listing.steps.front().field);
    // From now on names are compared with this row's alone: there may be a hundred thousand of them.
    if (products_.size() > 1) products_ = {listing.product};
    return State::kReadable;
  } catch (const Error& error) {
    notes_.push_back(format("{}; left out until it changes", error.what()));
    return State::kUnreadable;
  }
}

}  // namespace nextframe
