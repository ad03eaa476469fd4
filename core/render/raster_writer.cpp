#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/frames/radar/raster_output.h"
#include "core/frames/radar/time_format.h"
#include "core/render/staged_folder.h"
#include "core/render/writers.h"

namespace nextframe {
namespace {

void check_header(const std::string& path, const WriterOptions& options) {
  if (!options.raster) {
    reject("[output] {}: holds rain with its times and its projection; frames of another kind go to .npy or pictures",
           path);
  }
  if (static_cast<std::int64_t>(options.raster->layers.size()) != options.channels) {
    fail("[output] {}: {} layers for frames of {} channels", path, options.raster->layers.size(), options.channels);
  }
}

UtcSeconds reference_of(const std::string& path, const Frame& frame, const FrameStamp& stamp) {
  if (frame.time == kNoTime) {
    reject("[output] {}: holds rain with its times, which these frames do not have; write .npy or pictures", path);
  }
  return frame.time - std::llround(stamp.seconds);
}

/// One channel with kMissingPixel where it is missing.
std::vector<float> layer_of(const Frame& frame, std::int64_t channel) {
  std::vector<float> values(static_cast<std::size_t>(frame.area()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = frame.pixels[i * static_cast<std::size_t>(frame.channels) + static_cast<std::size_t>(channel)];
    const bool known = frame.mask.empty() || frame.mask[i] != 0;
    values[i] = known && std::isfinite(value) ? value : kMissingPixel;
  }
  return values;
}

class NetcdfWriter final : public FrameWriter {
 public:
  NetcdfWriter(const std::string& path, const WriterOptions& options) : path_(path), options_(options) {
    check_header(path, options);
    if (options.frames < 1) fail("[output] {}: the number of frames is not known", path);
    file_.emplace(path);
  }

  void write(const Frame& frame, const FrameStamp& stamp) override {
    check_frame(path_, options_, frame);
    if (!output_) begin(frame, stamp);
    const UtcSeconds expected = written_ < options_.frames ? times_.valid[static_cast<std::size_t>(written_)] : kNoTime;
    if (frame.time != expected) fail("[output] {}: got a frame of another time than expected", path_);
    for (std::int64_t channel = 0; channel < frame.channels; ++channel) {
      output_->write(written_, channel, layer_of(frame, channel));
    }
    ++written_;
  }

  void close() override {
    if (written_ != options_.frames) {
      fail("[output] {}: {} frames were written, {} were announced", path_, written_, options_.frames);
    }
    output_->close();
    file_->commit();
  }

 private:
  void begin(const Frame& frame, const FrameStamp& stamp) {
    times_.reference = reference_of(path_, frame, stamp);
    for (std::int64_t lead = 1; lead <= options_.frames; ++lead) {
      const double seconds = stamp.seconds * static_cast<double>(lead) / static_cast<double>(stamp.lead_time);
      times_.valid.push_back(times_.reference + std::llround(seconds));
    }
    output_ =
        create_netcdf(file_->temporary().string(), path_, *options_.raster, times_, options_.height, options_.width);
  }

  std::string path_;
  WriterOptions options_;
  std::optional<ReplacedFile> file_;
  RasterTimes times_;
  std::unique_ptr<RasterOutput> output_;
  std::int64_t written_ = 0;
};

/// The valid time stands in the name, as readers of such folders want it.
std::string geotiff_name(std::int64_t lead_time, UtcSeconds valid) {
  const bool whole_minutes = valid % 60 == 0;
  return format("forecast_lead_{:03}_", lead_time) + fill_time(whole_minutes ? "%Y%m%d%H%M" : "%Y%m%d%H%M%S", valid) +
         ".tif";
}

bool is_geotiff_name(std::string_view name) {
  return parse_time("forecast_lead_*_%Y%m%d%H%M.tif", name) || parse_time("forecast_lead_*_%Y%m%d%H%M%S.tif", name);
}

class GeotiffFolderWriter final : public FrameWriter {
 public:
  GeotiffFolderWriter(const std::string& path, const WriterOptions& options) : path_(path), options_(options) {
    check_header(path, options);
    folder_.emplace(path, options.if_exists, is_geotiff_name, "GeoTIFF of a forecast");
  }

  void write(const Frame& frame, const FrameStamp& stamp) override {
    check_frame(path_, options_, frame);
    const RasterTimes times{.reference = reference_of(path_, frame, stamp), .valid = {frame.time}};
    const std::string name = geotiff_name(stamp.lead_time, frame.time);
    ReplacedFile file(folder_->add(name), Leftovers::kIgnore);
    const auto output = create_geotiff(file.temporary().string(), (folder_->folder() / name).string(), *options_.raster,
                                       times, options_.height, options_.width);
    for (std::int64_t channel = 0; channel < frame.channels; ++channel) {
      output->write(0, channel, layer_of(frame, channel));
    }
    output->close();
    file.commit();
  }

  void close() override { folder_->commit(); }

 private:
  std::string path_;
  WriterOptions options_;
  std::optional<StagedFolder> folder_;
};

}  // namespace

std::unique_ptr<FrameWriter> make_netcdf_writer(const std::string& path, const WriterOptions& options) {
  return std::make_unique<NetcdfWriter>(path, options);
}

std::unique_ptr<FrameWriter> make_geotiff_folder_writer(const std::string& path, const WriterOptions& options) {
  return std::make_unique<GeotiffFolderWriter>(path, options);
}

}  // namespace nextframe
