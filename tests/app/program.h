#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nextframe::test {

/// How a program ended and what it said.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal where a signal ended it
  std::string out;
  std::string err;               ///< on a terminal everything is in `out`
  std::uint64_t peak_bytes = 0;  ///< its largest resident size
};

struct RunOptions {
  enum class Output { kPipes, kTerminal };
  Output output = Output::kPipes;
  std::filesystem::path directory;       ///< working directory; empty: the present one
  std::vector<std::string> environment;  ///< "NAME=value" on top of this process's own
  double kill_after_seconds = 0;         ///< SIGKILL then; 0: never
  std::optional<int> interrupt_signal;   ///< sent once `interrupt_when` was seen on stderr
  std::string interrupt_when;
  std::function<void()> meanwhile;                ///< done just before the signal
  std::function<void(pid_t)> started;             ///< done once it runs; not on a terminal
  std::string stdout_path;                        ///< instead of the pipe: a file or device
  std::optional<std::uint64_t> file_limit_bytes;  ///< no file can grow beyond this, as on a full disk
};

/// Runs `nextframe ARGUMENTS...` to its end.
Outcome run(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// A line of /proc/PID/status, such as "VmRSS" (resident memory) or "RssAnon" (the part of it that is no mapped file), in
/// bytes; 0 where it is not known.
std::uint64_t memory_of(pid_t process, const std::string& field);

/// A folder of its own for a test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);
/// Names of everything in a folder, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// A file of the shared data folder (NEXTFRAME_DATA, or ../shared/data beside the project), or nothing where it is
/// absent.
std::optional<std::string> shared_data(const std::string& name);

/// A tiny configuration on generated balls: a step takes milliseconds.
std::string tiny_config(int steps, const std::string& extra_train = "");

}  // namespace nextframe::test
