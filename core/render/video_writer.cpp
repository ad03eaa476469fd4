#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/render/gif_palette.h"
#include "core/render/libav.h"
#include "core/render/pixels.h"
#include "core/render/writers.h"

namespace nextframe {
namespace {

constexpr double kDefaultRate = 10;
constexpr double kFastestGif = 50;  // browsers slow down what is faster

AVRational frame_rate(const WriterOptions& options, VideoCodec codec) {
  double rate = options.frames_per_second > 0 ? options.frames_per_second : kDefaultRate;
  if (codec == VideoCodec::kGif) rate = std::min(rate, kFastestGif);
  return av_d2q(rate, 1001000);
}

AVPixelFormat encoded_format(VideoCodec codec, std::int64_t channels, PixelType type) {
  if (codec == VideoCodec::kH264) return AV_PIX_FMT_YUV420P;
  if (codec == VideoCodec::kGif) return AV_PIX_FMT_PAL8;
  const bool wide = type == PixelType::kUint16;
  if (channels == 1) return wide ? AV_PIX_FMT_GRAY16LE : AV_PIX_FMT_GRAY8;
  if (channels == 3) return wide ? AV_PIX_FMT_RGB48LE : AV_PIX_FMT_BGR0;
  return wide ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_BGRA;
}

/// Encodes with libavcodec and writes with libavformat under the temporary name of a ReplacedFile.
class VideoWriter : public FrameWriter {
 public:
  VideoWriter(const std::string& path, const WriterOptions& options, const VideoFormat& video_format)
      : path_(path),
        options_(options),
        codec_(video_format.codec),
        type_(stored_integer_type(options)),
        mapping_(integer_mapping(options.pixel_type, options.low, options.high, type_)),
        file_(path) {
    // Both report through return values; on the terminal their remarks would stand among the program's own.
    av_log_set_level(AV_LOG_QUIET);
    open_encoder(video_format);
    open_output(video_format);
  }

  ~VideoWriter() override {
    // libavformat's gif writer frees what it keeps only in its trailer.
    if (trailer_due_ && codec_ == VideoCodec::kGif) av_write_trailer(output_.get());
  }

  void write(const Frame& frame, const FrameStamp&) override {
    check_frame(path_, options_, frame);
    if (!trailer_due_ || failed_) fail("[video] {}: written to after an error or after its end", path_);
    CodecFrame picture = make_codec_frame(encoder_->pix_fmt, encoder_->width, encoder_->height);
    if (!picture) fail("[video] {}: out of memory", path_);
    switch (codec_) {
      case VideoCodec::kH264:
        fill_yuv(frame, *picture);
        break;
      case VideoCodec::kGif:
        fill_palette(frame, *picture);
        break;
      case VideoCodec::kFfv1:
        fill_lossless(frame, *picture);
        break;
    }
    picture->pts = frames_++;
    encode(picture.get());
  }

  void close() override {
    if (frames_ == 0) reject("[output] {}: no frame was written", path_);
    if (!trailer_due_ || failed_) fail("[video] {}: closed twice or after an error", path_);
    encode(nullptr);
    trailer_due_ = false;
    check(av_write_trailer(output_.get()));
    check(output_->pb->error);
    const int closed = avio_closep(&output_->pb);
    check(closed);
    output_.reset();
    file_.commit();
  }

