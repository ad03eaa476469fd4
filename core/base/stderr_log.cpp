#include "core/base/stderr_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>

#include "core/base/terminal.h"
#include "core/base/text.h"

namespace nextframe {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* prefix(LogLevel level) {
  if (level == LogLevel::kWarning) return "warning: ";
  return level == LogLevel::kError ? "error: " : "";
}

}  // namespace

struct StderrLog::Sinks {
  std::shared_ptr<spdlog::logger> logger;
};

StderrLog::StderrLog(LogLevel level) : sinks_(std::make_unique<Sinks>()) {
  const spdlog::color_mode mode = stderr_takes_colour() ? spdlog::color_mode::always : spdlog::color_mode::never;
  auto screen = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(mode);
  screen->set_level(spdlog_level(level));
  screen->set_color(spdlog::level::info, screen->reset);
  // A drawn progress bar stands on the cursor's line: a message takes that line, the bar is drawn again below.
  screen->set_pattern(stderr_is_terminal() ? "\r\x1b[K%^%v%$" : "%v");
  sinks_->logger = std::make_shared<spdlog::logger>("nextframe", screen);
  sinks_->logger->set_level(spdlog::level::debug);
  sinks_->logger->flush_on(spdlog::level::debug);
}

StderrLog::~StderrLog() = default;

void StderrLog::write(LogLevel level, const std::string& message) {
  sinks_->logger->log(spdlog_level(level), prefix(level) + message);
}

}  // namespace nextframe
