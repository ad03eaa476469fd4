#include "core/backend/counting/counting_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace nextframe {

namespace {

/// What an exponential or hyperbolic tangent counts for.
constexpr std::int64_t kTranscendental = 4;
/// A logistic function: an exponential, an addition and a division.
constexpr std::int64_t kSigmoid = kTranscendental + 2;

std::int64_t cost_of(const ActivationSpec& spec) {
  switch (spec.kind) {
    case Activation::kNone:
      return 0;
    case Activation::kRelu:
    case Activation::kLeaky:
      return 1;
    case Activation::kTanh:
      return kTranscendental;
    case Activation::kSigmoid:
      return kSigmoid;
  }
  return 0;
}

/// 2 N P Q O C k k.
std::int64_t convolution_operations(const Tensor& small, const Shape& weights) {
  return 2 * small.elements() * weights[1] * weights[2] * weights[3];
}

}  // namespace

/// The arguments of an operation; one that is read and written stands in both lists.
struct CountingBackend::Traffic {
  Traffic(std::initializer_list<const Tensor*> read, std::initializer_list<const Tensor*> written) {
    for (const Tensor* tensor : read) add(*tensor);
    for (const Tensor* tensor : written) add(*tensor);
  }
  Traffic(std::initializer_list<const Tensor*> read, const Tensor& output, Write write) : Traffic(read, {&output}) {
    if (write == Write::kAccumulate) add(output);
  }
  void add(const Tensor& tensor) {
    if (tensor) bytes += static_cast<std::int64_t>(tensor.bytes());
  }

  std::int64_t bytes = 0;
};

std::string_view name_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::kConvolution:
      return "convolution";
    case OperationKind::kConvolutionTransposed:
      return "transposed convolution";
    case OperationKind::kWeightGradient:
      return "weight gradient";
    case OperationKind::kGates:
      return "gates";
    case OperationKind::kWarp:
      return "warp";
    case OperationKind::kNormalisation:
      return "normalisation";
    case OperationKind::kActivation:
      return "activation";
    case OperationKind::kElementwise:
      return "elementwise";
    case OperationKind::kLayout:
      return "layout";
    case OperationKind::kLoss:
      return "loss";
    case OperationKind::kOptimizer:
      return "optimizer";
  }
  return "";
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::kForward:
      return "forward";
    case Phase::kBackward:
      return "backward";
    case Phase::kUpdate:
      return "update";
  }
  return "";
}

OperationTotal& OperationTotal::operator+=(const OperationTotal& other) {
  calls += other.calls;
  operations += other.operations;
  bytes += other.bytes;
  return *this;
}

/// Memory that is asked for and not there.
class CountingBackend::Booked final : public Buffer {
 public:
  Booked(std::shared_ptr<MemoryTrace> trace, std::size_t bytes)
      : trace_(std::move(trace)), bytes_(bytes), id_(trace_->allocate(bytes, MemoryUse::kTensor)) {}
  ~Booked() override { trace_->release(id_); }
  void* data() const override { return nullptr; }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::shared_ptr<MemoryTrace> trace_;
  std::size_t bytes_;
  MemoryTrace::Id id_;
};

CountingBackend::CountingBackend(std::shared_ptr<MemoryTrace> trace) : trace_(std::move(trace)) {}

Tensor CountingBackend::allocate(const Shape& shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  return Tensor(std::make_shared<Booked>(trace_, bytes), 0, shape, dtype);
}

void CountingBackend::download(const Tensor& from, void* host) {
  if (from.bytes() > 0) std::memset(host, 0, from.bytes());
}

const OperationTotal& CountingBackend::total(Phase phase, OperationKind kind) const {
  static const OperationTotal none;
  const auto found = totals_.find({phase, kind});
  return found == totals_.end() ? none : found->second;
}

OperationTotal CountingBackend::total(Phase phase) const {
  OperationTotal sum;
  for (const auto& [key, total] : totals_) {
    if (key.first == phase) sum += total;
  }
  return sum;
}

