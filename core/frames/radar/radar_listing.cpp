#include "core/frames/radar/radar_listing.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/path_list.h"
#include "core/frames/radar/field_layout.h"
#include "core/frames/radar/file_values.h"
#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/time_series.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// Files that are opened to find the product: a damaged one must not hide it, an archive of something else must not
/// take minutes.
constexpr std::size_t kMostFilesTried = 8;

std::string file_name(const std::string& path) { return fs::path(path).filename().native(); }

bool name_fits(const Product& product, const std::string& path) {
  const std::string name = file_name(path);
  return std::ranges::any_of(product.files, [&](const std::string& pattern) {
    return has_time_fields(pattern) ? parse_time(pattern, name).has_value() : glob_match(pattern, name);
  });
}

/// Why a row was not taken, for the message.
struct Refusal {
  std::string product;
  std::string reason;
};

std::string list_of(const std::vector<Refusal>& refusals) {
  std::vector<std::string> lines;
  for (const Refusal& refusal : refusals) lines.push_back(refusal.product + ": " + refusal.reason);
  return join(lines, "\n  ");
}

/// Whether the row reads this file; else the reason why not.
std::optional<std::string> refusal_of(const Product& product, const std::string& path) {
  try {
    const auto file = open_raster(path, view_of(product));
    if (!has_attributes(*file, product)) {
      std::vector<std::string> wanted;
      for (const auto& [attribute, pattern] : product.attributes) wanted.push_back(attribute + " = " + pattern);
      return "the file lacks " + join(wanted, ", ");
    }
    layout_of(*file, product, path);
  } catch (const Error& error) {
    return error.what();
  }
  return std::nullopt;
}

std::string contents_of_path(const std::string& path) {
  std::string first;
  for (const RasterView view : {RasterView::kArrays, RasterView::kBands}) {
    try {
      return contents_of(*open_raster(path, view));
    } catch (const Error& error) {
      if (first.empty()) first = error.what();
    }
  }
  return first;
}

/// The first row that reads one of the first files.
Product find_product(const ProductChoice& choice, const std::vector<std::string>& files) {
  std::vector<Refusal> refusals;
  for (std::size_t i = 0; i < std::min(kMostFilesTried, files.size()); ++i) {
    refusals.clear();
    for (const Product& product : choice.products) {
      if (!choice.chosen && !name_fits(product, files[i])) {
        refusals.push_back({product.name, "the name is none of " + join(product.files, ", ")});
        continue;
      }
      const auto refusal = refusal_of(product, files[i]);
      if (!refusal) return product;
      refusals.push_back({product.name, *refusal});
    }
  }
  reject(
      "[radar] {}: fits no row of the table of products.\nWhat is in it: {}\nTried:\n  {}\n"
      "Write a product of your own in JSON and name it in data.sources[].product; configs/products has examples",
      files.back() == files.front() ? files.front() : files[std::min(kMostFilesTried, files.size()) - 1],
      contents_of_path(files[std::min(kMostFilesTried, files.size()) - 1]), list_of(refusals));
}

/// Collects the steps of a recording.
class Lister {
 public:
  Lister(const SourceOptions& options, Product product, const std::vector<std::string>& files)
      : options_(options), product_(std::move(product)), files_(files) {}

  std::vector<RadarListing> list() {
    if (product_.reader == ProductReader::kEvents) return list_events();
    const bool names_tell = has_time_fields(options_.path) ||
                            std::ranges::any_of(product_.files, [](const auto& p) { return has_time_fields(p); });
    std::vector<RadarStep> found;
    for (const std::string& path : files_) {
      const bool several = product_.reader == ProductReader::kCf;
      UtcSeconds time = kNoTime;
      if (has_time_fields(options_.path)) {
        time = parse_time(options_.path, path).value_or(kNoTime);
      } else {
        time = time_in_name(product_, path);
      }
      if (time != kNoTime && !several) {
        found.push_back({.time = time + static_cast<UtcSeconds>(product_.time.shift_seconds), .path = path});
      } else if (names_tell && !name_fits(product_, path) && !has_time_fields(options_.path)) {
        note_ignored(path);
      } else {
        add_by_contents(path, found);
      }
    }
    finish_notes();
    return {ordered(std::move(found))};
  }

 private:
  void note_ignored(const std::string& path) {
    if (ignored_++ == 0) first_ignored_ = path;
  }

  void finish_notes() {
    if (ignored_ == 0) return;
    notes_.push_back(format("{} file{} of other names than {}'s {} left out (first: {})", ignored_,
                            ignored_ == 1 ? "" : "s", product_.name, ignored_ == 1 ? "was" : "were", first_ignored_));
  }

