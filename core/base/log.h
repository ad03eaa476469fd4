#pragma once

#include <string>
#include <utility>

#include "core/base/format.h"

namespace nextframe {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Where the program's messages go: stderr, and a run's log file besides (RunLog). Never stdout, which belongs to
/// results. Passed by reference to whoever has something to say; there is no global logger.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, const std::string& message) = 0;

  template <class... Args>
  void debug(FormatString<Args...> text, Args&&... args) {
    write(LogLevel::kDebug, format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void info(FormatString<Args...> text, Args&&... args) {
    write(LogLevel::kInfo, format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warning(FormatString<Args...> text, Args&&... args) {
    write(LogLevel::kWarning, format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void error(FormatString<Args...> text, Args&&... args) {
    write(LogLevel::kError, format(text, std::forward<Args>(args)...));
  }
};

/// Drops everything: for tests and for library calls that have nobody to tell.
class NullLog : public Log {
 public:
  void write(LogLevel, const std::string&) override {}
};

}  // namespace nextframe
