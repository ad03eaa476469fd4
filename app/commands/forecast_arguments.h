#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/commands/run_support.h"

namespace nextframe::app {

/// What written amounts of rain count.
enum class AmountUnit { kRate, kReflectivity, kAccumulation };

constexpr auto enum_names(AmountUnit) {
  return std::array<std::pair<std::string_view, AmountUnit>, 3>{
      {{"mm/h", AmountUnit::kRate}, {"dBZ", AmountUnit::kReflectivity}, {"mm", AmountUnit::kAccumulation}}};
}

/// What a folder of forecasts of rain gets.
enum class FolderFormat { kPng, kNetcdf, kGeotiff, kMp4, kGif };

constexpr auto enum_names(FolderFormat) {
  return std::array<std::pair<std::string_view, FolderFormat>, 5>{{{"png", FolderFormat::kPng},
                                                                   {"netcdf", FolderFormat::kNetcdf},
                                                                   {"geotiff", FolderFormat::kGeotiff},
                                                                   {"mp4", FolderFormat::kMp4},
                                                                   {"gif", FolderFormat::kGif}}};
}

/// What `forecast` was asked for.
struct ForecastArguments {
  std::optional<std::string> model;     ///< this or a baseline
  std::optional<std::string> baseline;  ///< a row of all_baselines()
  std::vector<std::string> baseline_options;
  std::optional<std::int64_t> context;  ///< frames that a baseline sees
  std::string input;
  std::optional<std::string> output;
  bool overwrite = false;
  std::optional<std::int64_t> frames;
  std::optional<std::string> at;
  std::optional<std::int64_t> every;
  bool live = false;
  bool watch = false;
  std::optional<std::string> interval;  ///< seconds
  std::optional<std::int64_t> limit;
  bool side_by_side = false;
  bool trained_size = false;
  bool grey = false;
  ArrayLayout layout = ArrayLayout::kAuto;
  std::string product;
  std::vector<std::string> inputs;  ///< "name=path"
  bool allow_missing = false;
  std::optional<AmountUnit> unit;
  std::optional<FolderFormat> format;
  bool mask = false;
  bool probability = false;
  std::optional<std::string> thresholds;
  std::optional<std::string> radius;  ///< km
  ComputeArguments compute;
  MemoryArguments memory;
};

}  // namespace nextframe::app
