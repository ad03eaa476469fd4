#pragma once

#include <dnnl.hpp>

namespace nextframe::cpu {

/// What differs between oneDNN 2.x (operation descriptors) and 3.x (primitive descriptors made directly) lives here and
/// nowhere else.

/// One 2-D convolution problem as oneDNN sees it. `dilation` counts from zero.
struct ConvolutionProblem {
  dnnl::memory::desc source;
  dnnl::memory::desc weights;
  dnnl::memory::desc bias;  ///< empty where there is none
  dnnl::memory::desc destination;
  dnnl::memory::dims strides;
  dnnl::memory::dims dilation;
  dnnl::memory::dims padding_low;
  dnnl::memory::dims padding_high;
};

#if DNNL_VERSION_MAJOR >= 3

inline void append_activation(dnnl::post_ops& after, dnnl::algorithm algorithm, float alpha) {
  after.append_eltwise(algorithm, alpha, 0.0f);
}

inline dnnl::convolution_forward::primitive_desc describe_forward(const dnnl::engine& engine,
                                                                  const ConvolutionProblem& p,
                                                                  const dnnl::primitive_attr& attributes) {
  const auto kind = dnnl::prop_kind::forward_training;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  return p.bias.is_zero() ? dnnl::convolution_forward::primitive_desc(engine, kind, algorithm, p.source, p.weights,
                                                                      p.destination, p.strides, p.dilation,
                                                                      p.padding_low, p.padding_high, attributes)
                          : dnnl::convolution_forward::primitive_desc(engine, kind, algorithm, p.source, p.weights,
                                                                      p.bias, p.destination, p.strides, p.dilation,
                                                                      p.padding_low, p.padding_high, attributes);
}

inline dnnl::convolution_backward_data::primitive_desc describe_data_gradient(
    const dnnl::engine& engine, const ConvolutionProblem& p, const dnnl::convolution_forward::primitive_desc& hint,
    const dnnl::primitive_attr& attributes) {
  return {engine,         dnnl::algorithm::convolution_direct,
          p.source,       p.weights,
          p.destination,  p.strides,
          p.dilation,     p.padding_low,
          p.padding_high, hint,
          attributes};
}

inline dnnl::convolution_backward_weights::primitive_desc describe_weights_gradient(
    const dnnl::engine& engine, const ConvolutionProblem& p, const dnnl::convolution_forward::primitive_desc& hint,
    const dnnl::primitive_attr& attributes) {
  const auto algorithm = dnnl::algorithm::convolution_direct;
  return p.bias.is_zero()
             ? dnnl::convolution_backward_weights::primitive_desc(engine, algorithm, p.source, p.weights, p.destination,
                                                                  p.strides, p.dilation, p.padding_low, p.padding_high,
                                                                  hint, attributes)
             : dnnl::convolution_backward_weights::primitive_desc(engine, algorithm, p.source, p.weights, p.bias,
                                                                  p.destination, p.strides, p.dilation, p.padding_low,
                                                                  p.padding_high, hint, attributes);
}

#else

inline void append_activation(dnnl::post_ops& after, dnnl::algorithm algorithm, float alpha) {
  after.append_eltwise(1.0f, algorithm, alpha, 0.0f);
}

inline dnnl::convolution_forward::primitive_desc describe_forward(const dnnl::engine& engine,
                                                                  const ConvolutionProblem& p,
                                                                  const dnnl::primitive_attr& attributes) {
  const auto kind = dnnl::prop_kind::forward_training;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const dnnl::convolution_forward::desc operation =
      p.bias.is_zero() ? dnnl::convolution_forward::desc(kind, algorithm, p.source, p.weights, p.destination, p.strides,
                                                         p.dilation, p.padding_low, p.padding_high)
                       : dnnl::convolution_forward::desc(kind, algorithm, p.source, p.weights, p.bias, p.destination,
                                                         p.strides, p.dilation, p.padding_low, p.padding_high);
  return {operation, attributes, engine};
}

inline dnnl::convolution_backward_data::primitive_desc describe_data_gradient(
    const dnnl::engine& engine, const ConvolutionProblem& p, const dnnl::convolution_forward::primitive_desc& hint,
    const dnnl::primitive_attr& attributes) {
  const dnnl::convolution_backward_data::desc operation(dnnl::algorithm::convolution_direct, p.source, p.weights,
                                                        p.destination, p.strides, p.dilation, p.padding_low,
                                                        p.padding_high);
  return {operation, attributes, engine, hint};
}

inline dnnl::convolution_backward_weights::primitive_desc describe_weights_gradient(
    const dnnl::engine& engine, const ConvolutionProblem& p, const dnnl::convolution_forward::primitive_desc& hint,
    const dnnl::primitive_attr& attributes) {
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const dnnl::convolution_backward_weights::desc operation =
      p.bias.is_zero() ? dnnl::convolution_backward_weights::desc(algorithm, p.source, p.weights, p.destination,
                                                                  p.strides, p.dilation, p.padding_low, p.padding_high)
                       : dnnl::convolution_backward_weights::desc(algorithm, p.source, p.weights, p.bias, p.destination,
                                                                  p.strides, p.dilation, p.padding_low, p.padding_high);
  return {operation, attributes, engine, hint};
}

#endif

/// Whether oneDNN may use AVX512_BF16, or AMX, which comes with it: an instruction set has the bits of those that it holds.
inline bool onednn_bf16_instructions() {
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

/// Whether it may use AMX, which multiplies bf16 many times as fast as anything multiplies float32.
inline bool onednn_tile_instructions() {
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_amx);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

inline const char* onednn_instruction_set() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 BF16";
    case dnnl::cpu_isa::avx512_core_amx:
      return "AMX";
    default:
      return "the processor's best";
  }
}

}  // namespace nextframe::cpu
