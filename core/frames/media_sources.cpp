#include "core/frames/media_sources.h"

#include "core/frames/generated/drawn_glyphs.h"
#include "core/frames/generated_source.h"
#include "core/frames/image_source.h"
#include "core/frames/npz_source.h"
#include "core/frames/radar/field_place.h"
#include "core/frames/radar_source.h"
#include "core/frames/raster_source.h"
#include "core/frames/video_source.h"

namespace nextframe {
namespace {

bool never(const std::string&) { return false; }

std::unique_ptr<SequenceGenerator> make_any_digits(const SourceOptions& options, Split split) {
  const auto [first, last] = glyph_range(options, split);
  if (options.path.empty()) return make_digits(options, select_glyphs(draw_glyphs(), first, last, "drawn glyphs"));
  return make_digits(options, glyphs_from_idx(read_idx_images(options.path), first, last, options.path));
}

}  // namespace

SourceTable media_sources() {
  return {
      {SourceType::kArray, "array: npy, npz", is_array, list_arrays, nullptr},
      {SourceType::kRadar,
       "radar: folders or names with a time of KNMI, FMI, MeteoSwiss, MRMS, BOM, ODIM, CF and others", is_radar,
       list_radar, nullptr, same_place},
      {SourceType::kRaster, "a raster that GDAL reads, for data.inputs", never, list_raster, nullptr, same_place},
      {SourceType::kImages, "images: png, jpg, tif, pgm, bmp, webp, or a folder of them", is_images, list_images,
       nullptr},
      {SourceType::kVideo, "video: whatever FFmpeg decodes, a camera's number, a stream's address", is_video,
       list_videos, nullptr},
      {SourceType::kDigits, "moving digits", never, nullptr, make_any_digits},
      {SourceType::kOccludedDigits, "occluded digits", never, nullptr, make_any_digits},
      {SourceType::kBalls, "bouncing balls", never, nullptr, make_balls},
      {SourceType::kRain, "advected rain", never, nullptr, make_rain},
  };
}

}  // namespace nextframe