OperationTotal CountingBackend::total() const {
  OperationTotal sum;
  for (const auto& [key, total] : totals_) sum += total;
  return sum;
}

void CountingBackend::count(OperationKind kind, std::int64_t operations, const Traffic& traffic) {
  latest_ = {phase_, kind};
  totals_[latest_] += OperationTotal{1, operations, traffic.bytes};
}

void CountingBackend::do_fill(double, const Tensor& y) { count(OperationKind::kElementwise, 0, {{}, {&y}}); }

void CountingBackend::do_copy(const Tensor& x, const Tensor& y) { count(OperationKind::kElementwise, 0, {{&x}, {&y}}); }

void CountingBackend::do_add(double, const Tensor& x, const Tensor& y, Write write) {
  const std::int64_t each = write == Write::kAccumulate ? 2 : 1;
  count(OperationKind::kElementwise, each * y.elements(), {{&x}, y, write});
}

void CountingBackend::do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  count(OperationKind::kElementwise, write == Write::kAccumulate ? y.elements() : 0, {{&bias}, y, write});
}

void CountingBackend::do_sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  count(OperationKind::kElementwise, x.elements(), {{&x}, sums, write});
}

void CountingBackend::do_write_channels(const Tensor& x, std::int64_t, const Tensor&) {
  // Of y as many elements are written as x has.
  count(OperationKind::kLayout, 0, {{&x}, {&x}});
}

void CountingBackend::do_read_channels(const Tensor&, std::int64_t, const Tensor& y) {
  count(OperationKind::kLayout, 0, {{&y}, {&y}});
}

void CountingBackend::do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  count(OperationKind::kActivation, cost_of(spec) * x.elements(), {{&x}, {&y}});
}

void CountingBackend::do_activate_backward(const ActivationSpec&, const Tensor& y, const Tensor& dy, const Tensor& dx) {
  count(OperationKind::kActivation, 3 * y.elements(), {{&y, &dy}, {&dx}});
}

void CountingBackend::do_space_to_depth(int, const Tensor& x, const Tensor& y) {
  count(OperationKind::kLayout, 0, {{&x}, {&y}});
}

void CountingBackend::do_depth_to_space(int, const Tensor& x, const Tensor& y) {
  count(OperationKind::kLayout, 0, {{&x}, {&y}});
}

void CountingBackend::do_crop_or_pad(PadFill, const Tensor& x, const Tensor& y) {
  count(OperationKind::kLayout, 0, {{&x}, {&y}});
}

void CountingBackend::do_convolution(const ConvolutionSpec&, const Tensor& x, const WeightView& w, const Tensor& bias,
                                     const Tensor& y, Write write) {
  count(OperationKind::kConvolution, convolution_operations(y, w.tensor.shape()), {{&x, &w.tensor, &bias}, y, write});
}

void CountingBackend::do_convolution_transposed(const ConvolutionSpec&, const Tensor& x, const WeightView& w,
                                                const Tensor& bias, const Tensor& y, Write write) {
  count(OperationKind::kConvolutionTransposed, convolution_operations(x, w.tensor.shape()),
        {{&x, &w.tensor, &bias}, y, write});
}

void CountingBackend::do_convolution_weight_gradient(const ConvolutionSpec&, const Tensor& x, const Tensor& dy,
                                                     const Tensor& dw, Write write) {
  count(OperationKind::kWeightGradient, convolution_operations(dy, dw.shape()), {{&x, &dy}, dw, write});
}

void CountingBackend::do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                                      const Tensor& memory) {
  if (spec.gates == GateValues::kActivated) {
    count(OperationKind::kGates, 3 * memory.elements(), {{&previous, &gates}, {&memory}});
    return;
  }
  count(OperationKind::kGates, (2 * kSigmoid + kTranscendental + 4) * memory.elements(),
        {{&previous, &gates}, {&gates, &memory}});
}