 private:
  void open_encoder(const VideoFormat& video_format) {
    const AVCodec* codec = avcodec_find_encoder_by_name(std::string(video_format.encoder).c_str());
    if (codec == nullptr) {
      reject("[video] {}: this libavcodec has no encoder {}; write .mkv, .npy or a folder of images", path_,
             video_format.encoder);
    }
    encoder_.reset(avcodec_alloc_context3(codec));
    if (!encoder_) fail("[video] {}: out of memory", path_);
    const bool padded = codec_ == VideoCodec::kH264;
    encoder_->width = static_cast<int>(padded ? (options_.width + 1) / 2 * 2 : options_.width);
    encoder_->height = static_cast<int>(padded ? (options_.height + 1) / 2 * 2 : options_.height);
    encoder_->pix_fmt = encoded_format(codec_, options_.channels, type_);
    encoder_->framerate = frame_rate(options_, codec_);
    encoder_->time_base = av_inv_q(encoder_->framerate);
    encoder_->flags |= AV_CODEC_FLAG_BITEXACT;
    encoder_->thread_count = 0;
    AVDictionary* settings = nullptr;
    if (codec_ == VideoCodec::kH264) {
      av_dict_set(&settings, "crf", "18", 0);
      av_dict_set(&settings, "preset", "medium", 0);
      // BT.601 and saying so: what readers assume that ignore the tag, and what the others are told.
      encoder_->color_range = AVCOL_RANGE_MPEG;
      encoder_->colorspace = AVCOL_SPC_SMPTE170M;
      encoder_->color_primaries = AVCOL_PRI_SMPTE170M;
      encoder_->color_trc = AVCOL_TRC_SMPTE170M;
    } else if (codec_ == VideoCodec::kFfv1) {
      encoder_->gop_size = 1;
      // Version 3 cuts frames into slices with checksums, and loses pixels of the thinnest ones (seen at 1x1, 200x1,
      // 3x2).
      constexpr std::int64_t kThin = 16;
      const bool sliced = std::min(options_.height, options_.width) >= kThin;
      encoder_->level = sliced ? 3 : 1;
      if (sliced) av_dict_set(&settings, "slicecrc", "1", 0);
    }
    const AVOutputFormat* muxer = av_guess_format(std::string(video_format.muxer).c_str(), nullptr, nullptr);
    if (muxer != nullptr && (muxer->flags & AVFMT_GLOBALHEADER) != 0) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    const int code = avcodec_open2(encoder_.get(), codec, &settings);
    av_dict_free(&settings);
    if (code < 0) {
      reject("[video] {}: {} cannot encode {} x {} pixels: {}", path_, video_format.encoder, options_.width,
             options_.height, libav_error(code));
    }
  }

  void open_output(const VideoFormat& video_format) {
    const std::string url = "file:" + file_.temporary().string();
    AVFormatContext* context = nullptr;
    if (avformat_alloc_output_context2(&context, nullptr, std::string(video_format.muxer).c_str(), url.c_str()) < 0) {
      reject("[video] {}: this libavformat cannot write {}; write .mkv, .npy or a folder of images", path_,
             video_format.muxer);
    }
    output_.reset(context);
    output_->flags |= AVFMT_FLAG_BITEXACT;
    AVStream* stream = avformat_new_stream(output_.get(), nullptr);
    if (stream == nullptr) fail("[video] {}: out of memory", path_);
    stream->time_base = encoder_->time_base;
    stream->avg_frame_rate = encoder_->framerate;
    stream->r_frame_rate = encoder_->framerate;
    check(avcodec_parameters_from_context(stream->codecpar, encoder_.get()));
    const bool forecast = options_.contents == Contents::kForecasts;
    av_dict_set(&output_->metadata, "title", forecast ? "nextframe forecast" : "nextframe frames", 0);
    check(avio_open(&output_->pb, url.c_str(), AVIO_FLAG_WRITE));
    AVDictionary* settings = nullptr;
    if (video_format.muxer == "mp4") av_dict_set(&settings, "movflags", "+faststart", 0);
    const int code = avformat_write_header(output_.get(), &settings);
    av_dict_free(&settings);
    check(code);
    trailer_due_ = true;
    packet_.reset(av_packet_alloc());
    if (!packet_) fail("[video] {}: out of memory", path_);
  }

  /// Null drains the encoder.
  void encode(const AVFrame* picture) {
    check(avcodec_send_frame(encoder_.get(), picture));
    AVStream* stream = output_->streams[0];
    for (;;) {
      const int code = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
      check(code);
      if (packet_->duration == 0) packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream->time_base);
      packet_->stream_index = stream->index;
      check(av_interleaved_write_frame(output_.get(), packet_.get()));
      check(output_->pb->error);
    }
  }

  void check(int code) {
    if (code >= 0) return;
    failed_ = true;
    fail("[video] {}: writing failed: {}", path_, libav_error(code));
  }

