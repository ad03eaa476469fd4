#include "core/render/png.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/error.h"
#include "core/render/libav.h"

namespace nextframe {
namespace {

AVPixelFormat png_pixel_format(std::int64_t channels, PixelType type) {
  const bool wide = type == PixelType::kUint16;
  if (channels == 1) return wide ? AV_PIX_FMT_GRAY16BE : AV_PIX_FMT_GRAY8;
  if (channels == 3) return wide ? AV_PIX_FMT_RGB48BE : AV_PIX_FMT_RGB24;
  return wide ? AV_PIX_FMT_RGBA64BE : AV_PIX_FMT_RGBA;
}

/// The file's 16-bit values have the high byte first.
void copy_row(std::uint8_t* to, const std::uint8_t* from, std::size_t bytes, PixelType type) {
  std::memcpy(to, from, bytes);
  if (type != PixelType::kUint16 || std::endian::native == std::endian::big) return;
  for (std::size_t i = 0; i < bytes; i += 2) std::swap(to[i], to[i + 1]);
}

}  // namespace

std::vector<std::uint8_t> encode_png(const void* pixels, std::int64_t height, std::int64_t width, std::int64_t channels,
                                     PixelType type, const std::string& name) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) reject("[image] {}: this libavcodec has no png encoder; use .npy", name);
  CodecContext context(avcodec_alloc_context3(codec));
  if (!context) fail("[image] {}: out of memory", name);
  context->width = static_cast<int>(width);
  context->height = static_cast<int>(height);
  context->pix_fmt = png_pixel_format(channels, type);
  context->time_base = {1, 1};
  context->thread_count = 1;
  av_opt_set(context.get(), "pred", "mixed", AV_OPT_SEARCH_CHILDREN);
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0) {
    reject("[image] {}: png images of {} x {} pixels cannot be made: {}", name, width, height, libav_error(code));
  }
  const CodecFrame frame = make_codec_frame(context->pix_fmt, context->width, context->height);
  const Packet packet(av_packet_alloc());
  if (!frame || !packet) fail("[image] {}: out of memory", name);
  const auto row_bytes = static_cast<std::size_t>(width * channels) * size_of(type);
  for (std::int64_t y = 0; y < height; ++y) {
    copy_row(frame->data[0] + y * frame->linesize[0],
             static_cast<const std::uint8_t*>(pixels) + static_cast<std::size_t>(y) * row_bytes, row_bytes, type);
  }
  int code = avcodec_send_frame(context.get(), frame.get());
  if (code >= 0) avcodec_send_frame(context.get(), nullptr);
  if (code >= 0) code = avcodec_receive_packet(context.get(), packet.get());
  if (code < 0) fail("[image] {}: encoding failed: {}", name, libav_error(code));
  return {packet->data, packet->data + packet->size};
}

}  // namespace nextframe
