#include "core/frames/last_frames.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    return std::nullopt;
  return value;
}

std::optional<double> clock_time_in(std::string_view text) {
  double seconds = 0;
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  for (const std::string& part : parts) {
    const auto value = number_in(part);
    if (!value) return std::nullopt;
    seconds = seconds * 60 + *value;
  }
  return seconds;
}

bool reached(const Moment& moment, std::int64_t number, const Frame& frame, const SourceInfo& info) {
  if (moment.frame) return number >= *moment.frame;
  if (!moment.seconds) return false;
  if (frame.seconds < 0) {
    reject("[frames] {}: has no times, so no frame before {} s can be found; give a frame number", info.name,
           *moment.seconds);
  }
  return frame.seconds >= *moment.seconds - 1e-6;
}

std::string to_text(const Moment& moment) {
  return moment.frame ? format("frame {}", *moment.frame) : format("{} s", moment.seconds.value_or(0));
}

}  // namespace

Moment parse_moment(const std::string& text) {
  Moment moment;
  std::int64_t frame = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), frame);
  if (error == std::errc{} && end == text.data() + text.size() && frame >= 0) {
    moment.frame = frame;
    return moment;
  }
  moment.seconds =
      text.ends_with('s') ? number_in(std::string_view(text).substr(0, text.size() - 1)) : clock_time_in(text);
  if (!moment.seconds) {
    reject("[--at] \"{}\" is neither a frame number (120) nor a time (4.5s, 1:30, 0:01:30.5)", text);
  }
  return moment;
}

LastFrames read_last_frames(FrameSource& source, const LastFramesOptions& options) {
  const std::int64_t reach = (options.count - 1) * options.gap + 1;
  std::deque<Frame> recent;
  LastFrames result;
  std::int64_t number = 0;
  std::optional<std::int64_t> moment;
  const auto wanted = [&] { return static_cast<std::int64_t>(result.following.size()) < options.following; };
  for (Frame frame; (!moment || wanted()) && source.next(frame); ++number, frame = Frame{}) {
    if (!moment && options.at && reached(*options.at, number, frame, source.info())) moment = number;
    if (!moment) {
      recent.push_back(std::move(frame));
      if (static_cast<std::int64_t>(recent.size()) > reach) recent.pop_front();
    } else if (number >= *moment + options.gap - 1 && (number - *moment - options.gap + 1) % options.gap == 0) {
      if (wanted()) result.following.push_back(std::move(frame));
    }
  }
  result.next_frame = moment.value_or(number);
  if (options.at && options.at->frame && !moment && *options.at->frame == number) moment = number;
  if (options.at && !moment) {
    reject("[frames] {}: ends after {} frames, before {}", source.info().name, number, to_text(*options.at));
  }
  if (static_cast<std::int64_t>(recent.size()) < reach) {
    reject("[frames] {}: got {} frames{}, expected at least {} (context {}{}); use a longer recording{}",
           source.info().name, recent.size(), options.at ? " before " + to_text(*options.at) : "", reach, options.count,
           options.gap > 1 ? format(", {} frames apart", options.gap) : "", options.at ? " or a later moment" : "");
  }
  for (std::int64_t i = 0; i < reach; i += options.gap) {
    result.frames.push_back(std::move(recent[static_cast<std::size_t>(i)]));
  }
  return result;
}

}  // namespace nextframe
