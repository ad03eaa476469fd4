#include "core/frames/frame_cache.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/frames/bounded_queue.h"
#include "core/frames/cache_room.h"
#include "core/frames/scene_cuts.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

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
  return sum.text() + std::string(kCacheEnding);
}

std::string key_of(std::span<const ClipReference> clips, const Preprocessing& preprocessing) {
  std::string key = format("4|{}|channels {}", clips.front().identity, static_cast<int>(preprocessing.channels));
  // Those between the first and the last of a series are no others in another file.
  if (clips.size() > 1) key += format("|{} to {}", clips.size(), clips.back().identity);
  if (preprocessing.size) key += format("|size {}x{}", (*preprocessing.size)[0], (*preprocessing.size)[1]);
  if (!(preprocessing.rain == RainOptions{})) {
    RainOptions rain = preprocessing.rain;
    key += format("|unit {} {}", static_cast<int>(rain.unit), options_to_json(rain).dump());
  }
  // The file keeps the frames' times, so another rate is another file.
  const double rate = clips.front().frames_per_second;
  if (rate > 0) key += format("|rate {}", rate);
  return key;
}

/// Values rounded to whole numbers, from 0 on.
template <class Stored>
void store(const std::vector<float>& values, std::vector<char>& bytes) {
  constexpr double kHigh = std::numeric_limits<Stored>::max();
  bytes.resize(values.size() * sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto clamped = static_cast<Stored>(std::clamp<double>(values[i], 0, kHigh) + 0.5);
    std::memcpy(bytes.data() + i * sizeof(Stored), &clamped, sizeof(Stored));
  }
}

/// One frame as the cache holds it, `frame_bytes` long.
void encode(const Frame& frame, const ClipHeader& header, std::vector<char>& bytes) {
  switch (header.type()) {
    case PixelType::kUint8:
      store<std::uint8_t>(frame.pixels, bytes);
      break;
    case PixelType::kUint16:
      store<std::uint16_t>(frame.pixels, bytes);
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

/// A file of the cache on its way: frames of one clip after the other, then what stands behind them.
class CacheFileWriter {
 public:
  CacheFileWriter(const fs::path& file, const Preprocessing& preprocessing, CacheRoom& room)
      : preprocessing_(preprocessing), room_(room), output_(file, Leftovers::kIgnore) {}

  void begin_clip(const ClipReference& clip, const SourceInfo& info) {
    if (info.live) reject("[frames] {}: a camera or stream cannot be trained on; record it first", clip.name);
    name_ = clip.name;
    info_ = info;
    meter_ = ChangeMeter();
    pictures_ = Checksum();
    records_.clips.emplace_back();
  }

  void add(Frame& frame) {
    apply(preprocessing_, frame, info_);
    if (header_.frames == 0) header_ = header_for(info_, preprocessing_, frame);
    ClipRecord& clip = records_.clips.back();
    if (frame.height != header_.height || frame.width != header_.width || frame.channels != header_.channels) {
      reject("[frames] {}: frame {} is {}x{}, the first {}x{}; set data.size to resize them", name_, clip.frames,
             frame.width, frame.height, header_.width, header_.height);
    }
    if (header_.has_mask != 0 && frame.mask.empty()) frame.mask.assign(static_cast<std::size_t>(frame.area()), 1);
    if (header_.frames % kFramesOfRoom == 0) {
      room_.take(static_cast<std::uint64_t>(kFramesOfRoom * header_.frame_bytes()));
    }
    encode(frame, header_, bytes_);
    output_.write(bytes_.data(), bytes_.size());
    pictures_.add(bytes_.data(), bytes_.size());
    records_.changes.push_back(meter_.add(frame));
    records_.seconds.push_back(frame.seconds);
    records_.names.push_back(frame.name);
    if (!frame.problem.empty()) details_.problems.push_back({header_.frames, frame.problem});
    ++clip.frames;
    ++header_.frames;
  }

  /// `info` once more: some of it is known at the end alone.
  void end_clip(const SourceInfo& info) {
    if (records_.clips.back().frames == 0) reject("[frames] {}: holds no frame", name_);
    records_.clips.back().pictures = pictures_.value();
    details_.measurement = info.measurement;
    details_.place = info.place;
    details_.attribution = info.attribution;
    details_.product = info.product;
    details_.notes = info.notes;
  }

  void commit(const std::string& key) {
    header_.pictures = pictures_.value();
    output_.write(cache_trailer(header_, key, records_, details_));
    output_.commit();
  }

  std::int64_t frames() const { return header_.frames; }

 private:
  static constexpr std::int64_t kFramesOfRoom = 64;

  const Preprocessing& preprocessing_;
  CacheRoom& room_;
  AtomicFile output_;
  std::string name_;
  SourceInfo info_;
  ClipHeader header_;
  ChangeMeter meter_;
  Checksum pictures_;
  FrameRecords records_;
  ClipDetails details_;
  std::vector<char> bytes_;
};

/// The frames of a clip one by one. Those of a series need no decoding, and no thread of their own.
void for_each_frame(const ClipReference& clip, FrameSource& source, const std::function<void(Frame&)>& visit) {
  if (!clip.series.empty()) {
    for (Frame frame; source.next(frame);) visit(frame);
    return;
  }
  BackgroundReader reader(source);
  while (std::optional<Frame> frame = reader.next()) visit(*frame);
}

fs::path make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder)) {
    reject("[data.cache.dir] {}: cannot be made ({}); name another folder for decoded frames", folder.native(),
           error.message());
  }
  return folder;
}

}  // namespace

FrameCache::FrameCache(const CacheOptions& options)
    : folder_(make_folder(options.dir.empty() ? default_folder() : fs::path(options.dir))),
      room_(folder_, static_cast<std::uint64_t>(options.limit_gb * 1e9)) {
  remove_leftovers(folder_, kCacheEnding);
}

std::vector<std::unique_ptr<CachedClip>> FrameCache::get(std::span<const ClipReference> clips,
                                                         const Preprocessing& preprocessing, DecodeProgress progress,
                                                         const DecodeObserver& observer) {
  const std::string key = key_of(clips, preprocessing);
  const fs::path file = folder_ / file_name_of(key);
  auto cached = CachedClip::open(file.native(), key);
  if (cached.size() != clips.size()) {
    decode(clips, preprocessing, key, file, std::move(progress), observer);
    cached = CachedClip::open(file.native(), key);
    if (cached.size() != clips.size()) fail("[cache] {}: cannot be read back", file.native());
  }
  std::error_code ignored;
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
  room_.keep(file);
  return cached;
}

void FrameCache::decode(std::span<const ClipReference> clips, const Preprocessing& preprocessing,
                        const std::string& key, const fs::path& file, DecodeProgress progress,
                        const DecodeObserver& observer) {
  CacheFileWriter writer(file, preprocessing, room_);
  for (const ClipReference& clip : clips) {
    const std::unique_ptr<FrameSource> source = clip.open();
    const std::int64_t expected = source->info().expected_frames;
    progress.name = clip.name;
    progress.expected_frames = expected < 0 ? -1 : expected * static_cast<std::int64_t>(clips.size());
    writer.begin_clip(clip, source->info());
    for_each_frame(clip, *source, [&](Frame& frame) {
      writer.add(frame);
      progress.frame = writer.frames();
      if (observer) observer(progress);
    });
    writer.end_clip(source->info());
  }
  writer.commit(key);
}

}  // namespace nextframe