  /// Files whose names tell no time, or that hold several.
  void add_by_contents(const std::string& path, std::vector<RadarStep>& found) {
    try {
      const auto file = open_raster(path, view_of(product_));
      const FieldLayout layout = layout_of(*file, product_, path);
      if (layout.times.empty() || static_cast<std::int64_t>(layout.times.size()) < layout.fields()) {
        const UtcSeconds by_name = time_in_name(product_, path);
        if (by_name == kNoTime || layout.fields() != 1) {
          notes_.push_back(path + ": neither its name nor its contents tell a time; left out");
          return;
        }
        found.push_back({.time = by_name, .path = path});
        return;
      }
      for (std::int64_t field = 0; field < layout.fields(); ++field) {
        found.push_back({.time = layout.times[static_cast<std::size_t>(field)], .path = path, .field = field});
      }
    } catch (const Error& error) {
      notes_.push_back(format("{}; left out", error.what()));
    }
  }

  RadarListing ordered(std::vector<RadarStep> found) {
    std::vector<TimedItem> items;
    items.reserve(found.size());
    for (const RadarStep& step : found) items.push_back({step.time, step.path});
    const TimeSeries series = series_of(items, static_cast<std::int64_t>(product_.step_seconds));
    RadarListing listing = empty_listing(options_.path);
    listing.step_seconds = series.step;
    listing.notes = notes_;
    listing.notes.insert(listing.notes.end(), series.notes.begin(), series.notes.end());
    for (const std::size_t i : series.items) listing.steps.push_back(std::move(found[i]));
    if (listing.steps.empty()) {
      reject("[radar] {}: no file has a time; {}", options_.path,
             listing.notes.empty() ? "expected names as " + join(product_.files, ", ") : join(listing.notes, "; "));
    }
    return listing;
  }

  std::vector<RadarListing> list_events() {
    std::vector<RadarListing> listings;
    for (const std::string& path : files_) {
      const auto file = open_raster(path, view_of(product_));
      const FieldLayout layout = layout_of(*file, product_, path);
      for (std::int64_t event = 0; event < layout.events(); ++event) {
        RadarListing& listing = listings.emplace_back(empty_listing(format("{}#{}", path, event)));
        listing.step_seconds = static_cast<std::int64_t>(product_.step_seconds);
        for (std::int64_t field = 0; field < layout.fields(); ++field) {
          listing.steps.push_back({.time = kNoTime, .path = path, .event = event, .field = field});
        }
      }
    }
    return listings;
  }

  RadarListing empty_listing(const std::string& name) const {
    RadarListing listing;
    listing.name = name;
    listing.product = product_;
    listing.max_missing = options_.max_missing;
    return listing;
  }

  const SourceOptions& options_;
  Product product_;
  const std::vector<std::string>& files_;
  std::vector<std::string> notes_;
  std::int64_t ignored_ = 0;
  std::string first_ignored_;
};

}  // namespace

std::vector<std::string> radar_files(const std::string& path) {
  std::error_code ignored;
  std::vector<std::string> files;
  const bool exists = fs::exists(path, ignored);
  const std::string pattern = !exists && has_time_fields(path) ? glob_of(path) : path;
  for (const std::string& found : expand_path(pattern)) {
    if (!fs::is_directory(found, ignored)) {
      if (fs::exists(found, ignored)) files.push_back(found);
      continue;
    }
    for (fs::recursive_directory_iterator entry(found, ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
      const bool hidden = entry->path().filename().native().starts_with('.');
      if (!hidden && !entry->is_directory()) files.push_back(entry->path().native());
    }
  }
  std::ranges::sort(files, natural_less);
  return files;
}

UtcSeconds time_in_name(const Product& product, const std::string& path) {
  const std::string name = file_name(path);
  for (const std::string& pattern : product.files) {
    if (!has_time_fields(pattern)) continue;
    if (const auto time = parse_time(pattern, name)) return *time;
  }
  return kNoTime;
}

bool looks_like_radar(const std::string& path) {
  std::error_code ignored;
  if (has_time_fields(path) && !fs::exists(path, ignored)) return true;
  const std::vector<std::string> files = radar_files(path);
  if (files.empty()) return false;
  const std::string& file = files[files.size() / 2];
  if (has_extension(file, {".h5", ".hdf", ".hdf5", ".nc", ".nc4", ".cdf", ".grib2", ".grb2", ".grib"})) return true;
  // Forecasts in GeoTIFF, as they are written.
  for (const char* pattern : {"forecast_lead_*_%Y%m%d%H%M.tif", "forecast_lead_*_%Y%m%d%H%M%S.tif"}) {
    if (parse_time(pattern, file_name(file))) return true;
  }
  // Pictures are pictures, unless their names are those of a weather service.
  return std::ranges::any_of(built_in_products(), [&](const Product& product) {
    return product.quantity != Quantity::kNone && time_in_name(product, file) != kNoTime;
  });
}

std::vector<RadarListing> list_recordings(const SourceOptions& options) {
  const std::vector<std::string> files = radar_files(options.path);
  if (files.empty()) {
    reject("[radar] {}: no file {}", options.path,
           has_time_fields(options.path) || is_glob(options.path) ? "fits this pattern" : "or folder of that name");
  }
  return list_recordings(options, files);
}

std::vector<RadarListing> list_recordings(const SourceOptions& options, const std::vector<std::string>& files) {
  return Lister(options, find_product(choose_products(options.product), files), files).list();
}

}  // namespace nextframe
