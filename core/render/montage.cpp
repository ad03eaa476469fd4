#include "core/render/montage.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/render/drawing.h"

namespace nextframe {
namespace {

constexpr std::int64_t kMargin = 10;
constexpr std::int64_t kBetween = 4;
constexpr std::int64_t kLabelHeight = 20;
constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kFrameLine{150, 150, 150};
constexpr Rgb kFaintInk{110, 110, 110};

/// Which frames of a row are shown: all, or `most` evenly among them with the first and the last.
std::vector<std::size_t> shown_frames(std::size_t count, std::int64_t most) {
  std::vector<std::size_t> indices(std::min(count, static_cast<std::size_t>(std::max<std::int64_t>(2, most))));
  if (indices.size() == count) {
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    return indices;
  }
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i * (count - 1) / (indices.size() - 1);
  return indices;
}

struct Layout {
  std::int64_t cell_height = 0, cell_width = 0;
  std::int64_t factor = 1;  ///< of enlargement
  std::int64_t gutter = 0;
  std::int64_t title_height = 0;
  std::int64_t columns = 0;

  std::int64_t column_x(std::int64_t column) const { return kMargin + gutter + column * (cell_width + kBetween); }
};

TextStyle row_style() { return {.height = 14, .horizontal = HorizontalAlign::kRight, .weight = TextWeight::kBold}; }
TextStyle lead_style() { return {.height = 12.5, .colour = kFaintInk, .horizontal = HorizontalAlign::kCentre}; }
TextStyle title_style() { return {.height = 16, .weight = TextWeight::kBold}; }

std::string time_text(double seconds) {
  const double size = std::abs(seconds);
  if (size >= 60 && std::abs(size / 60 - std::round(size / 60)) < 1e-6) return format("{:+.0f} min", seconds / 60);
  if (size >= 60) return format("{:+.1f} min", seconds / 60);
  return format("{:+.2f} s", seconds);
}

std::string lead_label(const MontageRow& row, std::size_t frame, const MontageOptions& options,
                       std::int64_t cell_width) {
  if (row.kind != RowKind::kContext && frame < options.lead_labels.size()) return options.lead_labels[frame];
  const auto index = static_cast<std::int64_t>(frame);
  const std::int64_t lead =
      row.kind == RowKind::kContext ? index + 1 - static_cast<std::int64_t>(row.frames.size()) : index + 1;
  const std::string number = lead == 0 ? "0" : format("{:+}", lead);
  if (options.seconds_per_frame <= 0 || lead == 0) return number;
  const std::string with_time =
      format("{} ({})", number, time_text(static_cast<double>(lead) * options.seconds_per_frame));
  return text_width(with_time, lead_style()) <= cell_width ? with_time : number;
}

Layout layout_of(std::span<const MontageRow> rows, const MontageOptions& options) {
  Layout layout;
  const Frame* first = nullptr;
  for (const MontageRow& row : rows) {
    for (const Frame& frame : row.frames) {
      if (first == nullptr) first = &frame;
      if (frame.height != first->height || frame.width != first->width) {
        fail("[render] a montage of frames of {} x {} and {} x {}", first->height, first->width, frame.height,
             frame.width);
      }
    }
    layout.columns = std::max(layout.columns,
                              static_cast<std::int64_t>(shown_frames(row.frames.size(), options.most_columns).size()));
    layout.gutter = std::max<std::int64_t>(layout.gutter, text_width(row.label, row_style()) + 10);
  }
  if (first == nullptr) fail("[render] a montage without frames");
  layout.factor = legible_factor(first->height, first->width, options.least_side);
  layout.cell_height = first->height * layout.factor;
  layout.cell_width = first->width * layout.factor;
  const std::int64_t longest = std::max(first->height, first->width);
  if (layout.factor == 1 && longest > options.most_side) {
    layout.cell_height = std::max<std::int64_t>(1, first->height * options.most_side / longest);
    layout.cell_width = std::max<std::int64_t>(1, first->width * options.most_side / longest);
  }
  layout.title_height = options.title.empty() ? 0 : 28;
  return layout;
}

Picture cell_picture(const MontageRow& row, const Frame& frame, const MontageOptions& options, const Layout& layout) {
  const bool difference_row = row.kind == RowKind::kDifference;
  Appearance appearance = options.appearance;
  Picture picture;
  if (difference_row) {
    const double range = appearance.range.high - appearance.range.low;
    const double largest = options.largest_difference > 0 ? options.largest_difference : range / 2;
    picture = difference_picture(frame, largest);
  } else {
    picture = picture_of(frame, appearance);
  }
  if (layout.factor > 1) return enlarged(picture, layout.factor);
  if (picture.height != layout.cell_height) return shrunk(picture, layout.cell_height, layout.cell_width);
  return picture;
}

/// Rows whose columns mean the same lead times as the row above need no labels of their own.
bool needs_lead_labels(std::span<const MontageRow> rows, std::size_t row) {
  if (row == 0) return true;
  const bool context = rows[row].kind == RowKind::kContext, above = rows[row - 1].kind == RowKind::kContext;
  return context != above || rows[row].frames.size() != rows[row - 1].frames.size();
}

}  // namespace

Picture draw_montage(std::span<const MontageRow> rows, const MontageOptions& options) {
  const Layout layout = layout_of(rows, options);
  const std::int64_t title_width = text_width(options.title, title_style());
  std::int64_t height = kMargin + layout.title_height;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    height += layout.cell_height + kBetween + (needs_lead_labels(rows, r) ? kLabelHeight : 0);
  }
  const std::int64_t width = std::max(layout.column_x(layout.columns) - kBetween, kMargin + title_width) + kMargin;
  Picture sheet(height + kMargin - kBetween, width, kPaper);
  draw_text(sheet, options.title, kMargin, kMargin + 8, title_style());

  std::int64_t y = kMargin + layout.title_height;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const MontageRow& row = rows[r];
    const std::vector<std::size_t> shown = shown_frames(row.frames.size(), options.most_columns);
    const bool labelled = needs_lead_labels(rows, r);
    if (labelled) y += kLabelHeight;
    draw_text(sheet, row.label, static_cast<double>(kMargin + layout.gutter - 10),
              static_cast<double>(y + layout.cell_height / 2), row_style());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::int64_t x = layout.column_x(static_cast<std::int64_t>(i));
      paste(sheet, cell_picture(row, row.frames[shown[i]], options, layout), x, y);
      outline(sheet, x, y, layout.cell_width, layout.cell_height, kFrameLine);
      if (!labelled) continue;
      draw_text(sheet, lead_label(row, shown[i], options, layout.cell_width),
                static_cast<double>(x) + static_cast<double>(layout.cell_width) / 2, static_cast<double>(y) - 10,
                lead_style());
    }
    y += layout.cell_height + kBetween;
  }
  return sheet;
}

void write_montage(const std::string& path, std::span<const MontageRow> rows, const MontageOptions& options) {
  write_png(path, draw_montage(rows, options));
}

}  // namespace nextframe
