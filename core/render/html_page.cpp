#include "core/render/html_page.h"

#include <algorithm>
#include <cstdint>

#include "core/base/format.h"
#include "core/json/value.h"
#include "core/render/html_style.h"
#include "core/render/svg_plot.h"

namespace nextframe {
namespace {

/// Of a panel by itself, in the units of its letters.
constexpr std::int64_t kPanelWidth = 400, kPanelHeight = 280;
/// Shorter sides of the frames in a strip, in CSS pixels.
constexpr std::int64_t kStripSide = 64, kLargestStripSide = 140;

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= left ? kLetters[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string data_address(const Picture& picture) { return "data:image/png;base64," + base64(png_of(picture, "page")); }

/// Where a cell of a film lies in its sheet, as CSS: 0 % is the first one, 100 % the last.
std::string share(std::size_t index, std::int64_t count) {
  return count > 1 ? format("{:.4g}%", 100.0 * static_cast<double>(index) / static_cast<double>(count - 1)) : "0%";
}

class PageWriter {
 public:
  explicit PageWriter(AtomicFile& file) : file_(file) {}

  void write(const Page& page) {
    file_.write(
        format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
               "<link rel=\"icon\" href=\"data:,\"><title>{0}</title><style>{1}</style></head>\n<body>"
               "<header><h1>{0}</h1><p class=\"soft\">{2}</p></header>\n",
               escaped(page.title), kPageStyle, escaped(page.summary)));
    if (page.sections.size() > 2) write_contents(page);
    for (std::size_t i = 0; i < page.sections.size(); ++i) {
      file_.write(format("<section id=\"part{}\"><h2>{}</h2>\n", i + 1, escaped(page.sections[i].title)));
      for (const PageBlock& block : page.sections[i].blocks) {
        std::visit([&](const auto& one) { add(one); }, block);
      }
      file_.write("</section>\n");
    }
    file_.write(format("<footer>{}</footer>\n", escaped(page.footer)));
    if (films_ > 0) file_.write(format("<script>{}</script>\n", kPageScript));
    file_.write("</body></html>\n");
  }

 private:
  void write_contents(const Page& page) {
    file_.write("<nav>");
    for (std::size_t i = 0; i < page.sections.size(); ++i) {
      file_.write(format("<a href=\"#part{}\">{}</a>", i + 1, escaped(page.sections[i].title)));
    }
    file_.write("</nav>\n");
  }

  void add(const PageText& block) { file_.write(format("<p>{}</p>\n", escaped(block.text))); }

  void add(const PageTable& table) {
    if (table.folded) file_.write(format("<details><summary>{}</summary>", escaped(table.caption)));
    if (!table.folded && !table.caption.empty()) {
      file_.write(format("<p class=\"soft\">{}</p>", escaped(table.caption)));
    }
    file_.write("<div class=\"wide\"><table>");
    file_.write("<thead><tr>");
    for (const std::string& cell : table.header) file_.write(format("<th scope=\"col\">{}</th>", escaped(cell)));
    file_.write("</tr></thead><tbody>\n");
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      std::string row = "<tr>";
      for (std::size_t c = 0; c < table.rows[r].size(); ++c) {
        const bool best = std::find(table.best.begin(), table.best.end(), std::pair{r, c}) != table.best.end();
        const auto& [text, below] = table.rows[r][c];
        row += format("<td{}>{}{}</td>", best ? " class=\"best\"" : "", escaped(text),
                      below.empty() ? "" : format("<small>{}</small>", escaped(below)));
      }
      file_.write(row + "</tr>\n");
    }
    file_.write(table.folded ? "</tbody></table></div></details>\n" : "</tbody></table></div>\n");
  }

