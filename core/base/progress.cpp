#include "core/base/progress.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/base/format.h"
#include "core/base/terminal.h"
#include "core/base/text.h"

namespace nextframe {

namespace {

constexpr double kDrawIntervalSeconds = 0.1;
constexpr double kLeastSecondsOfARate = 0.02;
constexpr int kBarColumns = 20;

std::string bar(double share) {
  const int filled = static_cast<int>(share * kBarColumns);
  return "[" + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(kBarColumns - filled), ' ') + "]";
}

}  // namespace

Progress::Progress(Options options) : options_(std::move(options)), done_(options_.start) {
  if (options_.display == Display::kAutomatic) {
    options_.display = stderr_is_terminal() ? Display::kDrawn : Display::kPlain;
  }
}

Progress::~Progress() { finish(); }

void Progress::update(std::int64_t done, const std::string& detail) {
  done_ = done;
  detail_ = detail;
  pending_ = true;
  const double interval = options_.display == Display::kDrawn ? kDrawIntervalSeconds : options_.plain_interval_seconds;
  const double now = watch_.seconds();
  if (last_shown_ < 0 || now - last_shown_ >= interval) show();
}

void Progress::finish() {
  if (pending_) show();
  if (drawn_) std::fputc('\n', stderr);
  drawn_ = false;
  options_.display = Display::kSilent;
}

double Progress::rate() const {
  const double seconds = watch_.seconds();
  return done_ > options_.start && seconds > 0 ? static_cast<double>(done_ - options_.start) / seconds : 0;
}

double Progress::seconds_left() const {
  const double now = rate();
  if (options_.total <= 0 || now <= 0) return -1;
  return static_cast<double>(std::max<std::int64_t>(0, options_.total - done_)) / now;
}

std::string Progress::line(int columns) const {
  const bool total_known = options_.total > 0;
  const double share =
      total_known ? std::clamp(static_cast<double>(done_) / static_cast<double>(options_.total), 0.0, 1.0) : 0;
  std::string text = options_.label + (total_known ? format(" {}/{}", done_, options_.total) : format(" {}", done_));
  std::string rest = total_known ? format(" {:.0f}%", share * 100) : "";
  // What the clock can hardly tell from nothing is no rate.
  const double now = watch_.seconds() >= kLeastSecondsOfARate ? rate() : 0;
  if (now >= 1) rest += format(" {:.1f} {}/s", now, options_.unit);
  if (now > 0 && now < 1) rest += format(" {:.1f} s/{}", 1 / now, options_.unit);
  if (const double left = seconds_left(); now > 0 && left >= 0 && done_ < options_.total)
    rest += format(", {} left", format_duration(left));
  if (!detail_.empty()) rest += ", " + detail_;
  // The bar gives way where the words need the room.
  const std::string drawn = " " + bar(share);
  const bool fits = text.size() + drawn.size() + rest.size() <= static_cast<std::size_t>(std::max(0, columns));
  if (total_known && options_.display != Display::kPlain && columns >= 60 && fits) text += drawn;
  text += rest;
  if (columns > 0 && text.size() > static_cast<std::size_t>(columns)) text.resize(static_cast<std::size_t>(columns));
  return text;
}

void Progress::show() {
  last_shown_ = watch_.seconds();
  pending_ = false;
  if (options_.display == Display::kDrawn) {
    // One column short of the edge: some terminals wrap when the last one is filled.
    std::fprintf(stderr, "\r\x1b[K%s", line(std::max(1, stderr_columns() - 1)).c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else if (options_.display == Display::kPlain) {
    std::fprintf(stderr, "%s\n", line(0).c_str());
    std::fflush(stderr);
  }
}

}  // namespace nextframe
