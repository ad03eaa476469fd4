#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/log.h"

namespace nextframe {

/// The program's log: plain messages on stderr ("warning: " and "error: " before those), coloured only where stderr is
/// a terminal and NO_COLOR is not set, and with time stamps in every file that was added. Safe from several threads.
class StderrLog : public Log {
 public:
  /// Messages below `level` are not shown on stderr; files take everything.
  explicit StderrLog(LogLevel level = LogLevel::kInfo);
  ~StderrLog() override;
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;

  void write(LogLevel level, const std::string& message) override;
  /// Appends every later message to the file as well. Rejects a file that cannot be opened.
  void add_file(const std::filesystem::path& path);

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace nextframe
