#include "tests/app/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace nextframe::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& arguments, const RunOptions& options) {
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(125);
  for (const std::string& entry : options.environment) putenv(strdup(entry.c_str()));
  if (!options.stdout_path.empty()) {
    const int file = open(options.stdout_path.c_str(), O_WRONLY | O_CREAT, 0644);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) _exit(125);
  }
  if (options.file_limit_bytes) {
    const rlimit limit{*options.file_limit_bytes, *options.file_limit_bytes};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(125);
  }
  std::vector<char*> argv{const_cast<char*>(NEXTFRAME_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(NEXTFRAME_PROGRAM, argv.data());
  _exit(126);
}

/// Reads what is there; false at the end.
bool drain(int descriptor, std::string& text) {
  char buffer[4096];
  const ssize_t count = read(descriptor, buffer, sizeof(buffer));
  if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  // A terminal whose other side is gone gives EIO instead of an end.
  return count > 0 || (count < 0 && errno == EINTR);
}

class Watcher {
 public:
  Watcher(pid_t child, const RunOptions& options) : child_(child), options_(options), start_(Clock::now()) {}

  int poll_milliseconds() const { return options_.kill_after_seconds > 0 && !killed_ ? 1 : 100; }

  void look(const std::string& said) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (options_.kill_after_seconds > 0 && seconds >= options_.kill_after_seconds && !killed_) {
      killed_ = true;
      kill(child_, SIGKILL);
    }
    if (options_.interrupt_signal && !interrupted_ && said.find(options_.interrupt_when) != std::string::npos) {
      interrupted_ = true;
      if (options_.meanwhile) options_.meanwhile();
      kill(child_, *options_.interrupt_signal);
    }
  }

 private:
  pid_t child_;
  const RunOptions& options_;
  Clock::time_point start_;
  bool killed_ = false;
  bool interrupted_ = false;
};

void wait_for(pid_t child, Outcome& outcome) {
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

Outcome run_on_pipes(const std::vector<std::string>& arguments, const RunOptions& options) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no fork");
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    become(arguments, options);
  }
  close(out[1]);
  close(err[1]);
  if (options.started) options.started(child);
  Outcome outcome;
  Watcher watcher(child, options);
  pollfd ends[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    poll(ends, 2, watcher.poll_milliseconds());
    if (ends[0].fd >= 0 && ends[0].revents != 0 && !drain(out[0], outcome.out)) ends[0].fd = -1;
    if (ends[1].fd >= 0 && ends[1].revents != 0 && !drain(err[0], outcome.err)) ends[1].fd = -1;
    watcher.look(outcome.err);
  }
  close(out[0]);
  close(err[0]);
  wait_for(child, outcome);
  return outcome;
}

Outcome run_on_terminal(const std::vector<std::string>& arguments, const RunOptions& options) {
  int master = -1;
  winsize size{};
  size.ws_row = 40;
  size.ws_col = 100;
  const pid_t child = forkpty(&master, nullptr, nullptr, &size);
  if (child < 0) throw std::runtime_error("no terminal");
  if (child == 0) {
    setenv("TERM", "xterm-256color", 1);
    become(arguments, options);
  }
  Outcome outcome;
  Watcher watcher(child, options);
  pollfd end{master, POLLIN, 0};
  for (;;) {
    poll(&end, 1, watcher.poll_milliseconds());
    if (end.revents != 0 && !drain(master, outcome.out)) break;
    watcher.look(outcome.out);
  }
  close(master);
  wait_for(child, outcome);
  return outcome;
}

}  // namespace

Outcome run(const std::vector<std::string>& arguments, const RunOptions& options) {
  return options.output == RunOptions::Output::kPipes ? run_on_pipes(arguments, options)
                                                      : run_on_terminal(arguments, options);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "nextframe-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::uint64_t memory_of(pid_t process, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::optional<std::string> shared_data(const std::string& name) {
  const char* set = std::getenv("NEXTFRAME_DATA");
  const std::filesystem::path root = set != nullptr
                                         ? std::filesystem::path(set)
                                         : std::filesystem::path(NEXTFRAME_SOURCE).parent_path() / "shared/data";
  if (!std::filesystem::exists(root / name)) return std::nullopt;
  return (root / name).string();
}

std::string tiny_config(int steps, const std::string& extra_train) {
  return R"({
  "name": "tiny",
  "model": { "cell": "convgru",
             "levels": [ { "conv": { "channels": 4, "kernel": 3, "stride": 2 }, "hidden": 6, "kernel": 3, "input_kernel": 3 } ] },
  "data": { "sources": [ { "type": "balls", "size": [16, 16], "radius": 3, "validation_sequences": 4, "test_sequences": 8 } ],
            "context": 4, "horizon": 4 },
  "train": { "batch": 2, "steps": )" +
         std::to_string(steps) +
         R"(, "validate_every": 20, "checkpoint_every": 5, "sample_every": 1000, "samples": 1)" + extra_train +
         " }\n}\n";
}

}  // namespace nextframe::test
