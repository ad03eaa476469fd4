#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/file_lock.h"
#include "core/base/log.h"
#include "core/json/value.h"

namespace nextframe {

/// The files of one training run.
struct RunFolder {
  std::filesystem::path root;
  std::shared_ptr<const FileLock> lock = nullptr;  ///< of an opened one: no other training can open it meanwhile

  std::filesystem::path config() const { return root / "config.json"; }
  std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
  std::filesystem::path log() const { return root / "log.txt"; }
  std::filesystem::path best() const { return root / "best.safetensors"; }
  std::filesystem::path last() const { return root / "last.safetensors"; }
  std::filesystem::path state() const { return root / "last.state"; }
  std::filesystem::path samples() const { return root / "samples"; }
  std::filesystem::path curves() const { return root / "curves.png"; }
  std::filesystem::path events() const { return root / "events"; }
};

enum class RunStart {
  kNew,     ///< from the first step; a folder that holds a run is refused
  kResume,  ///< go on from last.state, or from the first step where the run ended before it was first saved
};

/// Makes the folder, or finds it, to train into it. Rejects a folder that holds a run (kNew), that is no run's, or one's
/// that has lost its state (kResume), that another training has open, and a place where nothing can be made.
RunFolder open_run_folder(const std::filesystem::path& root, RunStart start);

/// The file of a model: `path` itself, or the best model of a run folder (its last one where there is no best yet).
/// Rejects a path that does not exist and a folder without a model.
std::filesystem::path model_path(const std::filesystem::path& path);

/// metrics.jsonl: one JSON object a line, appended as the run goes on.
class MetricsLog {
 public:
  /// Opens the file and cuts it back to its first `length` bytes.
  MetricsLog(const std::filesystem::path& path, std::int64_t length);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  void append(const json::Value& record);
  /// Brings everything to the disk and says how long the file is: what a checkpoint keeps.
  std::int64_t flush();

 private:
  void write(const char* data, std::size_t size);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t length_ = 0;
};

/// All complete lines of a metrics file; none where it does not exist.
std::vector<json::Value> read_metrics(const std::filesystem::path& path);

/// Passes messages on and keeps them, with the time, in a run's log.txt.
class RunLog : public Log {
 public:
  RunLog(Log& next, std::filesystem::path path) : next_(next), path_(std::move(path)) {}
  void write(LogLevel level, const std::string& message) override;
  /// Into log.txt alone: what the user is told by other means.
  void keep(LogLevel level, const std::string& message);

 private:
  Log& next_;
  std::filesystem::path path_;
};

}  // namespace nextframe
