#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nextframe {

/// The checksum of TFRecord files: CRC-32C (Castagnoli), rotated right by 15 bits, plus 0xa282ead8 modulo 2^32.
std::uint32_t masked_crc32c(std::string_view bytes);

/// One value of an event: a number, or a picture as png bytes.
struct EventValue {
  std::string tag;       ///< "loss/train", "samples/1"
  double number = 0;     ///< where there is no picture
  std::string png = {};  ///< of `height` x `width` pixels
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// The png file as a value; its size is read from its header. Fails where it is none.
EventValue png_event(const std::string& tag, const std::filesystem::path& path);

/// How much of the event files of a folder there is: files that were begun earlier, and the first bytes of one.
struct EventPlace {
  std::string file = {};   ///< its name; empty: nothing
  std::int64_t bytes = 0;  ///< of it
};

/// TensorBoard's event files, "events.out.tfevents.SECONDS.PROCESS.NUMBER" in a folder: TFRecords, each with an Event message
/// (tensorflow/core/util/event.proto) that holds a Summary (tensorflow/core/framework/summary.proto). Beside the steps'
/// values they tell nothing that other files of a run do not.
class EventLog {
 public:
  /// Begins another file in the folder, which is made if need be. What was written behind `kept` goes, so that the files
  /// agree with the rest of a run that is resumed there; where nobody knows the place, everything stays. Fails where it
  /// cannot be written.
  EventLog(const std::filesystem::path& folder, const std::optional<EventPlace>& kept);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void append(std::int64_t step, std::span<const EventValue> values);
  /// Hands everything to the system; what is appended later may be lost with the process. Where that fails, what is in the
  /// file already is not written again by the next one. Returns what there is.
  EventPlace flush();

 private:
  void write_record(const std::string& event);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t bytes_ = 0;  ///< in the file
  std::string buffer_;      ///< behind them
};

/// One record of an event file, as far as this program writes them.
struct EventRecord {
  double wall_time = 0;  ///< seconds since 1970
  std::int64_t step = 0;
  std::string version = {};  ///< of the first record: "brain.Event:2"
  std::vector<EventValue> values = {};
};

struct EventFile {
  std::vector<EventRecord> records;
  std::size_t whole_bytes = 0;  ///< of the records that are whole and true to their checksums, from the beginning on
};

/// Reads back what an EventLog has written, up to the first record that is cut off or damaged.
EventFile read_event_file(const std::filesystem::path& path);

}  // namespace nextframe
