#include "tests/core/render/read_back.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
}

#include <stdexcept>

namespace nextframe::testing {
namespace {

std::vector<std::uint8_t> packed(const AVFrame& frame, AVPixelFormat format) {
  AVFrame* source = av_frame_alloc();
  av_frame_ref(source, &frame);
  if (frame.format != format) {
    AVFrame* converted = av_frame_alloc();
    converted->format = format;
    converted->width = frame.width;
    converted->height = frame.height;
    av_frame_get_buffer(converted, 0);
    SwsContext* scaler =
        sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width, frame.height,
                       format, SWS_BICUBIC | SWS_ACCURATE_RND, nullptr, nullptr, nullptr);
    sws_scale(scaler, frame.data, frame.linesize, 0, frame.height, converted->data, converted->linesize);
    sws_freeContext(scaler);
    av_frame_free(&source);
    source = converted;
  }
  const int size = av_image_get_buffer_size(format, frame.width, frame.height, 1);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  av_image_copy_to_buffer(bytes.data(), size, source->data, source->linesize, format, frame.width, frame.height, 1);
  av_frame_free(&source);
  return bytes;
}

}  // namespace

DecodedVideo decode_video(const std::string& path, int pixel_format) {
  AVFormatContext* input = nullptr;
  if (avformat_open_input(&input, path.c_str(), nullptr, nullptr) < 0) throw std::runtime_error("cannot open " + path);
  avformat_find_stream_info(input, nullptr);
  const AVStream* stream = input->streams[0];
  AVCodecContext* decoder = avcodec_alloc_context3(avcodec_find_decoder(stream->codecpar->codec_id));
  avcodec_parameters_to_context(decoder, stream->codecpar);
  avcodec_open2(decoder, decoder->codec, nullptr);
  DecodedVideo video;
  video.frames_per_second = av_q2d(stream->avg_frame_rate);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  std::vector<double> times;
  for (bool more = true; more;) {
    more = av_read_frame(input, packet) >= 0;
    avcodec_send_packet(decoder, more ? packet : nullptr);
    av_packet_unref(packet);
    while (avcodec_receive_frame(decoder, frame) >= 0) {
      video.width = frame->width;
      video.height = frame->height;
      video.pixel_format = pixel_format < 0 ? frame->format : pixel_format;
      video.frames.push_back(packed(*frame, static_cast<AVPixelFormat>(video.pixel_format)));
      times.push_back(static_cast<double>(frame->best_effort_timestamp) * av_q2d(stream->time_base));
    }
  }
  if (times.size() > 1) video.first_gap = times[1] - times[0];
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&input);
  return video;
}

}  // namespace nextframe::testing
