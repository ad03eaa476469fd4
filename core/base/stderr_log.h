#pragma once

#include <memory>
#include <string>

#include "core/base/log.h"

namespace nextframe {

/// The program's log: plain messages on stderr ("warning: " and "error: " before those), coloured only where stderr is
/// a terminal and NO_COLOR is not set. Safe from several threads.
class StderrLog : public Log {
 public:
  /// Messages below `level` are not shown.
  explicit StderrLog(LogLevel level = LogLevel::kInfo);
  ~StderrLog() override;
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;

  void write(LogLevel level, const std::string& message) override;

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace nextframe
