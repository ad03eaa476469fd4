#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/frames/frame_source.h"
#include "core/frames/options.h"
#include "core/frames/sequence_generator.h"

namespace nextframe {

/// One clip that can be opened as often as needed.
struct ClipReference {
  std::string name;  ///< path, with "#3" behind it for the fourth sequence of an array; names this clip alone as a path
  std::string identity;  ///< path, length in bytes and time of change of all its files: another text, other frames
  std::function<std::unique_ptr<FrameSource>()> open;
  double frames_per_second = 0;         ///< what the options said where the files do not tell; 0 = nothing
  std::vector<std::string> files = {};  ///< the identities one by one where the clip is made of several files
  std::string series = {};   ///< clips of one series come one after the other, are of one size and kind and need no
                             ///< decoding, so that they are kept together; empty: a clip by itself
  std::string reading = {};  ///< for people: how the files were taken, where they could be taken in another way
};

/// One row: how a kind of source is known, listed and opened. Either `clips` or `generator` is set.
struct SourceKind {
  SourceType type = SourceType::kAuto;
  std::string_view reads;  ///< for people: "png, jpg, ..."
  /// Whether `auto` takes this row for a path; the first row that says yes is taken.
  bool (*recognises)(const std::string& path) = nullptr;
  /// All clips that the options name; rejects where there is none.
  std::vector<ClipReference> (*clips)(const SourceOptions& options) = nullptr;
  std::unique_ptr<SequenceGenerator> (*generator)(const SourceOptions& options, Split split) = nullptr;
  /// Of kinds that know where their pixels lie: whether two places are one for fields of this size.
  bool (*same_place)(const GeoReference& one, const GeoReference& other, std::int64_t height,
                     std::int64_t width) = nullptr;
};

using SourceTable = std::vector<SourceKind>;

/// What is built without OpenCV and libzip: .npy arrays and generated frames. media_sources() in media_sources.h knows
/// all.
SourceTable engine_sources();

/// The row for the options; rejects a path that no row recognises and says what can be read, and a layout for what is no
/// array.
const SourceKind& find_source_kind(const SourceTable& table, const SourceOptions& options);

/// All clips of a recorded source.
std::vector<ClipReference> list_clips(const SourceTable& table, const SourceOptions& options);

/// The one clip that the options name, for `forecast`; rejects where they name several.
std::unique_ptr<FrameSource> open_source(const SourceTable& table, const SourceOptions& options);
std::unique_ptr<FrameSource> open_source(const SourceTable& table, const std::string& path);

}  // namespace nextframe
