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
  if (moment.time != kNoTime) {
    if (frame.time == kNoTime) {
      reject("[frames] {}: has no dates, so no frame before {} can be found; give a frame number", info.name,
             format_time(moment.time));
    }
    return frame.time >= moment.time;
  }
  if (!moment.seconds) return false;
  if (frame.seconds < 0) {
    reject("[frames] {}: has no times, so no frame before {} s can be found; give a frame number", info.name,
           *moment.seconds);
  }
  return frame.seconds >= *moment.seconds - 1e-6;
}

/// Whether the moment is the one right after the last of `number` frames.
bool is_end(const Moment& moment, std::int64_t number, const std::deque<Frame>& recent, const SourceInfo& info) {
  if (moment.frame) return *moment.frame == number;
  if (moment.time == kNoTime || recent.empty() || recent.back().time == kNoTime) return false;
  return static_cast<double>(moment.time - recent.back().time) <= 1.5 * info.step_seconds();
}

std::string to_text(const Moment& moment) {
  if (moment.time != kNoTime) return format_time(moment.time);
  return moment.frame ? format("frame {}", *moment.frame) : format("{} s", moment.seconds.value_or(0));
}

/// Rejects a date that lies a gap behind the last frame before it.
void check_reach(const LastFramesOptions& options, const Frame& last, const SourceInfo& info) {
  if (!options.at || options.at->time == kNoTime) return;
  if (static_cast<double>(options.at->time - last.time) <= 1.5 * info.step_seconds()) return;
  reject("[forecast] {}: there is nothing between {} and {}; forecast from another moment", info.name,
         format_time(last.time), format_time(options.at->time));
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
  if (const auto time = parse_iso_time(text)) {
    moment.time = *time;
    return moment;
  }
  moment.seconds =
      text.ends_with('s') ? number_in(std::string_view(text).substr(0, text.size() - 1)) : clock_time_in(text);
  if (!moment.seconds) {
    reject(
        "[--at] \"{}\" is neither a frame number (120) nor a time (4.5s, 1:30, 0:01:30.5) nor a date "
        "(2010-08-26T05:00)",
        text);
  }
  return moment;
}

void check_context(std::span<const Frame> frames, MissingFrames missing, const SourceInfo& source, std::int64_t gap) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    if (!frame.problem.empty() && missing == MissingFrames::kRefuse) {
      reject(
          "[forecast] {}: the context from {} to {} needs a frame that is missing: {}; --allow-missing goes on without",
          source.name, format_time(frames.front().time), format_time(frames.back().time), frame.problem);
    }
    if (i == 0 || frame.time == kNoTime) continue;
    const auto passed = static_cast<double>(frame.time - frames[i - 1].time);
    if (passed > (static_cast<double>(gap) + 0.5) * source.step_seconds()) {
      reject("[forecast] {}: the context would run across a gap from {} to {}; forecast from another moment",
             source.name, format_time(frames[i - 1].time), format_time(frame.time));
    }
  }
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
  if (options.at && !moment && is_end(*options.at, number, recent, source.info())) moment = number;
  if (options.at && !moment) {
    reject("[frames] {}: ends after {} frames, before {}", source.info().name, number, to_text(*options.at));
  }
  if (!moment && !source.info().cut_off.empty()) {
    reject("[forecast] {}; --at {} forecasts from its last frame all the same", source.info().cut_off, number);
  }
  if (static_cast<std::int64_t>(recent.size()) < reach) {
    reject("[frames] {}: got {} frames{}, expected at least {} (context {}{}); use a longer recording{}",
           source.info().name, recent.size(), options.at ? " before " + to_text(*options.at) : "", reach, options.count,
           options.gap > 1 ? format(", {} frames apart", options.gap) : "", options.at ? " or a later moment" : "");
  }
  for (std::int64_t i = 0; i < reach; i += options.gap) {
    result.frames.push_back(std::move(recent[static_cast<std::size_t>(i)]));
  }
  check_context(result.frames, options.missing, source.info(), options.gap);
  check_reach(options, result.frames.back(), source.info());
  return result;
}

}  // namespace nextframe
