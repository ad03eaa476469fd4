#include <cstdint>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/render/pixels.h"
#include "core/render/png.h"
#include "core/render/staged_folder.h"
#include "core/render/writers.h"

namespace nextframe {
namespace {

bool is_forecast(std::string_view name) { return is_output_file_name(name, Contents::kForecasts); }
bool is_frame(std::string_view name) { return is_output_file_name(name, Contents::kFrames); }

class ImageFolderWriter : public FrameWriter {
 public:
  ImageFolderWriter(const std::string& path, const WriterOptions& options)
      : options_(options),
        type_(stored_integer_type(options)),
        mapping_(integer_mapping(options.pixel_type, options.low, options.high, type_)),
        forecasts_(options.contents == Contents::kForecasts),
        folder_(path, options.if_exists, forecasts_ ? is_forecast : is_frame,
                forecasts_ ? "forecast" : "numbered frame") {}

  void write(const Frame& frame, const FrameStamp& stamp) override {
    check_frame(folder_.folder().string(), options_, frame);
    position_ = stamp.lead_time < 1 ? position_ + 1 : 0;
    const std::string name = forecasts_ ? forecast_file_name(stamp, position_ - 1)
                                        : numbered_file_name(static_cast<std::int64_t>(folder_.files()));
    AtomicFile file(folder_.add(name), Leftovers::kIgnore);
    const std::vector<std::uint8_t> png =
        type_ == PixelType::kUint16 ? encode<std::uint16_t>(frame, name) : encode<std::uint8_t>(frame, name);
    file.write(png.data(), png.size());
    file.commit();
  }

  void close() override { folder_.commit(); }

 private:
  template <class T>
  std::vector<std::uint8_t> encode(const Frame& frame, const std::string& name) const {
    std::vector<T> values(frame.pixels.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(to_integer(frame.pixels[i], mapping_));
    return encode_png(values.data(), frame.height, frame.width, frame.channels, type_,
                      (folder_.folder() / name).string());
  }

  WriterOptions options_;
  PixelType type_;
  IntegerMapping mapping_;
  bool forecasts_;
  StagedFolder folder_;
  std::int64_t position_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> make_image_folder_writer(const std::string& path, const WriterOptions& options) {
  return std::make_unique<ImageFolderWriter>(path, options);
}

}  // namespace nextframe
