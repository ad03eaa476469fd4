#include "core/frames/source_table.h"

#include <utility>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/text.h"
#include "core/frames/array_source.h"
#include "core/frames/generated_source.h"
#include "core/frames/path_list.h"
#include "core/frames/radar/time_format.h"

namespace nextframe {
namespace {

bool never(const std::string&) { return false; }

bool is_npy(const std::string& path) { return has_extension(parse_array_path(path).file, {".npy"}); }

std::unique_ptr<SequenceGenerator> make_idx_digits(const SourceOptions& options, Split split) {
  if (options.path.empty()) {
    reject("[digits] this build has no drawn glyphs; expected data.sources.path to name an MNIST idx file");
  }
  const MappedFile file(options.path);
  const IdxImages images = parse_idx_images(file.bytes(), options.path);
  const auto [first, last] = glyph_range(options, split);
  return make_digits(options, glyphs_from_idx(images, first, last, options.path));
}

std::string readable_kinds(const SourceTable& table) {
  std::vector<std::string> kinds;
  for (const SourceKind& kind : table) {
    if (kind.clips != nullptr) kinds.emplace_back(kind.reads);
  }
  return join(kinds, "; ");
}

std::string_view type_name(SourceType type) {
  for (const auto& [name, value] : enum_names(type)) {
    if (value == type) return name;
  }
  return "?";
}

}  // namespace

SourceTable engine_sources() {
  return {
      {SourceType::kArray, "array: npy", is_npy, list_npy, nullptr},
      {SourceType::kDigits, "moving digits", never, nullptr, make_idx_digits},
      {SourceType::kOccludedDigits, "occluded digits", never, nullptr, make_idx_digits},
      {SourceType::kBalls, "bouncing balls", never, nullptr, make_balls},
      {SourceType::kRain, "advected rain", never, nullptr, make_rain},
  };
}

const SourceKind& find_source_kind(const SourceTable& table, const SourceOptions& options) {
  const bool look = options.type == SourceType::kAuto;
  // Names with times are no path; who reads them looks for the files.
  if (look && !has_time_fields(options.path)) require_path(options.path);
  for (const SourceKind& kind : table) {
    if (!(look ? kind.recognises(options.path) : kind.type == options.type)) continue;
    if (options.layout != ArrayLayout::kAuto && kind.type != SourceType::kArray) {
      reject("[frames] {}: a layout is for arrays only, and this is no .npy or .npz", options.path);
    }
    return kind;
  }
  if (!look) reject("[frames] sources of type \"{}\" are not part of this build", type_name(options.type));
  reject("[frames] {}: not a kind of file that can be read; expected {}", options.path, readable_kinds(table));
}

std::vector<ClipReference> list_clips(const SourceTable& table, const SourceOptions& options) {
  const SourceKind& kind = find_source_kind(table, options);
  if (kind.clips == nullptr) reject("[frames] {} are generated; expected a recording", kind.reads);
  if (!options.product.empty() && kind.type != SourceType::kRadar) {
    reject("[frames] {}: is no radar, so it is of no product such as \"{}\"; expected radar files, or no product",
           options.path, options.product);
  }
  return kind.clips(options);
}

std::unique_ptr<FrameSource> open_source(const SourceTable& table, const SourceOptions& options) {
  const std::vector<ClipReference> clips = list_clips(table, options);
  if (clips.size() != 1) {
    reject("[frames] {}: names {} clips ({}, {}, ...), expected one of them", options.path, clips.size(), clips[0].name,
           clips[1].name);
  }
  return clips.front().open();
}

std::unique_ptr<FrameSource> open_source(const SourceTable& table, const std::string& path) {
  SourceOptions options;
  options.path = path;
  return open_source(table, options);
}

}  // namespace nextframe
