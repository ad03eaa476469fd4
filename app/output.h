#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json/value.h"

namespace nextframe::app {

/// Columns of the terminal behind stdout, or 80.
int stdout_columns();

/// Writes a result to stdout; fails where nobody takes it (a full disk, a closed pipe).
void print_result(std::string_view text);

/// The one document of `--json`.
void print_json(const json::Value& document);

/// Rows of text in aligned columns, the first column to the left, the others to the right, a rule under the first row.
std::string aligned_table(const std::vector<std::vector<std::string>>& rows);

/// "6,184,481"
std::string with_thousands(double whole_number);

}  // namespace nextframe::app
