#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/backend/cpu/memory_pool.h"
#include "core/backend/cpu/parallel.h"
#include "core/backend/specs.h"

namespace nextframe::cpu {

/// oneDNN's version and the instruction set it chose.
std::string describe_onednn();
/// The instruction set alone: "AVX-512 BF16".
std::string_view onednn_instructions();
/// Whether oneDNN multiplies bf16 with instructions made for it.
bool onednn_has_bf16();
/// Whether it does so in tiles (AMX).
bool onednn_has_tiles();

enum class PlanKind : std::int64_t { kForward, kDataGradient, kWeightsGradient };

/// What a convolution multiplies.
enum class Operands : std::int64_t {
  kFloat32,
  kBFloat16,
  kRoundedFloat32,  ///< float32 activations that hold bf16 numbers, with weights rounded to such
};

/// Everything that decides which oneDNN primitive serves a convolution. Source is the wide side of a strided
/// convolution: its input, whatever the kind.
struct PlanKey {
  PlanKind kind = PlanKind::kForward;
  std::int64_t batch = 0;
  std::int64_t source_height = 0, source_width = 0, source_channels = 0;
  std::int64_t destination_height = 0, destination_width = 0, destination_channels = 0;
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride = 1, dilation = 1, pad_height = 0, pad_width = 0;
  bool bias = false;        ///< kForward only
  bool accumulate = false;  ///< kForward only: add to the destination
  ActivationSpec activation{};
  Operands operands = Operands::kFloat32;
  DType result = DType::kFloat32;  ///< of what kForward and kDataGradient write

  bool operator==(const PlanKey&) const = default;
};

struct PlanKeyHash {
  std::size_t operator()(const PlanKey& key) const;
};

/// How a convolution's weights are read: as they lie, or flipped in both kernel axes with the two channel axes swapped,
/// which turns the data gradient of an unstrided convolution into a forward convolution.
enum class WeightOrder { kPlain, kFlippedSwapped };

/// oneDNN primitives, one for each full problem, and weights in the layouts that these primitives like best. Building
/// either costs milliseconds, so both are kept: the last partial batch and the validation batch find theirs again.
class ConvolutionPlans {
 public:
  ConvolutionPlans(const Threads& threads, std::shared_ptr<MemoryPool> pool);
  ~ConvolutionPlans();

  /// Whether oneDNN has more than its plain reference for a problem.
  bool is_fast(const PlanKey& key);
  /// destination = convolution(source, weights) by the key; for kDataGradient the source is written from the
  /// destination. The weights are float32 [out,in,kh,kw], or [in,out,kh,kw] where `order` swaps them.
  void run(const PlanKey& key, const Tensor& source, const WeightView& weights, WeightOrder order, const Tensor& bias,
           const Tensor& destination);
  /// Writes the gradient of weights [out,in,kh,kw] to `weights`, in float32.
  void run_weights_gradient(const PlanKey& key, const Tensor& source, const Tensor& destination, const Tensor& weights);

 private:
  struct Plan;
  struct ReorderedWeights;

  Plan& plan(const PlanKey& key);
  std::unique_ptr<Plan> build(const PlanKey& key);
  void execute(Plan& plan, void* source, void* weights, void* bias, void* destination);
  void* weights_for(const Plan& plan, const PlanKey& key, const WeightView& weights, WeightOrder order);
  void fill(ReorderedWeights& entry, const PlanKey& key, const WeightView& weights);

  struct Engine;
  Threads threads_;
  /// Whether oneDNN's kernels add to a destination, and a bias to that, as if both were aligned to 16 bytes: its SSE4.1
  /// kernels do.
  bool aligned_sums_;
  std::shared_ptr<MemoryPool> pool_;
  std::unique_ptr<Engine> engine_;
  std::unordered_map<PlanKey, std::unique_ptr<Plan>, PlanKeyHash> plans_;
  std::unordered_map<const void*, std::vector<ReorderedWeights>> weights_;
};

}  // namespace nextframe::cpu