void CountingBackend::do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) {
  count(OperationKind::kGates, 12 * dmemory.elements(), {{&previous, &gates, &dmemory}, {&gates, &dmemory}});
}

void CountingBackend::do_gated_output(GateValues values, const Tensor& gate, const Tensor& content,
                                      const Tensor& hidden) {
  if (values == GateValues::kActivated) {
    count(OperationKind::kGates, hidden.elements(), {{&gate, &content}, {&hidden}});
    return;
  }
  count(OperationKind::kGates, (kSigmoid + kTranscendental + 1) * hidden.elements(),
        {{&gate, &content}, {&gate, &content, &hidden}});
}

void CountingBackend::do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) {
  count(OperationKind::kGates, 8 * dhidden.elements(), {{&dhidden, &gate, &content}, {&gate, &content}});
}

// i, f, o logistic, two hyperbolic tangents, four operations for c and h; six more for peepholes.
void CountingBackend::do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates,
                              const Tensor& cell, const Tensor& hidden) {
  const std::int64_t each = 3 * kSigmoid + 2 * kTranscendental + 4 + (peephole ? 6 : 0);
  count(OperationKind::kGates, each * cell.elements(), {{&cell_previous, &peephole, &gates}, {&gates, &cell, &hidden}});
}

void CountingBackend::do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                                    const Tensor& hidden) {
  count(OperationKind::kGates, (kTranscendental + 4) * cell.elements(), {{&cell_previous, &gates}, {&cell, &hidden}});
}

void CountingBackend::do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                                       const Tensor& dhidden, const Tensor& gates, const Tensor& dcell,
                                       const Tensor& dpeephole) {
  const std::int64_t each = kTranscendental + 23 + (peephole ? 12 : 0);
  count(OperationKind::kGates, each * cell.elements(),
        {{&cell_previous, &cell, &peephole, &dhidden, &gates, &dcell, &dpeephole}, {&gates, &dcell, &dpeephole}});
}

void CountingBackend::do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates,
                                   const Tensor& hidden_previous, const Tensor& gates, const Tensor& hidden_candidate,
                                   const Tensor& hidden) {
  const std::int64_t each = 2 * kSigmoid + cost_of(candidate) + 8;
  count(OperationKind::kGates, each * hidden.elements(),
        {{&hidden_gates, &hidden_previous, &gates}, {&gates, &hidden_candidate, &hidden}});
}

void CountingBackend::do_gru_after_backward(const ActivationSpec&, const Tensor& hidden_previous, const Tensor& dhidden,
                                            const Tensor& hidden_candidate, const Tensor& gates,
                                            const Tensor& dhidden_previous) {
  count(OperationKind::kGates, 19 * dhidden.elements(),
        {{&hidden_previous, &dhidden, &hidden_candidate, &gates, &dhidden_previous},
         {&hidden_candidate, &gates, &dhidden_previous}});
}

void CountingBackend::do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                                   const Tensor& hidden) {
  count(OperationKind::kGates, 4 * hidden.elements(), {{&gates, &candidate, &hidden_previous}, {&hidden}});
}

void CountingBackend::do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates,
                                          const Tensor& reset_hidden) {
  count(OperationKind::kGates, (2 * kSigmoid + 1) * hidden_previous.elements(),
        {{&hidden_previous, &gates}, {&gates, &reset_hidden}});
}

void CountingBackend::do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                           const Tensor& hidden_previous, const Tensor& candidate,
                                           const Tensor& hidden) {
  count(OperationKind::kGates, (cost_of(candidate_activation) + 4) * hidden.elements(),
        {{&gates, &hidden_previous, &candidate}, {&candidate, &hidden}});
}

