#include "core/render/film.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/render/drawing.h"

namespace nextframe {
namespace {

constexpr Rgb kNothing{236, 236, 236};

}  // namespace

FilmMaker::FilmMaker(FilmOptions options) : options_(std::move(options)) {
  const std::int64_t longest = std::max(options_.height, options_.width);
  if (longest < 1 || options_.labels.empty() || options_.columns < 1) fail("[render] a film without frames");
  const std::int64_t side = std::min(longest, options_.most_side);
  film_.columns = options_.columns;
  film_.cell_height = std::max<std::int64_t>(1, options_.height * side / longest);
  film_.cell_width = std::max<std::int64_t>(1, options_.width * side / longest);
  film_.labels = options_.labels;
  film_.shown.assign(options_.labels.size(), std::vector<std::uint8_t>(static_cast<std::size_t>(options_.columns)));
  film_.sheet = Picture(film_.cell_height * std::ssize(options_.labels), film_.cell_width * options_.columns, kNothing);
}

void FilmMaker::put(std::size_t row, std::int64_t column, const Frame& frame) {
  place(row, column, picture_of(frame, options_.appearance));
}

void FilmMaker::put_difference(std::size_t row, std::int64_t column, const Frame& difference) {
  const ShownRange& range = options_.appearance.range;
  const double largest = options_.largest_difference > 0 ? options_.largest_difference : (range.high - range.low) / 2;
  place(row, column, difference_picture(difference, largest));
}

void FilmMaker::place(std::size_t row, std::int64_t column, const Picture& picture) {
  if (picture.height != options_.height || picture.width != options_.width) {
    fail("[render] a frame of {} x {} in a film of {} x {}", picture.width, picture.height, options_.width,
         options_.height);
  }
  const bool fits = picture.height == film_.cell_height && picture.width == film_.cell_width;
  paste(film_.sheet, fits ? picture : shrunk(picture, film_.cell_height, film_.cell_width), column * film_.cell_width,
        static_cast<std::int64_t>(row) * film_.cell_height);
  film_.shown.at(row).at(static_cast<std::size_t>(column)) = 1;
}

}  // namespace nextframe
