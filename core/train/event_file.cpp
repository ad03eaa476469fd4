#include "core/train/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/base/error.h"
#include "core/base/format.h"
#include "core/train/protobuf.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// Numbers of the fields, in the messages' own order.
enum EventField : std::uint32_t { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5 };
enum SummaryField : std::uint32_t { kValue = 1 };
enum ValueField : std::uint32_t { kTag = 1, kSimpleValue = 2, kImage = 4 };
enum ImageField : std::uint32_t { kHeight = 1, kWidth = 2, kColourSpace = 3, kEncoded = 4 };

constexpr std::uint64_t kRgb = 3;
constexpr std::string_view kVersion = "brain.Event:2";
constexpr std::string_view kFileName = "events.out.tfevents.";
constexpr std::size_t kHeader = 12, kFooter = 4;
constexpr std::size_t kBuffer = 1 << 16;

std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1U ? 0x82f63b78U : 0U);
    table[i] = remainder;
  }
  return table;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string image_message(const EventValue& value) {
  ProtobufWriter image;
  image.whole(kHeight, static_cast<std::uint64_t>(value.height));
  image.whole(kWidth, static_cast<std::uint64_t>(value.width));
  image.whole(kColourSpace, kRgb);
  image.bytes(kEncoded, value.png);
  return image.message();
}

EventValue read_image(std::string_view message) {
  EventValue value;
  ProtobufReader reader(message);
  while (const std::optional<ProtobufReader::Field> field = reader.next()) {
    if (field->number == kHeight) value.height = static_cast<std::int64_t>(field->bits);
    if (field->number == kWidth) value.width = static_cast<std::int64_t>(field->bits);
    if (field->number == kEncoded) value.png = field->bytes;
  }
  return value;
}

EventValue read_value(std::string_view message) {
  EventValue value;
  ProtobufReader reader(message);
  while (const std::optional<ProtobufReader::Field> field = reader.next()) {
    if (field->number == kImage) {
      const std::string tag = value.tag;
      value = read_image(field->bytes);
      value.tag = tag;
    }
    if (field->number == kTag) value.tag = field->bytes;
    if (field->number == kSimpleValue) value.number = static_cast<double>(field->real32());
  }
  return value;
}

EventRecord read_event(std::string_view message) {
  EventRecord record;
  ProtobufReader reader(message);
  while (const std::optional<ProtobufReader::Field> field = reader.next()) {
    if (field->number == kWallTime) record.wall_time = field->real64();
    if (field->number == kStep) record.step = static_cast<std::int64_t>(field->bits);
    if (field->number == kFileVersion) record.version = field->bytes;
    if (field->number != kSummary) continue;
    ProtobufReader summary(field->bytes);
    while (const std::optional<ProtobufReader::Field> value = summary.next()) {
      if (value->number == kValue) record.values.push_back(read_value(value->bytes));
    }
  }
  return record;
}

/// The message at the beginning of `bytes`; nothing where the record is cut off or its checksums are not true.
std::optional<std::string_view> first_message(std::string_view bytes) {
  const std::optional<std::uint64_t> size = ProtobufReader::fixed(bytes, 8);
  if (!size || bytes.size() < kHeader + kFooter || *size > bytes.size() - kHeader - kFooter) return std::nullopt;
  const std::string_view message = bytes.substr(kHeader, *size);
  if (ProtobufReader::fixed(bytes.substr(8), 4) != masked_crc32c(bytes.substr(0, 8))) return std::nullopt;
  if (ProtobufReader::fixed(bytes.substr(kHeader + *size), 4) != masked_crc32c(message)) return std::nullopt;
  return message;
}

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Counts up from file to file of a folder: "events.out.tfevents.SECONDS.PROCESS.NUMBER"; nothing of others' files.
std::optional<std::int64_t> number_of(const std::string& name) {
  if (!name.starts_with(kFileName)) return std::nullopt;
  const std::string_view rest = std::string_view(name).substr(kFileName.size());
  const std::size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos || std::ranges::count(rest, '.') != 2) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data() + dot + 1, rest.data() + rest.size(), number);
  if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  return number;
}

