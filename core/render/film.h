#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/render/picture.h"

namespace nextframe {

/// Frames by row and time in one picture of [rows, columns] cells of one size without gaps: small enough to be kept, and
/// what a page cuts its strips and its animations from.
struct Film {
  Picture sheet = {};
  std::int64_t columns = 0;
  std::int64_t cell_height = 0;
  std::int64_t cell_width = 0;
  std::vector<std::string> labels = {};               ///< of the rows: "truth", "model"
  std::vector<std::vector<std::uint8_t>> shown = {};  ///< [rows][columns], whether there is a frame
};

struct FilmOptions {
  std::vector<std::string> labels = {};  ///< of the rows
  std::int64_t columns = 0;
  std::int64_t height = 0;  ///< of the frames
  std::int64_t width = 0;
  Appearance appearance = {};
  double largest_difference = 0;  ///< end of the difference map; 0: half of the appearance's range
  std::int64_t most_side = 192;   ///< frames whose longer side is larger are made smaller
};

/// Makes a film frame by frame.
class FilmMaker {
 public:
  explicit FilmMaker(FilmOptions options);

  /// Fails for a frame of another size.
  void put(std::size_t row, std::int64_t column, const Frame& frame);
  /// forecast - truth, through the difference map.
  void put_difference(std::size_t row, std::int64_t column, const Frame& difference);
  Film take() { return std::move(film_); }

 private:
  void place(std::size_t row, std::int64_t column, const Picture& picture);

  FilmOptions options_;
  Film film_;
};

}  // namespace nextframe
