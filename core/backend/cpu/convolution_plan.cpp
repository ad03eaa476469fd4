#include "core/backend/cpu/convolution_plan.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/backend/cpu/onednn_compat.h"
#include "core/backend/cpu/parallel.h"
#include "core/base/error.h"

namespace nextframe::cpu {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

/// Frames of any size may come; beyond this many problems the plans start anew rather than grow without end.
constexpr std::size_t kMostPlans = 1024;
constexpr std::size_t kMostWeights = 1024;

constexpr auto kFloat = memory::data_type::f32;

memory::data_type type_of(DType dtype) { return dtype == DType::kBFloat16 ? memory::data_type::bf16 : kFloat; }

memory::data_type operand_type(const PlanKey& key) {
  return key.operands == Operands::kBFloat16 ? memory::data_type::bf16 : kFloat;
}

/// Length of padding behind the last pixel; negative where a stride leaves pixels over.
std::int64_t padding_high(std::int64_t source, std::int64_t destination, std::int64_t kernel, std::int64_t pad,
                          const PlanKey& key) {
  return (destination - 1) * key.stride + key.dilation * (kernel - 1) + 1 - source - pad;
}

ConvolutionProblem describe(const PlanKey& key) {
  ConvolutionProblem problem;
  const auto operand = operand_type(key);
  problem.source = memory::desc({key.batch, key.source_channels, key.source_height, key.source_width},
                                key.kind == PlanKind::kDataGradient ? type_of(key.result) : operand, Tag::nhwc);
  problem.destination =
      memory::desc({key.batch, key.destination_channels, key.destination_height, key.destination_width},
                   key.kind == PlanKind::kForward ? type_of(key.result) : operand, Tag::nhwc);
  problem.weights = memory::desc({key.destination_channels, key.source_channels, key.kernel_height, key.kernel_width},
                                 key.kind == PlanKind::kWeightsGradient ? kFloat : operand, Tag::any);
  if (key.bias) problem.bias = memory::desc({key.destination_channels}, kFloat, Tag::x);
  problem.strides = {key.stride, key.stride};
  problem.dilation = {key.dilation - 1, key.dilation - 1};
  problem.padding_low = {key.pad_height, key.pad_width};
  problem.padding_high = {
      padding_high(key.source_height, key.destination_height, key.kernel_height, key.pad_height, key),
      padding_high(key.source_width, key.destination_width, key.kernel_width, key.pad_width, key)};
  return problem;
}

/// The forward convolution whose gradient a key asks for: the library wants to see one in types that it could run.
ConvolutionProblem forward_of(const PlanKey& key) {
  PlanKey forward = key;
  forward.kind = PlanKind::kForward;
  forward.result = key.operands == Operands::kBFloat16 ? DType::kBFloat16 : DType::kFloat32;
  return describe(forward);
}

dnnl::primitive_attr attributes_of(const PlanKey& key) {
  dnnl::post_ops after;
  if (key.accumulate) after.append_sum(1.0f);
  const auto slope = static_cast<float>(key.activation.slope);
  switch (key.activation.kind) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      append_activation(after, dnnl::algorithm::eltwise_relu, 0.0f);
      break;
    case Activation::kLeaky:
      append_activation(after, dnnl::algorithm::eltwise_relu, slope);
      break;
    case Activation::kTanh:
      append_activation(after, dnnl::algorithm::eltwise_tanh, 0.0f);
      break;
    case Activation::kSigmoid:
      append_activation(after, dnnl::algorithm::eltwise_logistic, 0.0f);
      break;
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  // Scratchpads are ours: the library's own are shared by thread, outlive the backend and are in nobody's plan.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// flipped[i][o][a][b] = weights[o][i][kh-1-a][kw-1-b] for weights [out,in,kh,kw].
void flip_and_swap(const float* weights, float* flipped, std::int64_t out, std::int64_t in, std::int64_t taps,
                   const Threads& threads) {
  parallel_for(threads, in, std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, out * taps)),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   for (std::int64_t o = 0; o < out; ++o) {
                     const float* from = weights + (o * in + i) * taps;
                     std::reverse_copy(from, from + taps, flipped + (i * out + o) * taps);
                   }
                 }
               });
}

