#include "core/frames/frame_cache.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/frames/bounded_queue.h"
#include "core/frames/scene_cuts.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".frames";
constexpr std::size_t kFramesAhead = 4;

fs::path default_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "nextframe";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "nextframe";
  reject("[data.cache.dir] neither XDG_CACHE_HOME nor HOME is set; name a folder for decoded frames");
}

/// The key itself stands in the file, so a collision costs a decoding and no more.
std::string file_name_of(const std::string& key) {
  Checksum sum;
  sum.add(key);
  return sum.text() + std::string(kEnding);
}

std::string key_of(const ClipReference& clip, const Preprocessing& preprocessing) {
  std::string key = format("3|{}|channels {}", clip.identity, static_cast<int>(preprocessing.channels));
  if (preprocessing.size) key += format("|size {}x{}", (*preprocessing.size)[0], (*preprocessing.size)[1]);
  if (!(preprocessing.rain == RainOptions{})) {
    RainOptions rain = preprocessing.rain;
    key += format("|unit {} {}", static_cast<int>(rain.unit), options_to_json(rain).dump());
  }
  // The file keeps the frames' times, so another rate is another file.
  if (clip.frames_per_second > 0) key += format("|rate {}", clip.frames_per_second);
  return key;
}

template <class Stored>
void store(const std::vector<float>& values, double low, double high, std::vector<char>& bytes) {
  bytes.resize(values.size() * sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto clamped = static_cast<Stored>(std::lround(std::clamp<double>(values[i], low, high)));
    std::memcpy(bytes.data() + i * sizeof(Stored), &clamped, sizeof(Stored));
  }
}

/// One frame as the cache holds it, `frame_bytes` long.
void encode(const Frame& frame, const ClipHeader& header, std::vector<char>& bytes) {
  switch (header.type()) {
    case PixelType::kUint8:
      store<std::uint8_t>(frame.pixels, 0, 255, bytes);
      break;
    case PixelType::kUint16:
      store<std::uint16_t>(frame.pixels, 0, 65535, bytes);
      break;
    case PixelType::kFloat32:
      bytes.resize(frame.pixels.size() * sizeof(float));
      std::memcpy(bytes.data(), frame.pixels.data(), bytes.size());
      break;
  }
  if (header.has_mask != 0) bytes.insert(bytes.end(), frame.mask.begin(), frame.mask.end());
  bytes.resize(static_cast<std::size_t>(header.frame_bytes()), '\0');
}

/// Reads a source in a thread of its own, a few frames ahead.
class BackgroundReader {
 public:
  explicit BackgroundReader(FrameSource& source) : queue_(kFramesAhead), thread_([this, &source] { run(source); }) {}
  ~BackgroundReader() {
    queue_.cancel();
    thread_.join();
  }
  BackgroundReader(const BackgroundReader&) = delete;
  BackgroundReader& operator=(const BackgroundReader&) = delete;

  std::optional<Frame> next() { return queue_.pop(); }

 private:
  void run(FrameSource& source) {
    try {
      Frame frame;
      while (source.next(frame)) {
        if (!queue_.push(std::move(frame))) return;
        frame = Frame{};
      }
      queue_.finish();
    } catch (...) {
      queue_.finish(std::current_exception());
    }
  }

  BoundedQueue<Frame> queue_;
  std::thread thread_;
};

/// `info` is the source's; the values are those after preprocessing.
ClipHeader header_for(const SourceInfo& info, const Preprocessing& preprocessing, const Frame& first) {
  const SourceInfo after = info_after(preprocessing, info);
  ClipHeader header;
  header.height = first.height;
  header.width = first.width;
  header.channels = first.channels;
  header.source_height = info.height;
  header.source_width = info.width;
  header.source_channels = info.channels;
  header.pixel_type = static_cast<std::int64_t>(info.pixel_type);
  header.has_mask = first.mask.empty() ? 0 : 1;
  header.low = after.low;
  header.high = after.high;
  header.start_time = first.time;
  header.frames_per_second = info.frames_per_second;
  return header;
}

}  // namespace

FrameCache::FrameCache(const CacheOptions& options)
    : folder_(options.dir.empty() ? default_folder() : fs::path(options.dir)),
      limit_(static_cast<std::uint64_t>(options.limit_gb * 1e9)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!fs::is_directory(folder_)) {
    reject("[data.cache.dir] {}: cannot be made ({}); name another folder for decoded frames", folder_.native(),
           error.message());
  }
}

