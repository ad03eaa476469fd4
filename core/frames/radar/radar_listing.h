#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/options.h"
#include "core/frames/radar/product.h"
#include "core/frames/radar/time_format.h"

namespace nextframe {

/// One field of a recording: a file, or one time of one.
struct RadarStep {
  UtcSeconds time = kNoTime;  ///< kNoTime: the product has no clock
  std::string path;
  std::int64_t event = 0;
  std::int64_t field = 0;
};

/// A recording as it was found, before its pixels are read.
struct RadarListing {
  std::string name;
  Product product;
  std::int64_t step_seconds = 0;  ///< 0: not known
  std::vector<RadarStep> steps;   ///< in the order of time, at most one a step
  std::vector<std::string> notes;
  std::int64_t max_missing = 0;
};

/// The recordings that the options name: one, or one for each event of a file of events. Opens as many files as it
/// takes to know the product, or all of them where only they tell their times. Rejects a path that names no file, files
/// that no row of the table fits (and says what is in them), and recordings without any field.
std::vector<RadarListing> list_recordings(const SourceOptions& options);

/// The same of these files alone, of which there is at least one; the path gives the name.
std::vector<RadarListing> list_recordings(const SourceOptions& options, const std::vector<std::string>& files);

/// All files that a path names: itself, those below a folder, or those that a pattern with *, ? or % fields fits.
std::vector<std::string> radar_files(const std::string& path);

/// Whether the path looks like radar to somebody who may not open files: names with times, or names of a built-in
/// product's own.
bool looks_like_radar(const std::string& path);

/// The time in a file's name by the row's patterns, or kNoTime.
UtcSeconds time_in_name(const Product& product, const std::string& path);

}  // namespace nextframe
