#include "core/nn/cells/table.h"

#include <array>

#include "core/base/error.h"
#include "core/nn/cells/conv_gru_after.h"
#include "core/nn/cells/conv_gru_before.h"
#include "core/nn/cells/conv_lstm.h"
#include "core/nn/cells/st_lstm.h"
#include "core/nn/cells/traj_gru.h"

namespace nextframe {

namespace {

std::unique_ptr<Cell> make_lstm(const Context& context, const std::string& prefix, const CellOptions& options) {
  return std::make_unique<ConvLstm>(context, prefix, options);
}

std::unique_ptr<Cell> make_gru(const Context& context, const std::string& prefix, const CellOptions& options) {
  if (options.peephole) reject("[convgru] got peephole true, expected false: a ConvGRU has no cell state to look at");
  if (options.reset == Reset::kBefore) return std::make_unique<ConvGruBefore>(context, prefix, options);
  return std::make_unique<ConvGruAfter>(context, prefix, options);
}

std::unique_ptr<Cell> make_traj_gru(const Context& context, const std::string& prefix, const CellOptions& options) {
  if (options.peephole) reject("[trajgru] got peephole true, expected false: a TrajGRU has no cell state to look at");
  if (options.reset == Reset::kBefore) reject("[trajgru] got reset \"before\", expected \"after\"");
  return std::make_unique<TrajGru>(context, prefix, options);
}

std::unique_ptr<Cell> make_st_lstm(const Context& context, const std::string& prefix, const CellOptions& options) {
  return std::make_unique<StLstm>(context, prefix, options);
}

constexpr std::array<CellRow, 4> kCells{{
    {"convlstm", CellKind::kConvLstm, 4, make_lstm},
    {"convgru", CellKind::kConvGru, 3, make_gru},
    {"trajgru", CellKind::kTrajGru, 3, make_traj_gru},
    {"stlstm", CellKind::kStLstm, 7, make_st_lstm},
}};

}  // namespace

std::span<const CellRow> cell_table() { return kCells; }

std::unique_ptr<Cell> make_cell(const Context& context, const std::string& prefix, const CellOptions& options) {
  for (const CellRow& row : kCells) {
    if (row.kind == options.kind) return row.make(context, prefix, options);
  }
  fail("[cells] no row for cell kind {}", static_cast<int>(options.kind));
}

}  // namespace nextframe