  void add(const PageFacts& block) {
    file_.write("<dl>");
    for (const auto& [name, value] : block.facts) {
      file_.write(format("<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value)));
    }
    file_.write("</dl>\n");
  }

  void add(const PageFigure& block) {
    file_.write("<figure>");
    write_legend(block.figure);
    file_.write("<div class=\"plots\">");
    for (Panel panel : block.figure.panels) {
      // The page has one legend for all of them, which hides nothing. A line keeps its place's colour without its name.
      for (Series& series : panel.series) series.label.clear();
      file_.write(svg_of({.width = kPanelWidth, .height = kPanelHeight, .panels = {std::move(panel)}}) + "\n");
    }
    file_.write("</div>");
    write_caption(block.caption);
    file_.write("</figure>\n");
  }

  /// The lines of all panels by their names, each once.
  void write_legend(const Figure& figure) {
    std::vector<std::string> known;
    std::string legend;
    for (const Panel& panel : figure.panels) {
      for (std::size_t i = 0; i < panel.series.size(); ++i) {
        const std::string& label = panel.series[i].label;
        if (label.empty() || std::find(known.begin(), known.end(), label) != known.end()) continue;
        known.push_back(label);
        legend += format("<span>{}{}</span>", svg_sample_of(panel, i), escaped(label));
      }
    }
    if (!legend.empty()) file_.write(format("<p class=\"legend\">{}</p>", legend));
  }

  void add(const PagePicture& block) {
    file_.write(format("<figure><img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"", escaped(block.caption),
                       block.picture.width, block.picture.height));
    file_.write(data_address(block.picture));
    file_.write("\">");
    write_caption(block.caption);
    file_.write("</figure>\n");
  }

  void add(const PageCode& block) {
    file_.write(
        format("<details><summary>{}</summary><pre>{}</pre></details>\n", escaped(block.title), escaped(block.text)));
  }

  void add(const PageFilm& block) {
    const Film& film = block.film;
    const auto rows = static_cast<std::int64_t>(film.labels.size());
    ++films_;
    file_.write(format("<style>.film{0} .cell{{aspect-ratio:{1}/{2};background-size:{3}% {4}%;background-image:url(",
                       films_, film.cell_width, film.cell_height, 100 * film.columns, 100 * rows));
    file_.write(data_address(film.sheet));
    file_.write(")}</style>\n");
    std::string times = "[";
    for (std::int64_t t = 0; t < film.columns; ++t) {
      times += (t > 0 ? "," : "") + json::Value(time_of(block, static_cast<std::size_t>(t))).dump();
    }
    file_.write(format("<div class=\"film film{}\" data-times=\"{}]\">", films_, escaped(times)));
    if (!block.title.empty()) file_.write(format("<h3>{}</h3>", escaped(block.title)));
    if (!block.caption.empty()) file_.write(format("<p class=\"soft\">{}</p>", escaped(block.caption)));
    write_player(block);
    write_strips(block);
    file_.write("</div>\n");
  }

  static std::string time_of(const PageFilm& block, std::size_t column) {
    return column < block.times.size() ? block.times[column] : std::string();
  }

  static std::string cell(const Film& film, std::size_t row, std::size_t column, const std::string& label) {
    return format("<span class=\"cell\" role=\"img\" aria-label=\"{}\" style=\"background-position:{} {}\"></span>",
                  escaped(label), share(column, film.columns),
                  share(row, static_cast<std::int64_t>(film.labels.size())));
  }

  void write_player(const PageFilm& block) {
    const Film& film = block.film;
    file_.write("<div class=\"panes\">");
    for (std::size_t r = 0; r < film.labels.size(); ++r) {
      file_.write(
          format("<div><span>{}</span>{}</div>", escaped(film.labels[r]), cell(film, r, block.first, film.labels[r])));
    }
    file_.write(format(
        "</div><div class=\"bar\" hidden><button type=\"button\">Play</button>"
        "<input type=\"range\" min=\"0\" max=\"{}\" value=\"{}\" aria-label=\"time\"><output>{}</output></div>\n",
        std::max<std::int64_t>(0, film.columns - 1), block.first, escaped(time_of(block, block.first))));
  }

  /// What was seen apart from what was forecast, so that forecasts come into view without scrolling.
  void write_strips(const PageFilm& block) {
    const auto columns = static_cast<std::size_t>(block.film.columns);
    const std::size_t first = std::min(block.first, columns);
    if (first > 0) write_strip(block, 0, first);
    if (first < columns) write_strip(block, first, columns);
  }

  void write_strip(const PageFilm& block, std::size_t from, std::size_t to) {
    const Film& film = block.film;
    const std::int64_t shorter = std::max<std::int64_t>(1, std::min(film.cell_height, film.cell_width));
    const std::int64_t width = std::min(kLargestStripSide, film.cell_width * kStripSide / shorter);
    std::string strip = format(
        "<div class=\"wide\"><div class=\"strip\" style=\"grid-template-columns:6.5rem repeat({},{}px)\"><b></b>",
        to - from, width);
    for (std::size_t t = from; t < to; ++t) strip += format("<i>{}</i>", escaped(time_of(block, t)));
    for (std::size_t r = 0; r < film.labels.size(); ++r) {
      const auto& shown = film.shown[r];
      const auto begin = shown.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end = shown.begin() + static_cast<std::ptrdiff_t>(to);
      if (std::find(begin, end, 1) == end) continue;
      strip += format("<b>{}</b>", escaped(film.labels[r]));
      for (std::size_t t = from; t < to; ++t) {
        strip += shown[t] != 0 ? cell(film, r, t, film.labels[r] + " " + time_of(block, t)) : "<i></i>";
      }
    }
    file_.write(strip + "</div></div>\n");
  }

  void write_caption(const std::string& caption) {
    if (!caption.empty()) file_.write(format("<figcaption>{}</figcaption>", escaped(caption)));
  }

  AtomicFile& file_;
  std::int64_t films_ = 0;
};

}  // namespace

void write_page(AtomicFile& file, const Page& page) { PageWriter(file).write(page); }

}  // namespace nextframe
