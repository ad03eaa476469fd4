#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/render/picture.h"

namespace nextframe {

/// What a row of a montage shows, and so how its labels count: the context's frames end at lead time 0, the others
/// begin at +1.
enum class RowKind { kContext, kTruth, kForecast, kDifference };

struct MontageRow {
  std::string label = {};  ///< in the gutter on the left: "context", "truth", "forecast", "persistence"
  RowKind kind = RowKind::kForecast;
  std::vector<Frame> frames = {};  ///< of a kDifference row: forecast - truth, in the values' units; all of one size
};

struct MontageOptions {
  std::string title = {};                     ///< a line above; may be empty
  Appearance appearance = {};                 ///< of all rows but differences
  double largest_difference = 0;              ///< end of the difference map; 0: half of the appearance's range
  std::vector<std::string> lead_labels = {};  ///< of lead times 1, 2, ...; empty: their number and time
  double seconds_per_frame = 0;               ///< > 0: column labels carry the time besides the lead time
  std::int64_t least_side = 64;               ///< frames whose shorter side is smaller are enlarged by a whole factor
  std::int64_t most_side = 256;               ///< frames whose longer side is larger are made smaller
  std::int64_t most_columns = 20;             ///< longer rows are thinned evenly, the first and the last frame stay
};

/// A sheet: one row of frames for each kind, lead times above the columns, names in a gutter on the left.
Picture draw_montage(std::span<const MontageRow> rows, const MontageOptions& options);
void write_montage(const std::string& path, std::span<const MontageRow> rows, const MontageOptions& options);

}  // namespace nextframe
