#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "core/nn/recurrent_layer.h"
#include "tests/support/tensors.h"

namespace nextframe::test {

/// Every combination of options that the rows of the table of cells accept, each with a readable name.
struct CellVariant {
  std::string name;
  CellOptions options;
};
std::vector<CellVariant> cell_variants();
/// So that a failing test names its cell.
void PrintTo(const CellVariant& variant, std::ostream* stream);

/// A recurrent layer with its own parameters.
class RecurrentRun {
 public:
  RecurrentRun(Backend& backend, DType dtype, const CellOptions& options);

  ParameterSet& parameters() { return parameters_; }
  RecurrentLayer& layer() { return layer_; }
  std::size_t state_count() const { return state_count_; }
  /// Uniform parameters, one stream of `seed` for each, so that two runs get the same.
  void fill_parameters(std::uint64_t seed);

 private:
  Backend& backend_;
  ParameterSet parameters_;
  Context context_;
  RecurrentLayer layer_;
  std::size_t state_count_;
};

}  // namespace nextframe::test
