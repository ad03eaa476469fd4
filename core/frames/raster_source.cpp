#include "core/frames/raster_source.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/frames/path_list.h"
#include "core/frames/radar/field_layout.h"
#include "core/frames/radar/file_values.h"
#include "core/frames/radar/raster_file.h"

namespace nextframe {
namespace {

bool holds_arrays(const std::string& path) {
  return has_extension(path, {".nc", ".nc4", ".cdf", ".h5", ".hdf", ".hdf5"});
}

/// "terrain.tif#2" in its two parts; a file that is called so is a file.
ArrayPath parse_raster_path(const std::string& path) {
  std::error_code ignored;
  const std::size_t mark = path.rfind('#');
  if (mark == std::string::npos || std::filesystem::exists(path, ignored)) return {path};
  return {path.substr(0, mark), path.substr(mark + 1)};
}

/// The array of that name, or the only one that is a field.
const RasterArray& field_array(const RasterFile& file, const ArrayPath& path) {
  if (!path.part.empty()) return array_named(file, path.part, path.file);
  const RasterArray* found = nullptr;
  for (const RasterArray& array : file.arrays()) {
    if (array.shape.size() < 2) continue;
    if (found != nullptr && holds_arrays(path.file)) {
      reject("[raster] {}: holds {} and {}; name one of them behind a #, as in {}#{}", path.file, found->path,
             array.path, path.file, found->path);
    }
    if (found == nullptr) found = &array;
  }
  if (found == nullptr) reject("[raster] {}: has no array of two dimensions; it has {}", path.file, contents_of(file));
  return *found;
}

class RasterSource final : public FrameSource {
 public:
  explicit RasterSource(const ArrayPath& path) {
    const auto file = open_raster(path.file, holds_arrays(path.file) ? RasterView::kArrays : RasterView::kBands);
    FieldLayout layout;
    layout.array = field_array(*file, path);
    take_axes(path.file, layout);
    if (layout.fields() != 1) {
      reject("[raster] {}: {} has {} fields, expected one that holds at all times", path.file, layout.array.path,
             layout.fields());
    }
    layout.gain = layout.array.scale.value_or(1);
    layout.offset = layout.array.offset.value_or(0);
    if (layout.array.missing) layout.missing.push_back(*layout.array.missing);
    layout.place = file->place(layout.array);
    turn_north_up(layout);
    field_ = read_field(*file, layout, 0, 0);
    info_.name = path.part.empty() ? path.file : path.file + "#" + path.part;
    info_.height = layout.height();
    info_.width = layout.width();
    info_.channels = 1;
    info_.pixel_type = PixelType::kFloat32;
    info_.high = 1;
    info_.expected_frames = 1;
    info_.place = layout.place;
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    if (given_) return false;
    given_ = true;
    frame.height = info_.height;
    frame.width = info_.width;
    frame.channels = 1;
    frame.pixels = std::move(field_.values);
    frame.mask = std::move(field_.mask);
    frame.seconds = 0;
    frame.name = info_.name;
    frame.time = kNoTime;
    frame.problem.clear();
    return true;
  }

 private:
  SourceInfo info_;
  Field field_;
  bool given_ = false;
};

}  // namespace

std::vector<ClipReference> list_raster(const SourceOptions& options) {
  const ArrayPath path = parse_raster_path(options.path);
  require_path(path.file);
  ClipReference clip;
  clip.name = options.path;
  clip.identity = format("raster|{}|{}", path.part, file_identity(path.file));
  clip.open = [path] { return std::make_unique<RasterSource>(path); };
  return {std::move(clip)};
}

}  // namespace nextframe
