#include "core/train/run_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// Whether anything lies in the folder that a run killed in its first moments does not leave there.
bool holds_foreign_files(const fs::path& root) {
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".") && name != "log.txt" && name != "samples") return true;
  }
  return false;
}

/// What a run leaves only once it has a state.
std::vector<std::string> traces_of_training(const RunFolder& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::path& file : {folder.best(), folder.last(), folder.metrics()}) {
    const bool empty_metrics = file == folder.metrics() && fs::file_size(file, error) == 0;
    if (fs::exists(file, error) && !empty_metrics) found.push_back(file.filename().string());
  }
  return found;
}

void check_start(const RunFolder& folder, RunStart start) {
  const fs::path& root = folder.root;
  std::error_code error;
  const bool is_folder = fs::is_directory(root, error);
  if (!is_folder && fs::exists(root, error))
    reject("[train] {}: is a file, expected a folder for the run", root.string());
  const bool has_state = fs::exists(folder.state(), error);
  const bool is_run = fs::exists(folder.config(), error) || has_state;
  const std::vector<std::string> traces = traces_of_training(folder);
  if (!has_state && !traces.empty()) {
    reject(
        "[train] {0}: holds {1} but no last.state, without which the run cannot go on, and it is not written over; "
        "begin "
        "another one with --out{2}",
        root.string(), join(traces, ", "),
        traces.front() == folder.metrics().filename() ? "" : ", from its model with --init " + root.string());
  }
  if (start == RunStart::kNew && is_run) {
    reject("[train] {}: holds a run already; go on with it by --resume, or choose another folder with --out",
           root.string());
  }
  if (start == RunStart::kResume && !is_folder) {
    reject("[train] {}: there is no run to resume; leave out --resume to begin one", root.string());
  }
  if (start == RunStart::kResume && !is_run && holds_foreign_files(root)) {
    reject("[train] {}: is not the folder of a run (no config.json, no last.state)", root.string());
  }
}

std::string_view label_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

RunFolder open_run_folder(const fs::path& root, RunStart start) {
  RunFolder folder{root};
  check_start(folder, start);
  std::error_code error;
  fs::create_directories(folder.samples(), error);
  if (error) reject("[train] {}: cannot make the folder of the run: {}", root.string(), error.message());
  // The one file that is never replaced by another of its name.
  const auto lock = std::make_shared<const FileLock>(folder.log());
  if (!lock->held()) {
    reject("[train] {}: another training is writing into it; wait for its end, or choose another folder with --out",
           root.string());
  }
  check_start(folder, start);  // another training may have come and gone since
  folder.lock = lock;
  return folder;
}

fs::path model_path(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    reject("[model] {}: does not exist; expected a .safetensors file or a run folder", path.string());
  }
  if (!fs::is_directory(path, error)) return path;
  const RunFolder folder{path};
  if (fs::exists(folder.best(), error)) return folder.best();
  if (fs::exists(folder.last(), error)) return folder.last();
  reject("[model] {}: holds no best.safetensors and no last.safetensors; train a model into it first", path.string());
}

MetricsLog::MetricsLog(const fs::path& path, std::int64_t length) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) reject("[train] {}: cannot be opened: {}", path.string(), std::strerror(errno));
  const off_t end = ::lseek(descriptor_, 0, SEEK_END);
  length_ = std::min<std::int64_t>(length, end);
  if (::ftruncate(descriptor_, length_) != 0 || ::lseek(descriptor_, length_, SEEK_SET) < 0) {
    const std::string reason = std::strerror(errno);
    ::close(descriptor_);
    fail("[train] {}: cannot be cut back to the checkpoint: {}", path.string(), reason);
  }
}

MetricsLog::~MetricsLog() { ::close(descriptor_); }

void MetricsLog::append(const json::Value& record) {
  const std::string line = record.dump() + "\n";
  write(line.data(), line.size());
}

void MetricsLog::write(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("[train] {}: cannot be written: {}", path_.string(), std::strerror(errno));
    }
    data += written;
    size -= static_cast<std::size_t>(written);
    length_ += written;
  }
}

std::int64_t MetricsLog::flush() {
  if (::fsync(descriptor_) != 0) fail("[train] {}: cannot be flushed: {}", path_.string(), std::strerror(errno));
  return length_;
}

std::vector<json::Value> read_metrics(const fs::path& path) {
  std::vector<json::Value> records;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (file.eof()) break;  // no newline at its end: a line that was not finished
    records.push_back(json::parse(line, path.string()));
  }
  return records;
}

void RunLog::write(LogLevel level, const std::string& message) {
  next_.write(level, message);
  keep(level, message);
}

void RunLog::keep(LogLevel level, const std::string& message) {
  std::ofstream(path_, std::ios::app) << utc_timestamp() << " " << label_of(level) << " " << message << "\n";
}

}  // namespace nextframe
