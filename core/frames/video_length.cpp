#include "core/frames/video_length.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <cstdio>
#include <filesystem>
#include <memory>

namespace nextframe {
namespace {

struct InputCloser {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};

/// Matroska has the length of a stream among its tags, as "00:01:30.500000000"; 0 where it has not.
double tagged_seconds(const AVStream& stream) {
  const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
  int hours = 0, minutes = 0;
  double seconds = 0;
  if (tag == nullptr || std::sscanf(tag->value, "%d:%d:%lf", &hours, &minutes, &seconds) != 3) return 0;
  return 3600.0 * hours + 60.0 * minutes + seconds;
}

}  // namespace

std::optional<VideoLength> video_length(const std::string& path) {
  AVFormatContext* opened = nullptr;
  const std::string address = "file:" + std::filesystem::absolute(path).string();
  if (avformat_open_input(&opened, address.c_str(), nullptr, nullptr) < 0) return std::nullopt;
  const std::unique_ptr<AVFormatContext, InputCloser> context(opened);
  // Only the header was read: nothing is known yet that libavformat would have to estimate.
  const AVStream* pictures = nullptr;
  for (unsigned i = 0; i < context->nb_streams && pictures == nullptr; ++i) {
    if (context->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) pictures = context->streams[i];
  }
  if (pictures == nullptr || (pictures->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) return std::nullopt;
  VideoLength length;
  length.frames = pictures->nb_frames;
  if (pictures->duration > 0) {
    length.seconds = static_cast<double>(pictures->duration) * av_q2d(pictures->time_base);
  } else if (const double tagged = tagged_seconds(*pictures); tagged > 0) {
    length.seconds = tagged;
  } else if (context->duration > 0) {
    length.seconds = static_cast<double>(context->duration) / AV_TIME_BASE;
    if (context->nb_streams > 1) length.of = VideoLength::Of::kWhole;
  }
  if (!(length.seconds > 0)) return std::nullopt;
  return length;
}

}  // namespace nextframe
