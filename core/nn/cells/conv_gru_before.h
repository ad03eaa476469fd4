#pragma once

#include <optional>

#include "core/nn/cells/gate_convolutions.h"

namespace nextframe {

/// ConvGRU with the reset gate applied before the hidden convolution (Ballas et al. 2016), gates in order z,r,n:
///   z = s(Wxz*x + Whz*h' + bz)   r = s(Wxr*x + Whr*h' + br)
///   n = act(Wxn*x + Whn*(r o h') + bn)   h = (1-z) o h' + z o n
/// z,r and n stand in two sequences, so that each is the whole output of a convolution with a slice of the weights. Kept
/// for backward: both, activated, the sequence r o h', and with a norm the pre-activations.
class ConvGruBefore : public Cell {
 public:
  ConvGruBefore(const Context& context, const std::string& prefix, const CellOptions& options);

  int state_count() const override { return 1; }
  void begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) override;
  void step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void begin_steps(const Geometry& geometry, InitialState initial) override;
  void take_input(std::int64_t t, const Tensor& x) override;
  void add_input_gradient(std::int64_t t, const Tensor& dx) override;
  void begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) override;
  void restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState& next,
                     const RecurrentState& dstate, const Tensor& dprevious) override;
  void finish_hidden(const Tensor& hidden) override;
  void finish_input(const Tensor& x) override;
  void input_gradient(const Tensor& dx) override;
  void release() override;

 protected:
  void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                            const RecurrentState& next) override;

 private:
  /// One of the two sequences: the channels of the stacked parameters first .. last-1, its pre-activations, and its
  /// values after the norm where there is one.
  struct Part {
    std::int64_t first = 0, last = 0;
    std::optional<GateNorm> norm;
    Tensor raw;
    Tensor normalised;

    const Tensor& activated() const { return norm ? normalised : raw; }
  };

  std::int64_t slot(std::int64_t t, const Tensor& kept) const { return kept.dimension(0) == 1 ? 0 : t; }
  Tensor bias_of(const Part& part) const;
  void allocate_part(Part& part, const Geometry& kept);
  void prepare(const Geometry& geometry, InitialState initial, Mode mode);
  /// raw = the input convolution of x, both of some steps, merged.
  void convolve_input(const Part& part, const Tensor& x, const Tensor& raw);
  GateWeights weights_of(const Part& part) const;
  /// The tile's pre-activations and their norm, in `slot` of the part's tiles.
  Tensor convolve_part(Part& part, std::int64_t slot, const Range& tile, const Tensor& x, const Tensor& source);
  /// raw[t] gets the hidden convolution of `source`, or the bias alone, then the norm.
  void convolve_hidden(Part& part, std::int64_t t, const Tensor& source);

  GateParameters ids_;
  Part gates_;           ///< z,r: [T,N,H,W,2C]
  Part candidate_;       ///< n: [T,N,H,W,C]
  Tensor reset_hidden_;  ///< [T,N,H,W,C]
};

}  // namespace nextframe
