#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/fields.h"
#include "core/model/options.h"
#include "core/model/safetensors.h"
#include "core/nn/parameter_set.h"
#include "core/trade/mapping.h"

namespace nextframe {

/// Tensors that nothing was made of, and why.
struct DroppedWeights {
  std::string name;
  std::int64_t values = 0;
  std::string because;
};

/// Fills parameters from a source's tensors as a mapping says, and keeps account of each value: what was read of the source,
/// what was filled of ours.
class WeightMapper {
 public:
  /// All three outlive the mapper. The source's names are without the prefix that the mapping strips. `layout` says what
  /// there is to fill.
  WeightMapper(const Mapping& mapping, const TensorFile& source, const ParameterSet& layout, CellKind cell);

  /// All parameters, once. To `problems` go parameters that are not filled, rules that met no parameter, and values of the
  /// source that were neither read nor dropped.
  std::vector<NamedTensor> make_all(Problems& problems);
  const std::vector<DroppedWeights>& dropped() const { return dropped_; }

 private:
  struct Rule {
    const MappingParameter& parameter;
    CountedName name;
    bool used = false;
  };

  NamedTensor make(const ParameterDeclaration& declaration, Problems& problems);
  Rule* rule_for(const std::string& name, std::int64_t& k, Problems& problems);
  void account_for_the_source(Problems& problems);
  void add_term(const MappingTerm& term, std::int64_t k, NamedTensor& target, std::vector<std::uint8_t>& filled);
  std::vector<std::string> gates_of(const std::string& name, const Shape& shape) const;
  std::size_t index_of(const std::string& name) const;

  const Mapping& mapping_;
  const TensorFile& source_;
  const ParameterSet& layout_;
  CellKind cell_;
  std::vector<Rule> rules_;
  std::vector<std::vector<std::uint8_t>> read_;  ///< for each tensor of the source, which of its values were
  std::vector<DroppedWeights> dropped_;
};

}  // namespace nextframe
