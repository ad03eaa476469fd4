#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <vector>

#include "core/json/value.h"
#include "core/model/safetensors.h"
#include "core/optim/schedule.h"
#include "core/train/event_file.h"

namespace nextframe {

/// Everything that a run needs to go on as if it had never stopped: the content of last.state. The order of the data
/// needs no generator's state: batch b is a function of the seed and b.
struct Checkpoint {
  std::int64_t step = 0;             ///< steps done
  std::int64_t next_batch = 0;       ///< position in the data
  std::int64_t metrics_bytes = 0;    ///< length of metrics.jsonl
  std::optional<EventPlace> events;  ///< of TensorBoard's files; a state of an older program does not tell
  Schedule::State schedule;
  double best_score = std::numeric_limits<double>::quiet_NaN();  ///< NaN: no validation yet
  std::int64_t best_step = 0;
  std::int64_t validations_without_better = 0;
  std::int64_t last_sample_step = 0;
  double seconds = 0;           ///< time spent training so far
  bool validation_due = false;  ///< the validation of this step was interrupted, or not begun
  json::Value config;           ///< the effective configuration
  json::Value data;             ///< fingerprint_of() the frames that it learns from

  std::vector<float> weights;  ///< the raw ones, not their average
  std::vector<float> first_moment;
  std::vector<float> second_moment;
  std::vector<float> average;
};

/// Replaces the file in one rename; a failure (a full disk) leaves the old one.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// The same with buffers from elsewhere, under the names that a Checkpoint has for them, in place of its own. They are
/// read twice, a piece at a time.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const std::vector<TensorSource>& buffers);

/// Rejects a file that is truncated, was changed (its checksum tells), or is no state of this program.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// Rejects to go on under another configuration than the one that was saved, except for what may change within a run:
/// its length, its precision, its learning rate and clipping, how often it validates, saves and draws, and where its data
/// lie (which data they are, check_same_data() tells).
void check_same_configuration(const json::Value& saved, const json::Value& now, const std::filesystem::path& path);

}  // namespace nextframe