std::unique_ptr<CachedClip> FrameCache::get(const ClipReference& clip, const Preprocessing& preprocessing,
                                            DecodeProgress progress, const DecodeObserver& observer) {
  const std::string key = key_of(clip, preprocessing);
  const fs::path file = folder_ / file_name_of(key);
  progress.name = clip.name;
  std::unique_ptr<CachedClip> cached = CachedClip::open(file.native(), key);
  if (cached == nullptr) {
    decode(clip, preprocessing, key, file, std::move(progress), observer);
    cached = CachedClip::open(file.native(), key);
    if (cached == nullptr) fail("[cache] {}: cannot be read back", file.native());
  }
  std::error_code ignored;
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
  in_use_.insert(file);
  return cached;
}

void FrameCache::decode(const ClipReference& clip, const Preprocessing& preprocessing, const std::string& key,
                        const fs::path& file, DecodeProgress progress, const DecodeObserver& observer) {
  const std::unique_ptr<FrameSource> source = clip.open();
  if (source->info().live) reject("[frames] {}: a camera or stream cannot be trained on; record it first", clip.name);
  progress.expected_frames = source->info().expected_frames;
  AtomicFile output(file);
  ClipHeader header;
  ChangeMeter meter;
  Checksum pictures;
  FrameRecords records;
  ClipDetails details;
  std::vector<char> bytes;
  {
    BackgroundReader reader(*source);
    while (std::optional<Frame> frame = reader.next()) {
      apply(preprocessing, *frame, source->info());
      if (header.frames == 0) header = header_for(source->info(), preprocessing, *frame);
      if (frame->height != header.height || frame->width != header.width || frame->channels != header.channels) {
        reject("[frames] {}: frame {} is {}x{}, the first {}x{}; set data.size to resize them", clip.name,
               header.frames, frame->width, frame->height, header.width, header.height);
      }
      if (header.has_mask != 0 && frame->mask.empty()) frame->mask.assign(static_cast<std::size_t>(frame->area()), 1);
      if (header.frames % 64 == 0) {
        make_room(static_cast<std::uint64_t>((header.frames + 64) * header.frame_bytes()));
      }
      encode(*frame, header, bytes);
      output.write(bytes.data(), bytes.size());
      pictures.add(bytes.data(), bytes.size());
      records.changes.push_back(meter.add(*frame));
      records.seconds.push_back(frame->seconds);
      records.names.push_back(frame->name);
      if (!frame->problem.empty()) details.problems.push_back({header.frames, frame->problem});
      progress.frame = ++header.frames;
      if (observer) observer(progress);
    }
  }
  if (header.frames == 0) reject("[frames] {}: holds no frame", clip.name);
  header.pictures = pictures.value();
  const SourceInfo& info = source->info();
  details.measurement = info.measurement;
  details.place = info.place;
  details.attribution = info.attribution;
  details.product = info.product;
  details.notes = info.notes;
  output.write(cache_trailer(header, key, records, details));
  output.commit();
}

void FrameCache::make_room(std::uint64_t needed) const {
  struct Entry {
    fs::file_time_type used;
    fs::path path;
    std::uint64_t bytes;
  };
  std::vector<Entry> removable;
  std::uint64_t total = 0, kept = 0;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder_, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    if (entry->path().extension() != kEnding || entry->path().filename().native().starts_with('.')) continue;
    std::error_code gone;
    const auto bytes = entry->file_size(gone);
    if (gone) continue;
    total += bytes;
    if (in_use_.contains(entry->path())) {
      kept += bytes;
    } else {
      removable.push_back({entry->last_write_time(gone), entry->path(), bytes});
    }
  }
  if (kept + needed > limit_) {
    reject(
        "[data.cache.limit_gb] the decoded frames need more than {:.3f} GB; raise the limit or use a smaller data.size",
        static_cast<double>(limit_) / 1e9);
  }
  std::sort(removable.begin(), removable.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : removable) {
    if (total + needed <= limit_) return;
    if (fs::remove(entry.path, ignored)) total -= entry.bytes;
  }
}

}  // namespace nextframe
