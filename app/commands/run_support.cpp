#include "app/commands/run_support.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/json/fields.h"

namespace nextframe::app {

void stop_if_interrupted(const InterruptGuard& guard) {
  if (guard.interrupted()) throw Interrupted{};
}

void ComputeArguments::declare(CommandSpec& spec) {
  spec.group("Computing");
  spec.option("--threads", "N", threads, {0, 4096}, "threads to compute with; 0: all that there are (default)");
  spec.choice("--device", device, "where to compute (default auto)");
  spec.choice(
      "--precision", precision,
      "bf16 takes about two thirds of the memory and, where the processor has it, a little less time; auto: bf16 "
      "there, else float32 "
      "(default: train.precision of the configuration or the model)");
}

void ComputeArguments::add_override(std::vector<std::string>& overrides) const {
  if (precision) overrides.push_back(format("train.precision={}", enum_name(*precision)));
}

std::string given_among(std::initializer_list<GivenOption> options) {
  std::vector<std::string> names;
  for (const GivenOption& option : options) {
    if (option.given) names.emplace_back(option.name);
  }
  return join(names, ", ");
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error)) return true;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(a), error) ==
         std::filesystem::weakly_canonical(std::filesystem::absolute(b), error);
}

namespace {

/// Whether writing `path` would change `input`, a file or the files of a folder; a table or page beside those is none.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& input) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) || !std::filesystem::exists(input, error)) return false;
  if (same_file(path, input)) return true;
  const bool own = path.extension() == ".csv" || path.extension() == ".html";
  return !own && std::filesystem::is_directory(input, error) &&
         same_file(std::filesystem::absolute(path).parent_path(), input);
}

}  // namespace

void check_output_file(const std::string& path, IfExists if_exists, const std::vector<std::string>& inputs) {
  check_file_place(path, if_exists);
  for (const std::string& input : inputs) {
    // What stands behind a # is a part of the file.
    if (!input.empty() && (is_within(path, input) || is_within(path, input.substr(0, input.find('#'))))) {
      reject("[output] {}: is an input; choose another name", path);
    }
  }
}

void declare_layout(CommandSpec& spec, ArrayLayout& layout) {
  spec.choice("--layout", layout,
              "what the dimensions of an array are: sequences N, frames T, height, width, channels (default auto: of "
              "four, THWC where the last is at most 4, else NTHW)");
}

void declare_inputs(CommandSpec& spec, std::vector<std::string>& inputs) {
  spec.option(
      "--input", "NAME=PATH", inputs,
      "where one of the fields lies that the model sees beside the frames (its data.inputs; default: where they "
      "lay as it was trained); may be given many times");
}

void report_reading(const std::vector<ClipReference>& clips, Log& log) {
  std::string said;
  for (const ClipReference& clip : clips) {
    if (!clip.reading.empty() && clip.reading != said) log.info("{}", clip.reading);
    said = clip.reading;
  }
}

void MemoryArguments::declare(CommandSpec& spec) {
  spec.option("--memory-limit", "SIZE", limit,
              "stay within so much memory, such as 4G or 800M, by recomputing activations or going through frames in "
              "smaller pieces");
}

std::optional<std::int64_t> MemoryArguments::bytes() const {
  if (!limit) return std::nullopt;
  const std::optional<std::int64_t> bytes = parse_bytes(*limit);
  if (!bytes) reject("--memory-limit: got \"{}\", expected a number of bytes such as 4G, 1.5GB or 800MiB", *limit);
  return bytes;
}

DecodeObserver DecodeDisplay::observer() {
  return [this](const DecodeProgress& now) {
    stop_if_interrupted(guard_);
    const bool one = now.clips <= 1;
    if (!progress_) {
      const std::int64_t frames = std::max<std::int64_t>(0, now.expected_frames);
      progress_.emplace(Progress::Options{
          .label = "decode", .unit = one ? "frame" : "clip", .total = one ? frames : now.clips, .start = now.clip});
    }
    if (one) {
      progress_->update(now.frame, now.name);
    } else {
      progress_->update(now.clip, format("{}, frame {}", now.name, now.frame));
    }
  };
}

}  // namespace nextframe::app
