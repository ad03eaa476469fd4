#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/render/film.h"
#include "core/render/picture.h"
#include "core/render/plot.h"

namespace nextframe {

/// The parts of a page. All text is plain: the page's writer escapes it.
struct PageText {
  std::string text = {};
};

struct PageCell {
  std::string text = {};
  std::string below = {};  ///< in smaller letters, such as an interval; may be empty
};

/// The first column is names, the others figures.
struct PageTable {
  std::string caption = {};
  std::vector<std::string> header = {};
  std::vector<std::vector<PageCell>> rows = {};
  std::vector<std::pair<std::size_t, std::size_t>> best = {};  ///< row and column of the cells to point out
  bool folded = false;                                         ///< away below its caption, until it is asked for
};

/// Names and values, such as the machine's.
struct PageFacts {
  std::vector<std::pair<std::string, std::string>> facts = {};
};

/// Each of its panels becomes a drawing of its own, so that they stand below each other where there is no room.
struct PageFigure {
  Figure figure = {};
  std::string caption = {};
};

struct PagePicture {
  Picture picture = {};
  std::string caption = {};
};

/// Shown twice: as a player, a pane for each row with the time below, and as a strip of all frames.
struct PageFilm {
  std::string title = {};
  std::string caption = {};
  Film film = {};
  std::vector<std::string> times = {};  ///< of the film's columns: "+3 (15 min)"
  std::size_t first = 0;                ///< the column that the player begins at
};

/// Long text in letters of one width, folded away until it is asked for.
struct PageCode {
  std::string title = {};
  std::string text = {};
};

using PageBlock = std::variant<PageText, PageTable, PageFacts, PageFigure, PagePicture, PageFilm, PageCode>;

struct PageSection {
  std::string title = {};
  std::vector<PageBlock> blocks = {};
};

struct Page {
  std::string title = {};
  std::string summary = {};  ///< a line below the title
  std::vector<PageSection> sections = {};
  std::string footer = {};
};

/// Writes a page that holds everything: pictures and drawings are in it, nothing is ever asked of a network. It fits a
/// telephone, prints without its players, and plays its films where scripts run; without, they stand still. Part by part,
/// so that no part is in memory twice; the caller commits the file.
void write_page(AtomicFile& file, const Page& page);

}  // namespace nextframe
