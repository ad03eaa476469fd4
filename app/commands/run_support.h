#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "core/backend/factory.h"
#include "core/base/interrupt.h"
#include "core/base/progress.h"
#include "core/frames/data_set.h"
#include "core/render/frame_writer.h"
#include "core/train/precision.h"

namespace nextframe::app {

/// Thrown where work that has nothing to save was interrupted: exit code 130.
struct Interrupted {};

/// Throws Interrupted once `guard` is.
void stop_if_interrupted(const InterruptGuard& guard);

/// --device, --threads and --precision, alike for every command that computes.
struct ComputeArguments {
  Device device = Device::kAuto;
  std::int64_t threads = 0;
  std::optional<Precision> precision;

  void declare(CommandSpec& spec);
  BackendOptions options() const { return {.device = device, .threads = static_cast<int>(threads)}; }
  /// The backend that they ask for.
  std::unique_ptr<Backend> make() const { return make_backend(options()); }
  /// For a command that reads a configuration: its train.precision is what --precision says, where it was given.
  void add_override(std::vector<std::string>& overrides) const;
};

/// An option, and whether it was given.
struct GivenOption {
  const char* name;
  bool given;
};

/// Names those that were given, if any: "--every, --gap".
std::string given_among(std::initializer_list<GivenOption> options);

/// --memory-limit, alike for every command that can do with less.
struct MemoryArguments {
  std::optional<std::string> limit;

  void declare(CommandSpec& spec);
  /// In bytes. Rejects a text that is no number of bytes.
  std::optional<std::int64_t> bytes() const;
};

/// Whether two names are of one file, also of files that are not there yet.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Rejects a file to write that exists and may not be replaced, and one that is an input or lies in an input folder: that
/// never is. Inputs may be anything that was named; what is no file is no output either.
void check_output_file(const std::string& path, IfExists if_exists, const std::vector<std::string>& inputs);

/// --layout, alike for every command that reads an array.
void declare_layout(CommandSpec& spec, ArrayLayout& layout);

/// --input, alike for every command that runs a model on other data than its own.
void declare_inputs(CommandSpec& spec, std::vector<std::string>& inputs);

/// Says how arrays were taken that could be taken in another way.
void report_reading(const std::vector<ClipReference>& clips, Log& log);

/// Shows how far decoding has come over all clips, and throws Interrupted once `guard` is.
class DecodeDisplay {
 public:
  explicit DecodeDisplay(const InterruptGuard& guard) : guard_(guard) {}

  DecodeObserver observer();

 private:
  const InterruptGuard& guard_;
  std::optional<Progress> progress_;
};

}  // namespace nextframe::app
