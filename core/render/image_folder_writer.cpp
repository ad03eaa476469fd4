#include <unistd.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/render/pixels.h"
#include "core/render/png.h"
#include "core/render/writers.h"

namespace nextframe {

namespace fs = std::filesystem;

namespace {

fs::path without_slash(const std::string& path) {
  fs::path result(path);
  if (!result.has_filename() && result.has_parent_path()) result = result.parent_path();
  return result;
}

/// Images go into a hidden folder first: beside the place of a new folder, which then gets its name in one rename, and
/// inside a folder that exists (it may be a mount or somebody's working directory), whose older forecasts are then
/// exchanged.
class ImageFolderWriter : public FrameWriter {
 public:
  ImageFolderWriter(const std::string& path, const WriterOptions& options)
      : folder_(without_slash(path)),
        options_(options),
        type_(stored_integer_type(options)),
        mapping_(integer_mapping(options.pixel_type, options.low, options.high, type_)) {
    std::error_code code;
    const fs::file_status status = fs::status(folder_, code);
    exists_ = fs::exists(status);
    if (exists_ && !fs::is_directory(status)) reject("[output] {}: is a file, expected a folder", folder_.string());
    if (exists_) check_contents();
    make_stage();
  }

  ~ImageFolderWriter() override {
    std::error_code code;
    if (!stage_.empty()) fs::remove_all(stage_, code);
  }

  void write(const Frame& frame, const FrameStamp& stamp) override {
    check_frame(folder_.string(), options_, frame);
    position_ = stamp.lead_time < 1 ? position_ + 1 : 0;
    const std::string name = options_.contents == Contents::kForecasts
                                 ? forecast_file_name(stamp, position_ - 1)
                                 : numbered_file_name(static_cast<std::int64_t>(names_.size()));
    if (!names_.insert(name).second)
      fail("[output] {}: lead time {} was written twice", folder_.string(), stamp.lead_time);
    const std::vector<std::uint8_t> png =
        type_ == PixelType::kUint16 ? encode<std::uint16_t>(frame, name) : encode<std::uint8_t>(frame, name);
    AtomicFile file(stage_ / name);
    file.write(png.data(), png.size());
    file.commit();
  }

  void close() override {
    if (names_.empty()) reject("[output] {}: no frame was written", folder_.string());
    std::error_code code;
    if (exists_) {
      remove_older();
      for (const std::string& name : names_) {
        if (!code) fs::rename(stage_ / name, folder_ / name, code);
      }
    } else {
      fs::rename(stage_, folder_, code);
    }
    if (code) fail("[output] {}: writing failed: {}", folder_.string(), code.message());
    if (exists_) fs::remove(stage_, code);
    stage_.clear();
  }

 private:
  template <class T>
  std::vector<std::uint8_t> encode(const Frame& frame, const std::string& name) const {
    std::vector<T> values(frame.pixels.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(to_integer(frame.pixels[i], mapping_));
    return encode_png(values.data(), frame.height, frame.width, frame.channels, type_, (folder_ / name).string());
  }

  void check_contents() const {
    std::error_code code;
    bool older = false;
    fs::directory_iterator entry(folder_, code);
    for (const fs::directory_iterator end; !code && entry != end; entry.increment(code)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with(kStagePrefix)) continue;
      if (!is_output_file_name(name, options_.contents)) {
        reject("[output] {}: holds \"{}\", which is no {}; choose a new or empty folder", folder_.string(), name,
               options_.contents == Contents::kForecasts ? "forecast" : "numbered frame");
      }
      older = true;
    }
    if (code) reject("[output] {}: the folder cannot be read: {}", folder_.string(), code.message());
    if (older && options_.if_exists == IfExists::kRefuse) {
      reject("[output] {}: holds earlier {}; choose another folder or give --overwrite", folder_.string(),
             options_.contents == Contents::kForecasts ? "forecasts" : "frames");
    }
  }

  void make_stage() {
    const fs::path parent = folder_.has_parent_path() ? folder_.parent_path() : fs::path(".");
    std::error_code code;
    if (!exists_ && !fs::is_directory(parent, code)) {
      reject("[output] {}: the folder {} does not exist", folder_.string(), parent.string());
    }
    stage_ = (exists_ ? folder_ : parent) / format("{}{}-{}", kStagePrefix, folder_.filename().string(), ::getpid());
    fs::remove_all(stage_, code);
    if (!fs::create_directory(stage_, code)) {
      const std::string reason = code ? code.message() : "its temporary folder exists";
      stage_.clear();
      reject("[output] {}: cannot be written: {}", folder_.string(), reason);
    }
  }

  void remove_older() const {
    std::vector<fs::path> older;
    std::error_code code;
    for (fs::directory_iterator entry(folder_, code), end; !code && entry != end; entry.increment(code)) {
      const std::string name = entry->path().filename().string();
      if (is_output_file_name(name, options_.contents) && !names_.contains(name)) older.push_back(entry->path());
    }
    for (const fs::path& path : older) fs::remove(path, code);
  }

  static constexpr const char* kStagePrefix = ".nextframe-partial-";

  fs::path folder_;
  WriterOptions options_;
  PixelType type_;
  IntegerMapping mapping_;
  bool exists_ = false;
  fs::path stage_;
  std::set<std::string> names_;
  std::int64_t position_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> make_image_folder_writer(const std::string& path, const WriterOptions& options) {
  return std::make_unique<ImageFolderWriter>(path, options);
}

}  // namespace nextframe