void CountingBackend::do_gru_before_output_backward(const ActivationSpec&, const Tensor& hidden_previous,
                                                    const Tensor& dhidden, const Tensor& candidate, const Tensor& gates,
                                                    const Tensor& dhidden_previous) {
  count(OperationKind::kGates, 12 * dhidden.elements(),
        {{&hidden_previous, &dhidden, &candidate, &gates, &dhidden_previous}, {&candidate, &gates, &dhidden_previous}});
}

void CountingBackend::do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                                   const Tensor& gates, const Tensor& dhidden_previous) {
  count(OperationKind::kGates, 6 * hidden_previous.elements(),
        {{&hidden_previous, &dreset_hidden, &gates, &dhidden_previous}, {&gates, &dhidden_previous}});
}

// Four pixels and their weights a value, and as much for each of the two gradients.
void CountingBackend::do_warp(const Tensor& x, const Tensor& flows, std::int64_t, const Tensor& y) {
  count(OperationKind::kWarp, 8 * y.elements(), {{&x, &flows}, {&y}});
}

void CountingBackend::do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                                       const Tensor& dx, Write write) {
  Traffic traffic({&x, &flows, &dy}, {&dflows, &dx});
  if (write == Write::kAccumulate) traffic.add(dx);
  count(OperationKind::kWarp, 16 * dy.elements(), traffic);
}

void CountingBackend::do_group_norm(const GroupNormSpec&, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                    const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) {
  count(OperationKind::kNormalisation, 8 * x.elements(), {{&x, &gamma, &beta}, {&y, &mean, &reciprocal_deviation}});
}

void CountingBackend::do_group_norm_backward(const GroupNormSpec&, const Tensor& x, const Tensor& gamma,
                                             const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                             const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) {
  count(OperationKind::kNormalisation, 16 * x.elements(),
        {{&x, &gamma, &mean, &reciprocal_deviation, &dy, &dgamma, &dbeta}, {&dx, &dgamma, &dbeta}});
}

void CountingBackend::do_pixel_loss(const PixelLossSpec&, const Tensor& prediction, const Tensor& target,
                                    const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                    const Tensor& dprediction, Write write) {
  Traffic traffic({&prediction, &target, &mask, &lead_weights, &sum}, {&sum, &dprediction});
  if (write == Write::kAccumulate) traffic.add(dprediction);
  count(OperationKind::kLoss, 6 * prediction.elements(), traffic);
}

// Two transforms of H W numbers at 5 H W log2(H W) each; or eight blurs with 11 weights along each side. Then what is
// done a pixel.
void CountingBackend::do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target,
                                    const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                    const Tensor& dprediction, Write write) {
  Traffic traffic({&prediction, &target, &mask, &lead_weights, &sum}, {&sum, &dprediction});
  if (write == Write::kAccumulate) traffic.add(dprediction);
  const double pixels = static_cast<double>(prediction.dimension(2) * prediction.dimension(3));
  const double each = spec.kind == FrameLoss::kSpectral ? 10.0 * std::log2(std::max(pixels, 1.0)) + 20.0
                                                        : 8.0 * 2.0 * 2.0 * kStructureWindow + 40.0;
  count(OperationKind::kLoss, std::llround(each * static_cast<double>(prediction.elements())), traffic);
}

void CountingBackend::do_euclidean_norm(const Tensor& x, const Tensor& norm) {
  count(OperationKind::kOptimizer, 2 * x.elements(), {{&x}, {&norm}});
}

void CountingBackend::do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm,
                                        const Tensor& value, const Tensor& first, const Tensor& second) {
  const bool adam = spec.rule == OptimizerRule::kAdam || spec.rule == OptimizerRule::kAdamW;
  count(OperationKind::kOptimizer, (adam ? 13 : 7) * value.elements(),
        {{&gradient, &norm, &value, &first, &second}, {&value, &first, &second}});
}

void CountingBackend::do_moving_average(double, const Tensor& value, const Tensor& average) {
  count(OperationKind::kOptimizer, 3 * value.elements(), {{&value, &average}, {&average}});
}

}  // namespace nextframe
