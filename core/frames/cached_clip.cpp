#include "core/frames/cached_clip.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

constexpr std::string_view kMagic = "NFCLIP03";
static_assert(std::is_trivially_copyable_v<ClipHeader>);

template <class T>
void append(std::string& bytes, const T* values, std::size_t count) {
  bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <class Stored>
void convert(const std::byte* source, std::int64_t count, float* target) {
  const auto* values = reinterpret_cast<const Stored*>(source);
  for (std::int64_t i = 0; i < count; ++i) target[i] = static_cast<float>(values[i]);
}

}  // namespace

std::int64_t ClipHeader::frame_bytes() const {
  const std::int64_t pixels = height * width * channels * static_cast<std::int64_t>(size_of(type()));
  return (pixels + (has_mask != 0 ? height * width : 0) + 7) / 8 * 8;
}

std::unique_ptr<CachedClip> CachedClip::open(const std::string& path, const std::string& key) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return nullptr;
  std::unique_ptr<CachedClip> clip;
  try {
    clip.reset(new CachedClip(path));
  } catch (const Error&) {
    return nullptr;  // another process may have removed it just now
  }
  return clip->parse(key) ? std::move(clip) : nullptr;
}

bool CachedClip::parse(const std::string& key) {
  const auto bytes = file_.bytes();
  constexpr std::size_t kEnd = 16;
  if (bytes.size() < kEnd + sizeof(ClipHeader)) return false;
  if (std::memcmp(bytes.data() + bytes.size() - 8, kMagic.data(), 8) != 0) return false;
  std::uint64_t place = 0;
  std::memcpy(&place, bytes.data() + bytes.size() - kEnd, 8);
  if (place > bytes.size() - kEnd - sizeof(ClipHeader)) return false;
  std::memcpy(&header_, bytes.data() + place, sizeof(ClipHeader));
  const ClipHeader& h = header_;
  constexpr std::int64_t kMost = std::int64_t{1} << 32;
  for (const std::int64_t n : {h.frames, h.height, h.width, h.channels, h.key_bytes, h.names_bytes, h.details_bytes}) {
    if (n < 0 || n > kMost) return false;
  }
  if (h.pixel_type < 0 || h.pixel_type > 2 || h.height * h.width <= 0 || h.channels <= 0 || h.frames == 0) return false;
  const auto frame_bytes = static_cast<std::uint64_t>(h.frame_bytes());
  if (place / frame_bytes != static_cast<std::uint64_t>(h.frames) || place % frame_bytes != 0) return false;
  const auto frames = static_cast<std::size_t>(h.frames);
  const std::uint64_t expected = place + sizeof(ClipHeader) + static_cast<std::uint64_t>(h.key_bytes) + frames * 16 +
                                 static_cast<std::uint64_t>(h.names_bytes + h.details_bytes) + kEnd;
  if (expected != bytes.size()) return false;

  const std::byte* at = bytes.data() + place + sizeof(ClipHeader);
  if (std::string_view(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.key_bytes)) != key) return false;
  at += h.key_bytes;
  changes_.resize(frames);
  seconds_.resize(frames);
  std::memcpy(changes_.data(), at, frames * 8);
  std::memcpy(seconds_.data(), at + frames * 8, frames * 8);
  at += frames * 16;
  names_ = split(std::string_view(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.names_bytes)), '\n');
  names_.resize(frames);
  at += h.names_bytes;
  try {
    const std::string_view details(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.details_bytes));
    details_ = options_from_json<ClipDetails>(json::parse(details, "details"), "[cache]");
  } catch (const Error&) {
    return false;
  }
  return true;
}

void CachedClip::read(std::int64_t frame, const Region& region, float* pixels, std::uint8_t* mask) const {
  const ClipHeader& h = header_;
  if (frame < 0 || frame >= h.frames || region.top < 0 || region.left < 0 || region.top + region.height > h.height ||
      region.left + region.width > h.width) {
    fail("[cache] frame {} of {}, rows {}+{} of {}, columns {}+{} of {} asked for", frame, h.frames, region.top,
         region.height, h.height, region.left, region.width, h.width);
  }
  const std::byte* start = file_.bytes().data() + frame * h.frame_bytes();
  const auto item = static_cast<std::int64_t>(size_of(h.type()));
  const std::int64_t count = region.width * h.channels;
  for (std::int64_t y = 0; y < region.height; ++y) {
    const std::byte* row = start + ((region.top + y) * h.width + region.left) * h.channels * item;
    float* target = pixels + y * count;
    switch (h.type()) {
      case PixelType::kUint8:
        convert<std::uint8_t>(row, count, target);
        break;
      case PixelType::kUint16:
        convert<std::uint16_t>(row, count, target);
        break;
      case PixelType::kFloat32:
        convert<float>(row, count, target);
        break;
    }
  }
  if (mask == nullptr) return;
  if (h.has_mask == 0) {
    std::fill_n(mask, region.height * region.width, std::uint8_t{1});
    return;
  }
  const std::byte* masks = start + h.height * h.width * h.channels * item;
  for (std::int64_t y = 0; y < region.height; ++y) {
    std::memcpy(mask + y * region.width, masks + (region.top + y) * h.width + region.left,
                static_cast<std::size_t>(region.width));
  }
}

std::string cache_trailer(ClipHeader header, const std::string& key, const FrameRecords& records,
                          const ClipDetails& details) {
  const std::string lines = join(records.names, "\n");
  const std::string words = options_to_json(details).dump();
  header.key_bytes = static_cast<std::int64_t>(key.size());
  header.names_bytes = static_cast<std::int64_t>(lines.size());
  header.details_bytes = static_cast<std::int64_t>(words.size());
  std::string bytes;
  append(bytes, &header, 1);
  bytes += key;
  append(bytes, records.changes.data(), records.changes.size());
  append(bytes, records.seconds.data(), records.seconds.size());
  bytes += lines + words;
  const std::uint64_t place = static_cast<std::uint64_t>(header.frames * header.frame_bytes());
  append(bytes, &place, 1);
  return bytes += kMagic;
}

}  // namespace nextframe