/// Takes away what was written behind `kept`.
void cut_behind(const fs::path& path, std::int64_t number, const EventPlace& kept) {
  const std::optional<std::int64_t> last = number_of(kept.file);
  std::error_code error;
  if (!last || number > *last) {
    fs::remove(path, error);
  } else if (path.filename() == kept.file && fs::file_size(path, error) > static_cast<std::uintmax_t>(kept.bytes)) {
    fs::resize_file(path, static_cast<std::uintmax_t>(kept.bytes), error);
  }
  if (error) fail("[train] {}: cannot be cut back to what the run's state knows: {}", path.string(), error.message());
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> kTable = crc_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

EventValue png_event(const std::string& tag, const fs::path& path) {
  EventValue value{.tag = tag, .png = contents_of(path)};
  // A signature of 8 bytes, the length and name of the first chunk, then width and height, highest byte first.
  constexpr std::size_t kSize = 16;
  if (value.png.size() < kSize + 8 || value.png.compare(12, 4, "IHDR") != 0) {
    fail("[train] {}: is no png image", path.string());
  }
  const auto big_endian = [&](std::size_t first) {
    std::int64_t number = 0;
    for (std::size_t i = first; i < first + 4; ++i) number = number << 8 | static_cast<unsigned char>(value.png[i]);
    return number;
  };
  value.width = big_endian(kSize);
  value.height = big_endian(kSize + 4);
  return value;
}

EventLog::EventLog(const fs::path& folder, const std::optional<EventPlace>& kept) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("[train] {}: cannot be made: {}", folder.string(), error.message());
  std::int64_t next = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::optional<std::int64_t> number = number_of(entry.path().filename().string());
    if (!number) continue;
    next = std::max(next, *number + 1);
    if (kept) cut_behind(entry.path(), *number, *kept);
  }
  path_ = folder / format("{}{:.0f}.{}.{}", kFileName, seconds_now(), ::getpid(), next);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("[train] {}: cannot be opened: {}", path_.string(), std::strerror(errno));
  ProtobufWriter event;
  event.real64(kWallTime, seconds_now());
  event.bytes(kFileVersion, kVersion);
  write_record(event.message());
}

EventLog::~EventLog() {
  try {
    flush();
  } catch (const Error&) {
    // Nobody is there to be told; the run's own files have their own checks.
  }
  ::close(descriptor_);
}

void EventLog::append(std::int64_t step, std::span<const EventValue> values) {
  ProtobufWriter summary;
  for (const EventValue& value : values) {
    ProtobufWriter one;
    one.bytes(kTag, value.tag);
    if (value.png.empty()) {
      one.real32(kSimpleValue, static_cast<float>(value.number));
    } else {
      one.bytes(kImage, image_message(value));
    }
    summary.bytes(kValue, one.message());
  }
  ProtobufWriter event;
  event.real64(kWallTime, seconds_now());
  event.whole(kStep, static_cast<std::uint64_t>(step));
  event.bytes(kSummary, summary.message());
  write_record(event.message());
  if (buffer_.size() >= kBuffer) flush();
}

void EventLog::write_record(const std::string& event) {
  std::string length;
  ProtobufWriter::append_fixed(length, event.size(), 8);
  buffer_ += length;
  ProtobufWriter::append_fixed(buffer_, masked_crc32c(length), 4);
  buffer_ += event;
  ProtobufWriter::append_fixed(buffer_, masked_crc32c(event), 4);
}

EventPlace EventLog::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      // The next one goes on behind what is in the file by now.
      buffer_.erase(0, done);
      fail("[train] {}: cannot be written: {}", path_.string(), std::strerror(reason));
    }
    done += static_cast<std::size_t>(written);
    bytes_ += written;
  }
  buffer_.clear();
  return {.file = path_.filename().string(), .bytes = bytes_};
}

EventFile read_event_file(const fs::path& path) {
  EventFile file{.records = {}, .whole_bytes = 0};
  const std::string bytes = contents_of(path);
  while (const std::optional<std::string_view> message =
             first_message(std::string_view(bytes).substr(file.whole_bytes))) {
    file.records.push_back(read_event(*message));
    file.whole_bytes += kHeader + message->size() + kFooter;
  }
  return file;
}

}  // namespace nextframe