/// What a multiplication by bf16 numbers would make of weights.
void round_to_bf16(const float* weights, float* rounded, std::int64_t count, const Threads& threads) {
  parallel_for(threads, count, 65536, [=](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) rounded[i] = static_cast<float>(BFloat16(weights[i]));
  });
}

float* floats(const std::shared_ptr<Buffer>& buffer) { return static_cast<float*>(buffer->data()); }

void* address_or_null(const Tensor& tensor) { return tensor ? tensor.raw() : nullptr; }

bool is_aligned(const Tensor& tensor) { return reinterpret_cast<std::uintptr_t>(address_or_null(tensor)) % 16 == 0; }

/// Room for a copy of a tensor, or nothing for an empty one.
Tensor aligned_room(MemoryPool& pool, const Tensor& from) {
  if (!from) return {};
  return {pool.allocate(from.bytes(), MemoryUse::kWorkspace), 0, from.shape(), from.dtype()};
}

void copy_floats(const Tensor& from, const Tensor& to) {
  if (from) std::copy_n(from.data<float>(), from.elements(), to.data<float>());
}

}  // namespace

struct ConvolutionPlans::Engine {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

struct ConvolutionPlans::Plan {
  dnnl::primitive primitive;
  memory source, weights, bias, destination, scratchpad;
  std::unordered_map<int, memory> arguments;
  std::size_t scratchpad_bytes = 0;
  bool fast = true;        ///< not one of the library's plain loops
  dnnl::reorder to_plain;  ///< kWeightsGradient only: from the primitive's layout to [out,in,kh,kw]
  memory plain_weights;
};

struct ConvolutionPlans::ReorderedWeights {
  WeightOrder order;
  Operands operands;
  memory::desc layout;
  memory plain;
  memory reordered;
  std::shared_ptr<Buffer> buffer;
  dnnl::reorder reorder;
  std::uint64_t version = 0;
};

std::string describe_onednn() {
  const dnnl_version_t* version = dnnl_version();
  return format("oneDNN {}.{}.{} ({})", version->major, version->minor, version->patch, onednn_instruction_set());
}

std::string_view onednn_instructions() { return onednn_instruction_set(); }

bool onednn_has_bf16() { return onednn_bf16_instructions(); }

bool onednn_has_tiles() { return onednn_tile_instructions(); }

std::size_t PlanKeyHash::operator()(const PlanKey& key) const {
  std::uint64_t hash = 0x9E3779B97F4A7C15u;
  const auto mix = [&hash](std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
  };
  mix(static_cast<std::int64_t>(key.kind));
  for (const std::int64_t value :
       {key.batch, key.source_height, key.source_width, key.source_channels, key.destination_height,
        key.destination_width, key.destination_channels, key.kernel_height, key.kernel_width, key.stride, key.dilation,
        key.pad_height, key.pad_width}) {
    mix(value);
  }
  mix((key.bias ? 1 : 0) + (key.accumulate ? 2 : 0) + 4 * static_cast<int>(key.activation.kind));
  mix(static_cast<std::int64_t>(key.operands) * 4 + static_cast<std::int64_t>(key.result));
  return hash;
}

ConvolutionPlans::ConvolutionPlans(const Threads& threads, std::shared_ptr<MemoryPool> pool)
    : threads_(threads),
      aligned_sums_(dnnl::get_effective_cpu_isa() == dnnl::cpu_isa::sse41),
      pool_(std::move(pool)),
      engine_(std::make_unique<Engine>()) {}

ConvolutionPlans::~ConvolutionPlans() = default;

ConvolutionPlans::Plan& ConvolutionPlans::plan(const PlanKey& key) {
  if (const auto found = plans_.find(key); found != plans_.end()) return *found->second;
  if (plans_.size() >= kMostPlans) plans_.clear();
  try {
    return *plans_.emplace(key, build(key)).first->second;
  } catch (const dnnl::error& error) {
    fail("[conv] oneDNN cannot do [{},{},{},{}] -> [{},{},{}] with a kernel of {}, stride {}, dilation {}: {}",
         key.batch, key.source_height, key.source_width, key.source_channels, key.destination_height,
         key.destination_width, key.destination_channels, key.kernel_height, key.stride, key.dilation, error.what());
  }
}

bool ConvolutionPlans::is_fast(const PlanKey& key) { return plan(key).fast; }

std::unique_ptr<ConvolutionPlans::Plan> ConvolutionPlans::build(const PlanKey& key) {
  auto made = std::make_unique<Plan>();
  const auto set_up = [&](const auto& primitive_type, const auto& description, const memory::desc& weights,
                          int source_role, int weights_role, int bias_role, int destination_role) {
    using Primitive = std::decay_t<decltype(primitive_type)>;
    made->primitive = Primitive(description);
    made->fast = std::string_view(description.impl_info_str()).find("ref") == std::string_view::npos;
    const ConvolutionProblem problem = describe(key);
    const auto add = [&](int role, const memory::desc& layout) {
      memory handle(layout, engine_->engine, DNNL_MEMORY_NONE);
      made->arguments.emplace(role, handle);
      return handle;
    };
    made->source = add(source_role, problem.source);
    made->weights = add(weights_role, weights);
    if (key.bias) made->bias = add(bias_role, problem.bias);
    made->destination = add(destination_role, problem.destination);
    made->scratchpad = add(DNNL_ARG_SCRATCHPAD, description.scratchpad_desc());
    made->scratchpad_bytes = description.scratchpad_desc().get_size();
  };

  const ConvolutionProblem problem = describe(key);
  const dnnl::primitive_attr attributes = attributes_of(key);
  switch (key.kind) {
    case PlanKind::kForward: {
      const auto d = describe_forward(engine_->engine, problem, attributes);
      set_up(dnnl::convolution_forward(), d, d.weights_desc(), DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS,
             DNNL_ARG_DST);
      break;
    }
    case PlanKind::kDataGradient: {
      const auto hint = describe_forward(engine_->engine, forward_of(key), dnnl::primitive_attr());
      const auto d = describe_data_gradient(engine_->engine, problem, hint, attributes);
      set_up(dnnl::convolution_backward_data(), d, d.weights_desc(), DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS,
             DNNL_ARG_DIFF_DST);
      break;
    }
    case PlanKind::kWeightsGradient: {
      const auto hint = describe_forward(engine_->engine, forward_of(key), dnnl::primitive_attr());
      const auto d = describe_weights_gradient(engine_->engine, problem, hint, attributes);
      set_up(dnnl::convolution_backward_weights(), d, d.diff_weights_desc(), DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS,
             DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST);
      const memory::desc plain({key.destination_channels, key.source_channels, key.kernel_height, key.kernel_width},
                               kFloat, Tag::oihw);
      made->plain_weights = memory(plain, engine_->engine, DNNL_MEMORY_NONE);
      made->to_plain = dnnl::reorder(made->weights, made->plain_weights);
      break;
    }
  }
  return made;
}

void ConvolutionPlans::execute(Plan& plan, void* source, void* weights, void* bias, void* destination) {
  std::shared_ptr<Buffer> scratchpad;
  if (plan.scratchpad_bytes > 0) scratchpad = pool_->allocate(plan.scratchpad_bytes, MemoryUse::kWorkspace);
  if (threads_.idle()) return;
  if (scratchpad) plan.scratchpad.set_data_handle(scratchpad->data());
  plan.source.set_data_handle(source);
  plan.weights.set_data_handle(weights);
  if (plan.bias) plan.bias.set_data_handle(bias);
  plan.destination.set_data_handle(destination);
  plan.primitive.execute(engine_->stream, plan.arguments);
  engine_->stream.wait();
}

void ConvolutionPlans::run(const PlanKey& key, const Tensor& source, const WeightView& weights, WeightOrder order,
                           const Tensor& bias, const Tensor& destination) {
  Plan& found = plan(key);
  void* const ready = weights_for(found, key, weights, order);
  if (!key.accumulate || !aligned_sums_ || (is_aligned(bias) && is_aligned(destination))) {
    execute(found, source.raw(), ready, address_or_null(bias), destination.raw());
    return;
  }
  const Tensor sum = aligned_room(*pool_, destination);
  const Tensor bias_copy = aligned_room(*pool_, bias);
  if (!threads_.idle()) {
    copy_floats(destination, sum);
    copy_floats(bias, bias_copy);
  }
  execute(found, source.raw(), ready, address_or_null(bias_copy), sum.raw());
  if (!threads_.idle()) copy_floats(sum, destination);
}

void ConvolutionPlans::run_weights_gradient(const PlanKey& key, const Tensor& source, const Tensor& destination,
                                            const Tensor& weights) {
  Plan& found = plan(key);
  const memory::desc layout = found.weights.get_desc();
  if (layout == found.plain_weights.get_desc()) {
    execute(found, source.raw(), weights.raw(), nullptr, destination.raw());
    return;
  }
  const auto blocked = pool_->allocate(layout.get_size(), MemoryUse::kWorkspace);
  execute(found, source.raw(), blocked->data(), nullptr, destination.raw());
  if (threads_.idle()) return;
  found.plain_weights.set_data_handle(weights.raw());
  found.to_plain.execute(engine_->stream, found.weights, found.plain_weights);
  engine_->stream.wait();
}

void* ConvolutionPlans::weights_for(const Plan& plan, const PlanKey& key, const WeightView& weights,
                                    WeightOrder order) {
  const memory::desc layout = plan.weights.get_desc();
  const memory::desc plain({key.destination_channels, key.source_channels, key.kernel_height, key.kernel_width}, kFloat,
                           Tag::oihw);
  const bool as_they_lie = order == WeightOrder::kPlain && key.operands != Operands::kRoundedFloat32;
  if (as_they_lie && layout == plain) return weights.tensor.raw();
  if (weights_.size() >= kMostWeights) weights_.clear();
  std::vector<ReorderedWeights>& entries = weights_[weights.tensor.raw()];
  for (ReorderedWeights& entry : entries) {
    if (entry.order != order || entry.operands != key.operands || entry.layout != layout) continue;
    // Version 0 names no version: such weights may have changed unseen.
    if (weights.version == 0 || entry.version != weights.version) fill(entry, key, weights);
    return entry.buffer->data();
  }
  ReorderedWeights entry;
  entry.order = order;
  entry.operands = key.operands;
  entry.layout = layout;
  entry.buffer = pool_->allocate(layout.get_size(), MemoryUse::kCopy);
  entry.plain = memory(plain, engine_->engine, DNNL_MEMORY_NONE);
  entry.reordered = memory(layout, engine_->engine, entry.buffer->data());
  entry.reorder = dnnl::reorder(entry.plain, entry.reordered);
  fill(entry, key, weights);
  entries.push_back(std::move(entry));
  return entries.back().buffer->data();
}

void ConvolutionPlans::fill(ReorderedWeights& entry, const PlanKey& key, const WeightView& weights) {
  float* from = weights.tensor.data<float>();
  std::shared_ptr<Buffer> rounded, flipped;
  if (key.operands == Operands::kRoundedFloat32) {
    rounded = pool_->allocate(weights.tensor.bytes(), MemoryUse::kCopy);
    round_to_bf16(from, floats(rounded), weights.tensor.elements(), threads_);
    from = floats(rounded);
  }
  if (entry.order == WeightOrder::kFlippedSwapped) {
    flipped = pool_->allocate(weights.tensor.bytes(), MemoryUse::kCopy);
    flip_and_swap(from, floats(flipped), key.source_channels, key.destination_channels,
                  key.kernel_height * key.kernel_width, threads_);
    from = floats(flipped);
  }
  if (threads_.idle()) return;
  entry.plain.set_data_handle(from);
  entry.reorder.execute(engine_->stream, entry.plain, entry.reordered);
  engine_->stream.wait();
  entry.version = weights.version;
}

}  // namespace nextframe::cpu
