#pragma once

namespace nextframe {

/// Whether stderr is a terminal that moves its cursor (TERM is not "dumb").
bool stderr_is_terminal();

/// Whether to colour: a terminal, and NO_COLOR unset or empty.
bool stderr_takes_colour();

/// Columns of the terminal behind stderr, or 80 where that is not known.
int stderr_columns();

}  // namespace nextframe
