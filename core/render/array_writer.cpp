#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/render/pixels.h"
#include "core/render/writers.h"
#include "core/tensor/npy.h"

namespace nextframe {
namespace {

/// The header stands in front of the data but tells how many frames follow, so room for the longest is kept.
constexpr std::size_t kHeaderBytes = 192;

std::string padded_header(PixelType type, const std::vector<std::int64_t>& shape) {
  const NpyKind kind = type == PixelType::kFloat32 ? NpyKind::kFloat : NpyKind::kUnsigned;
  std::string text = npy_header_text(kind, static_cast<std::int64_t>(size_of(type)), shape);
  text.insert(text.size() - 1, kHeaderBytes - text.size(), ' ');
  constexpr std::size_t kBefore = 10;
  text[8] = static_cast<char>((kHeaderBytes - kBefore) & 255);
  text[9] = static_cast<char>((kHeaderBytes - kBefore) >> 8);
  return text;
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// Grows an .npy frame by frame; the header is put in front at the end.
class NpyStream {
 public:
  NpyStream(const std::filesystem::path& path, std::string name)
      : name_(std::move(name)), file_(std::fopen(path.c_str(), "wb")) {
    if (!file_) reject("[output] {}: cannot be written: {}", name_, std::strerror(errno));
    put(std::string(kHeaderBytes, ' ').data(), kHeaderBytes);
  }

  void put(const void* data, std::size_t bytes) {
    if (std::fwrite(data, 1, bytes, file_.get()) != bytes) failed();
  }

  void finish(const std::string& header) {
    if (std::fseek(file_.get(), 0, SEEK_SET) != 0) failed();
    put(header.data(), header.size());
    if (std::fclose(file_.release()) != 0) failed();
  }

 private:
  [[noreturn]] void failed() const { fail("[output] {}: writing failed: {}", name_, std::strerror(errno)); }

  std::string name_;
  std::unique_ptr<std::FILE, FileCloser> file_;
};

class ArrayWriter : public FrameWriter {
 public:
  ArrayWriter(const std::string& path, const WriterOptions& options, ArrayFormat array_format)
      : path_(path), options_(options), type_(options.stored_as.value_or(PixelType::kFloat32)), destination_(path) {
    if (type_ != PixelType::kFloat32) mapping_ = integer_mapping(options.pixel_type, options.low, options.high, type_);
    if (array_format == ArrayFormat::kNpz) member_.emplace(path + ".npy");  // never committed: removed with the writer
    stream_.emplace(member_ ? member_->temporary() : destination_.temporary(), path);
  }

  void write(const Frame& frame, const FrameStamp&) override {
    check_frame(path_, options_, frame);
    switch (type_) {
      case PixelType::kUint8:
        put_integers<std::uint8_t>(frame);
        break;
      case PixelType::kUint16:
        put_integers<std::uint16_t>(frame);
        break;
      case PixelType::kFloat32:
        put_floats(frame);
        break;
    }
    ++frames_;
  }

  void close() override {
    if (frames_ == 0) reject("[output] {}: no frame was written", path_);
    std::vector<std::int64_t> shape{frames_, options_.height, options_.width};
    if (const std::int64_t length = options_.sequence_length; length > 0) {
      if (frames_ % length != 0) {
        fail("[output] {}: {} frames are no whole number of sequences of {}", path_, frames_, length);
      }
      shape.front() = length;
      shape.insert(shape.begin(), frames_ / length);
    }
    // Four lengths mean [T,H,W,C]: sequences of one channel say so too.
    if (options_.channels > 1 || options_.sequence_length > 0) shape.push_back(options_.channels);
    stream_->finish(padded_header(type_, shape));
    if (member_) compress();
    destination_.commit();
  }

 private:
  template <class T>
  void put_integers(const Frame& frame) {
    std::vector<T> values(frame.pixels.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(to_integer(frame.pixels[i], mapping_));
    stream_->put(values.data(), values.size() * sizeof(T));
  }

  void put_floats(const Frame& frame) {
    std::vector<float> values = frame.pixels;
    const auto channels = static_cast<std::size_t>(frame.channels);
    for (std::size_t p = 0; p < frame.mask.size(); ++p) {
      if (frame.mask[p] != 0) continue;
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(p * channels), channels,
                  std::numeric_limits<float>::quiet_NaN());
    }
    stream_->put(values.data(), values.size() * sizeof(float));
  }

  /// Not before zip_close is the file read and the archive written.
  void compress() {
    int code = 0;
    zip_t* archive = zip_open(destination_.temporary().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (archive == nullptr) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      const std::string reason = zip_error_strerror(&error);
      zip_error_fini(&error);
      fail("[output] {}: writing failed: {}", path_, reason);
    }
    zip_source_t* source = zip_source_file(archive, member_->temporary().c_str(), 0, -1);
    const char* name = options_.contents == Contents::kForecasts ? "forecast.npy" : "frames.npy";
    const zip_int64_t index = source == nullptr ? -1 : zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0 && source != nullptr) zip_source_free(source);
    const bool ok =
        index >= 0 && zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 0) == 0 &&
        zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), kFixedTime, 0) == 0 && zip_close(archive) == 0;
    if (ok) return;
    const std::string reason = zip_strerror(archive);
    zip_discard(archive);
    fail("[output] {}: writing failed: {}", path_, reason);
  }

  /// 1980-01-02, about where zip's calendar begins: the same forecast gives the same bytes.
  static constexpr std::time_t kFixedTime = 315619200;

  std::string path_;
  WriterOptions options_;
  PixelType type_;
  IntegerMapping mapping_;
  ReplacedFile destination_;
  std::optional<ReplacedFile> member_;
  std::optional<NpyStream> stream_;
  std::int64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> make_array_writer(const std::string& path, const WriterOptions& options,
                                               ArrayFormat format) {
  return std::make_unique<ArrayWriter>(path, options, format);
}

}  // namespace nextframe