  /// [H,W,3] of 8 bits, the last row and column repeated up to the encoder's size.
  std::vector<std::uint8_t> rgb_of(const Frame& frame) const {
    const std::int64_t height = encoder_->height, width = encoder_->width, channels = frame.channels;
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(height * width * 3));
    std::uint8_t* next = rgb.data();
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t place = std::min(y, frame.height - 1) * frame.width + std::min(x, frame.width - 1);
        const float* pixel = frame.pixels.data() + place * channels;
        for (int c = 0; c < 3; ++c)
          *next++ = static_cast<std::uint8_t>(to_integer(pixel[channels == 1 ? 0 : c], mapping_));
      }
    }
    return rgb;
  }

  void fill_yuv(const Frame& frame, AVFrame& picture) {
    if (!scaler_) {
      scaler_.reset(sws_getContext(encoder_->width, encoder_->height, AV_PIX_FMT_RGB24, encoder_->width,
                                   encoder_->height, AV_PIX_FMT_YUV420P,
                                   SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr));
      if (!scaler_) fail("[video] {}: out of memory", path_);
      const int* bt601 = sws_getCoefficients(SWS_CS_ITU601);
      sws_setColorspaceDetails(scaler_.get(), bt601, 1, bt601, 0, 0, 1 << 16, 1 << 16);
    }
    const std::vector<std::uint8_t> rgb = rgb_of(frame);
    // Through a frame of libav's own: its rows are aligned and padded as swscale's vector code wants them.
    const CodecFrame source = make_codec_frame(AV_PIX_FMT_RGB24, encoder_->width, encoder_->height);
    if (!source) fail("[video] {}: out of memory", path_);
    const auto row_bytes = static_cast<std::ptrdiff_t>(encoder_->width) * 3;
    for (int y = 0; y < encoder_->height; ++y) {
      std::copy_n(rgb.data() + y * row_bytes, row_bytes,
                  source->data[0] + static_cast<std::ptrdiff_t>(y) * source->linesize[0]);
    }
    check(
        sws_scale(scaler_.get(), source->data, source->linesize, 0, encoder_->height, picture.data, picture.linesize));
  }

  void fill_palette(const Frame& frame, AVFrame& picture) const {
    const std::vector<std::uint8_t> rgb = rgb_of(frame);
    const GifPalette palette(rgb);
    palette.apply(rgb, frame.height, frame.width, picture.data[0], picture.linesize[0]);
    auto* colours = reinterpret_cast<std::uint32_t*>(picture.data[1]);
    for (std::size_t i = 0; i < palette.colours().size(); ++i) {
      const Rgb& c = palette.colours()[i];
      colours[i] =
          0xFF000000u | static_cast<std::uint32_t>(c.red) << 16 | static_cast<std::uint32_t>(c.green) << 8 | c.blue;
    }
  }

  /// Where channel c of a pixel goes: libav's 8-bit formats have blue first, its 16-bit formats red first.
  void fill_lossless(const Frame& frame, AVFrame& picture) const {
    const std::int64_t channels = frame.channels;
    for (std::int64_t y = 0; y < frame.height; ++y) {
      std::uint8_t* row = picture.data[0] + y * picture.linesize[0];
      for (std::int64_t x = 0; x < frame.width; ++x) {
        const float* pixel = frame.pixels.data() + (y * frame.width + x) * channels;
        if (type_ == PixelType::kUint16) {
          put_wide(row + x * channels * 2, pixel, channels);
        } else {
          put_narrow(row + x * (channels == 1 ? 1 : 4), pixel, channels);
        }
      }
    }
  }

  void put_wide(std::uint8_t* to, const float* pixel, std::int64_t channels) const {
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto value = static_cast<std::uint16_t>(to_integer(pixel[c], mapping_));
      to[2 * c] = static_cast<std::uint8_t>(value & 255);
      to[2 * c + 1] = static_cast<std::uint8_t>(value >> 8);
    }
  }

  void put_narrow(std::uint8_t* to, const float* pixel, std::int64_t channels) const {
    const auto value = [&](std::int64_t c) { return static_cast<std::uint8_t>(to_integer(pixel[c], mapping_)); };
    to[0] = value(channels == 1 ? 0 : 2);
    if (channels == 1) return;
    to[1] = value(1);
    to[2] = value(0);
    to[3] = channels == 4 ? value(3) : 0;
  }

  std::string path_;
  WriterOptions options_;
  VideoCodec codec_;
  PixelType type_;
  IntegerMapping mapping_;
  ReplacedFile file_;
  CodecContext encoder_;
  OutputContext output_;
  Packet packet_;
  Scaler scaler_;
  std::int64_t frames_ = 0;
  bool trailer_due_ = false;  ///< the header is written, the trailer not yet
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<FrameWriter> make_video_writer(const std::string& path, const WriterOptions& options,
                                               const VideoFormat& format) {
  return std::make_unique<VideoWriter>(path, options, format);
}

}  // namespace nextframe
