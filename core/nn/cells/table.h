#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/nn/cells/cell.h"

namespace nextframe {

/// One row a kind of cell: what a configuration calls it, and its variants for the tests that loop over the table.
struct CellRow {
  std::string_view name;
  CellKind kind;
  int gates;
  std::unique_ptr<Cell> (*make)(const Context& context, const std::string& prefix, const CellOptions& options);
};

std::span<const CellRow> cell_table();

/// Declares the cell's parameters under `prefix` and returns it; rejects options that the kind cannot have.
std::unique_ptr<Cell> make_cell(const Context& context, const std::string& prefix, const CellOptions& options);

}  // namespace nextframe
