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
#include "core/base/mapped_file.h"
#include "core/base/text.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

constexpr std::string_view kMagic = "NFCLIP04";
static_assert(std::is_trivially_copyable_v<ClipHeader> && std::is_trivially_copyable_v<ClipRecord>);

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

/// A mapped file and what stands behind its frames.
class CacheFile {
 public:
  explicit CacheFile(const std::string& path) : file_(path) {}
  /// Whether it is whole and of this key.
  bool parse(const std::string& key);

  const ClipHeader& header() const { return header_; }
  const FrameRecords& records() const { return records_; }
  const ClipDetails& details() const { return details_; }
  const std::byte* frame(std::int64_t number) const { return file_.bytes().data() + number * header_.frame_bytes(); }

 private:
  MappedFile file_;
  ClipHeader header_;
  FrameRecords records_;
  ClipDetails details_;
};

bool CacheFile::parse(const std::string& key) {
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
  for (const std::int64_t n :
       {h.clips, h.frames, h.height, h.width, h.channels, h.key_bytes, h.names_bytes, h.details_bytes}) {
    if (n < 0 || n > kMost) return false;
  }
  if (h.pixel_type < 0 || h.pixel_type > 2 || h.height * h.width <= 0 || h.channels <= 0 || h.frames == 0) return false;
  const auto frame_bytes = static_cast<std::uint64_t>(h.frame_bytes());
  if (place / frame_bytes != static_cast<std::uint64_t>(h.frames) || place % frame_bytes != 0) return false;
  const auto frames = static_cast<std::size_t>(h.frames);
  const auto clips = static_cast<std::size_t>(h.clips);
  const std::uint64_t expected = place + sizeof(ClipHeader) + static_cast<std::uint64_t>(h.key_bytes) +
                                 clips * sizeof(ClipRecord) + frames * 16 +
                                 static_cast<std::uint64_t>(h.names_bytes + h.details_bytes) + kEnd;
  if (expected != bytes.size()) return false;

  const std::byte* at = bytes.data() + place + sizeof(ClipHeader);
  if (std::string_view(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.key_bytes)) != key) return false;
  at += h.key_bytes;
  FrameRecords& r = records_;
  r.clips.resize(clips);
  r.changes.resize(frames);
  r.seconds.resize(frames);
  std::memcpy(r.clips.data(), at, clips * sizeof(ClipRecord));
  at += clips * sizeof(ClipRecord);
  std::int64_t left = h.frames;
  for (const ClipRecord& clip : r.clips) {
    if (clip.frames <= 0 || clip.frames > left) return false;
    left -= clip.frames;
  }
  if (left != 0) return false;
  std::memcpy(r.changes.data(), at, frames * 8);
  std::memcpy(r.seconds.data(), at + frames * 8, frames * 8);
  at += frames * 16;
  r.names = split(std::string_view(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.names_bytes)), '\n');
  r.names.resize(frames);
  at += h.names_bytes;
  try {
    const std::string_view details(reinterpret_cast<const char*>(at), static_cast<std::size_t>(h.details_bytes));
    details_ = options_from_json<ClipDetails>(json::parse(details, "details"), "[cache]");
  } catch (const Error&) {
    return false;
  }
  return true;
}

std::vector<std::unique_ptr<CachedClip>> CachedClip::open(const std::string& path, const std::string& key) {
  std::vector<std::unique_ptr<CachedClip>> clips;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return clips;
  std::shared_ptr<CacheFile> file;
  try {
    file = std::make_shared<CacheFile>(path);
  } catch (const Error&) {
    return clips;  // another process may have removed it just now
  }
  if (!file->parse(key)) return clips;
  std::int64_t first = 0;
  for (std::int64_t number = 0; number < file->header().clips; ++number) {
    clips.push_back(std::make_unique<CachedClip>(file, number, first));
    first += clips.back()->header().frames;
  }
  return clips;
}

CachedClip::CachedClip(std::shared_ptr<const CacheFile> file, std::int64_t number, std::int64_t first)
    : file_(std::move(file)), first_(first), header_(file_->header()) {
  const FrameRecords& records = file_->records();
  const ClipRecord& record = records.clips[static_cast<std::size_t>(number)];
  header_.frames = record.frames;
  header_.pictures = record.pictures;
  const auto piece = [&](const auto& values) {
    return std::decay_t<decltype(values)>(values.begin() + first, values.begin() + first + record.frames);
  };
  changes_ = piece(records.changes);
  seconds_ = piece(records.seconds);
  names_ = piece(records.names);
  details_ = file_->details();
  std::erase_if(details_.problems, [&](const FrameProblem& problem) {
    return problem.frame < first || problem.frame >= first + record.frames;
  });
  for (FrameProblem& problem : details_.problems) problem.frame -= first;
}

void CachedClip::read(std::int64_t frame, const Region& region, float* pixels, std::uint8_t* mask) const {
  const ClipHeader& h = header_;
  if (frame < 0 || frame >= h.frames || region.top < 0 || region.left < 0 || region.top + region.height > h.height ||
      region.left + region.width > h.width) {
    fail("[cache] frame {} of {}, rows {}+{} of {}, columns {}+{} of {} asked for", frame, h.frames, region.top,
         region.height, h.height, region.left, region.width, h.width);
  }
  const std::byte* start = file_->frame(first_ + frame);
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
  header.clips = static_cast<std::int64_t>(records.clips.size());
  header.key_bytes = static_cast<std::int64_t>(key.size());
  header.names_bytes = static_cast<std::int64_t>(lines.size());
  header.details_bytes = static_cast<std::int64_t>(words.size());
  std::string bytes;
  append(bytes, &header, 1);
  bytes += key;
  append(bytes, records.clips.data(), records.clips.size());
  append(bytes, records.changes.data(), records.changes.size());
  append(bytes, records.seconds.data(), records.seconds.size());
  bytes += lines + words;
  const std::uint64_t place = static_cast<std::uint64_t>(header.frames * header.frame_bytes());
  append(bytes, &place, 1);
  return bytes += kMagic;
}

}  // namespace nextframe
