#include "core/render/html_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/base/error.h"
#include "core/render/svg_plot.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

Frame grey_frame(std::int64_t height, std::int64_t width, float value) {
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = 1;
  frame.pixels.assign(frame.elements(), value);
  return frame;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string text_of(const Page& page) {
  test::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "page.html";
  AtomicFile file(path);
  write_page(file, page);
  EXPECT_FALSE(std::filesystem::exists(path));
  file.commit();
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Figure two_lines() {
  Panel panel{.title = "a & b", .x_label = "x <frames>"};
  panel.series.push_back({.label = "first", .x = {1, 2, 3}, .y = {1, 3, 2}, .low = {0, 2, 1}, .high = {2, 4, 3}});
  panel.series.push_back({.label = "second", .x = {1, 2, 3}, .y = {3, 1, 2}, .style = LineStyle::kDashed});
  return {.title = "figure", .panels = {panel, panel}};
}

TEST(SvgPlot, DrawsLinesBandsAndText) {
  const std::string svg = svg_of(two_lines());
  EXPECT_EQ(svg.rfind("<svg viewBox=\"0 0 900 500\" role=\"img\" aria-label=\"figure: a &amp; b: a &amp; b\"", 0), 0U);
  EXPECT_EQ(count_of(svg, "<svg"), count_of(svg, "</svg>"));
  EXPECT_EQ(count_of(svg, "Z\" fill=\"#0072b2\" opacity=\"0.15\""), 2U);
  EXPECT_EQ(count_of(svg, ">first</text>"), 2U);
  EXPECT_EQ(count_of(svg, "x &lt;frames&gt;"), 2U);
  EXPECT_GE(count_of(svg, "stroke-dasharray"), 4U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_THROW(svg_of({}), Error);
}

TEST(SvgPlot, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(escaped("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(escaped(std::string("a\x01"
                                "b\nc")),
            "a b\nc");
  EXPECT_EQ(escaped("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(escaped("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST(Film, HoldsItsFramesInCellsOfOneSize) {
  FilmMaker maker({.labels = {"truth", "error"},
                   .columns = 3,
                   .height = 4,
                   .width = 8,
                   .appearance = {.range = {0, 1}},
                   .most_side = 4});
  maker.put(0, 1, grey_frame(4, 8, 1));
  maker.put_difference(1, 2, grey_frame(4, 8, 0));
  EXPECT_THROW(maker.put(0, 0, grey_frame(8, 4, 1)), Error);
  const Film film = maker.take();
  EXPECT_EQ(film.cell_height, 2);
  EXPECT_EQ(film.cell_width, 4);
  EXPECT_EQ(film.sheet.height, 4);
  EXPECT_EQ(film.sheet.width, 12);
  EXPECT_EQ(film.shown, (std::vector<std::vector<std::uint8_t>>{{0, 1, 0}, {0, 0, 1}}));
  const auto pixel = [&](std::int64_t y, std::int64_t x) {
    return film.sheet.rgb[static_cast<std::size_t>((y * 12 + x) * 3)];
  };
  EXPECT_EQ(pixel(0, 4), 255);  // white of the map
  EXPECT_EQ(pixel(2, 4), 236);  // nothing there
  EXPECT_THROW(FilmMaker({.labels = {"a"}, .columns = 0, .height = 1, .width = 1}), Error);
}

TEST(Page, HoldsEverythingAndNamesNothingElse) {
  FilmMaker maker({.labels = {"truth", "a<b"}, .columns = 3, .height = 2, .width = 2, .appearance = {.range = {0, 1}}});
  for (std::int64_t t = 0; t < 3; ++t) maker.put(0, t, grey_frame(2, 2, 0.5));
  maker.put(1, 2, grey_frame(2, 2, 1));
  Page page{.title = "<title>", .summary = "s & s", .footer = "f"};
  PageSection& section = page.sections.emplace_back(PageSection{.title = "one"});
  section.blocks.emplace_back(PageText{"plain <b>text</b>"});
  section.blocks.emplace_back(PageTable{
      .caption = "scores", .header = {"score", "model"}, .rows = {{{"mse"}, {"0.1", "(0 to 1)"}}}, .best = {{0, 1}}});
  section.blocks.emplace_back(PageFacts{{{"processor", "fast"}}});
  section.blocks.emplace_back(PageFigure{two_lines(), "a figure"});
  section.blocks.emplace_back(PagePicture{Picture(2, 2, {1, 2, 3}), "a picture"});
  section.blocks.emplace_back(PageCode{"config", "{ \"a\": 1 }"});
  section.blocks.emplace_back(
      PageFilm{.title = "film", .film = maker.take(), .times = {"0", "+1", "+2 \"s\""}, .first = 1});
  const std::string text = text_of(page);
  EXPECT_EQ(text.rfind("<!DOCTYPE html>", 0), 0U);
  EXPECT_NE(text.find("<title>&lt;title&gt;</title>"), std::string::npos);
  EXPECT_NE(text.find("plain &lt;b&gt;text"), std::string::npos);
  EXPECT_NE(text.find("<td class=\"best\">0.1<small>(0 to 1)</small></td>"), std::string::npos);
  EXPECT_EQ(count_of(text, "data:image/png;base64,iVBOR"), 2U);
  EXPECT_EQ(count_of(text, "<script>"), 1U);
  // The names of the two panels' lines stand once, above them.
  EXPECT_EQ(count_of(text, "first</span>"), 1U);
  EXPECT_NE(text.find("[&quot;0&quot;,&quot;+1&quot;,&quot;+2 \\&quot;s\\&quot;&quot;]"), std::string::npos);
  // A pane for each row; a strip of what was seen, and one of what came, which alone shows the second row.
  EXPECT_EQ(count_of(text, "class=\"cell\""), 2U + 3U + 1U);
  for (const char* far : {"http:", "https:", "src=\"//", "url(//", "@import"}) {
    EXPECT_EQ(text.find(far), std::string::npos) << far;
  }
  EXPECT_EQ(count_of(text, "<div"), count_of(text, "</div>"));
  EXPECT_EQ(count_of(text, "<span"), count_of(text, "</span>"));
}

}  // namespace
}  // namespace nextframe
