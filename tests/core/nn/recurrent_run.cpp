#include "tests/core/nn/recurrent_run.h"

#include <ostream>
#include "core/backend/reference/reference_backend.h"

#include "core/base/error.h"
#include "core/nn/cells/table.h"

namespace nextframe::test {

namespace {

bool accepted(const CellOptions& options) {
  ReferenceBackend backend;
  ParameterSet parameters;
  try {
    make_cell({backend, parameters, DType::kFloat64}, "rnn", options);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void add_gru_variants(const CellVariant& base, std::vector<CellVariant>& variants) {
  const std::pair<const char*, Reset> resets[] = {{"before", Reset::kBefore}, {"after", Reset::kAfter}};
  const std::pair<const char*, Activation> candidates[] = {
      {"tanh", Activation::kTanh}, {"leaky", Activation::kLeaky}, {"relu", Activation::kRelu}};
  const std::pair<const char*, HiddenBias> biases[] = {
      {"", HiddenBias::kAuto}, {" hidden bias none", HiddenBias::kNone}, {" hidden bias all", HiddenBias::kAll}};
  for (const auto& [reset_name, reset] : resets) {
    for (const auto& [candidate_name, candidate] : candidates) {
      for (const auto& [bias_name, bias] : biases) {
        CellVariant variant = base;
        variant.name += std::string(" reset ") + reset_name + " " + candidate_name + bias_name;
        variant.options.reset = reset;
        variant.options.candidate = {.kind = candidate, .slope = 0.2};
        variant.options.hidden_bias = bias;
        if (accepted(variant.options)) variants.push_back(variant);
      }
    }
  }
}

}  // namespace

std::vector<CellVariant> cell_variants() {
  std::vector<CellVariant> variants;
  for (const CellRow& row : cell_table()) {
    for (const Norm norm : {Norm::kNone, Norm::kGroup}) {
      for (const bool peephole : {false, true}) {
        for (const bool gate_bias : {true, false}) {
          CellVariant variant{std::string(row.name), {}};
          variant.options = {.kind = row.kind,
                             .input_channels = 2,
                             .hidden_channels = 2,
                             .norm = norm,
                             .gate_bias = gate_bias,
                             .peephole = peephole,
                             .links = 2,
                             .flow_channels = 2};
          if (norm == Norm::kGroup) variant.name += " norm";
          if (peephole) variant.name += " peephole";
          if (!gate_bias) variant.name += " without bias";
          if (row.kind != CellKind::kConvLstm) {
            add_gru_variants(variant, variants);
          } else if (accepted(variant.options)) {
            variants.push_back(variant);
          }
        }
      }
    }
  }
  return variants;
}

void PrintTo(const CellVariant& variant, std::ostream* stream) { *stream << variant.name; }

RecurrentRun::RecurrentRun(Backend& backend, DType dtype, const CellOptions& options)
    : backend_(backend), context_{backend, parameters_, dtype}, layer_(context_, "rnn", options) {
  parameters_.allocate(backend, exact_of(dtype));
  ParameterSet unused;
  state_count_ = static_cast<std::size_t>(make_cell({backend, unused, dtype}, "rnn", options)->state_count());
}

void RecurrentRun::fill_parameters(std::uint64_t seed) {
  std::uint64_t stream = 0;
  for (const Parameter& entry : parameters_.entries()) {
    Random random(seed, ++stream);
    const Shape& shape = entry.declaration.shape;
    backend_.copy(upload(backend_, shape, parameters_.dtype(), uniform(random, shape.elements(), -0.5, 0.5)),
                  entry.value);
  }
  parameters_.mark_changed();
}

}  // namespace nextframe::test
