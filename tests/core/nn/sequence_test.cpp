// However a sequence is cut, in time or in its batch, the same comes out.

#include <gtest/gtest.h>

#include "tests/core/nn/recurrent_run.h"
#include "tests/support/backends.h"

namespace nextframe::test {
namespace {

constexpr std::uint64_t kSeed = 23;
constexpr double kTolerance = 2e-6;
constexpr Geometry kGeometry{.steps = 5, .batch = 3, .height = 4, .width = 5};

class Sequence : public testing::TestWithParam<BackendUnderTest> {
 protected:
  Sequence() : backend_(GetParam().make()) {}

  Tensor filled(const Shape& shape) {
    return upload(*backend_, shape, DType::kFloat32, uniform(random_, shape.elements(), -1.0, 1.0));
  }
  RecurrentState filled_state(const RecurrentRun& run, const Shape& shape) {
    RecurrentState state;
    for (std::size_t i = 0; i < run.state_count(); ++i) state.push_back(filled(shape));
    return state;
  }
  RecurrentState copies(const RecurrentState& state) {
    RecurrentState result;
    for (const Tensor& tensor : state) {
      result.push_back(backend_->allocate(tensor.shape(), tensor.dtype()));
      backend_->copy(tensor, result.back());
    }
    return result;
  }
  std::vector<double> values(const Tensor& tensor) { return download(*backend_, tensor); }
  void append(std::vector<double>& to, const Tensor& tensor) {
    const std::vector<double> more = values(tensor);
    to.insert(to.end(), more.begin(), more.end());
  }
  void expect_same(const std::vector<double>& got, const std::vector<double>& expected, const std::string& what) {
    EXPECT_LT(relative_difference(got, expected), kTolerance) << what;
  }

  void expect_same_state(const RecurrentState& got, const RecurrentState& expected, const std::string& what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    for (std::size_t i = 0; i < got.size(); ++i) expect_same(values(got[i]), values(expected[i]), what + " state");
  }

  /// Calls check(name, options) for every cell, with and without an input. The candidate's activation is the seam's
  /// business, so one is enough where each operation wakes several threads.
  template <class Check>
  void each_cell(const Check& check) {
    for (CellVariant variant : cell_variants()) {
      if (GetParam().name != "reference" && variant.options.candidate.kind != Activation::kTanh) continue;
      variant.options.hidden_channels = 6;
      check(variant.name, variant.options);
      variant.options.input_channels = 0;
      check(variant.name + " without input", variant.options);
    }
  }

  /// A forward and backward pass, gradients of outputs and of the final state given.
  struct Pass {
    std::vector<double> outputs, dx, dparameters;
    RecurrentState final, dinitial;
  };
  Pass pass(const CellOptions& options, const Geometry& geometry, const Tensor& x, const RecurrentState& initial,
            const Tensor& doutputs, const RecurrentState& dfinal) {
    RecurrentRun run(*backend_, DType::kFloat32, options);
    run.fill_parameters(kSeed);
    Pass result;
    result.final = initial;
    result.outputs = values(run.layer().forward(geometry, x, result.final));
    expect_same(values(run.layer().output()), result.outputs, "the outputs made again");
    backend_->copy(doutputs, run.layer().output_gradient());
    const RecurrentLayer::Gradients gradients = run.layer().backward(
        dfinal, [&] { return x; }, x ? InputGradient::kWanted : InputGradient::kNone);
    result.dinitial = gradients.initial;
    if (x) result.dx = values(gradients.x);
    result.dparameters = values(run.parameters().gradients());
    return result;
  }

  std::unique_ptr<Backend> backend_;
  Random random_{29};
};

TEST_P(Sequence, AllStepsAtOnceEqualStepByStep) {
  each_cell([&](const std::string& name, const CellOptions& options) {
    RecurrentRun run(*backend_, DType::kFloat32, options);
    run.fill_parameters(kSeed);
    const Tensor x = options.input_channels > 0 ? filled(kGeometry.sequence(options.input_channels)) : Tensor();
    for (const bool zero : {false, true}) {
      const RecurrentState initial =
          zero ? RecurrentState() : filled_state(run, kGeometry.step(options.hidden_channels));
      RecurrentState last = initial;
      const std::vector<double> whole = values(run.layer().forward(kGeometry, x, last));
      RecurrentState state = initial;
      expect_same(values(run.layer().infer(kGeometry, x, state, {})), whole, name + " inference");
      expect_same_state(state, last, name + " inference");

      Geometry one = kGeometry;
      one.steps = 1;
      state = initial;
      std::vector<double> steps;
      for (std::int64_t t = 0; t < kGeometry.steps; ++t) {
        append(steps, run.layer().infer(one, x ? x.range(t, t + 1) : Tensor(), state, {}));
      }
      expect_same(steps, whole, name);
      expect_same_state(state, last, name);
    }
  });
}

TEST_P(Sequence, TilesEqualWholeFrames) {
  each_cell([&](const std::string& name, CellOptions options) {
    options.hidden_kernel = 5;
    RecurrentRun run(*backend_, DType::kFloat32, options);
    run.fill_parameters(kSeed);
    const Tensor x = options.input_channels > 0 ? filled(kGeometry.sequence(options.input_channels)) : Tensor();
    for (const bool zero : {false, true}) {
      const RecurrentState initial =
          zero ? RecurrentState() : filled_state(run, kGeometry.step(options.hidden_channels));
      std::vector<std::vector<double>> before;
      for (const Tensor& tensor : initial) before.push_back(values(tensor));
      RecurrentState last = initial;
      const std::vector<double> whole = values(run.layer().forward(kGeometry, x, last));
      for (const std::int64_t rows : {1, 2, 3, 4}) {
        const std::string what = name + " in tiles of " + std::to_string(rows);
        RecurrentState state = initial;
        expect_same(values(run.layer().infer(kGeometry, x, state, {.rows = rows})), whole, what);
        expect_same_state(state, last, what);
      }
      for (std::size_t i = 0; i < initial.size(); ++i) {
        EXPECT_EQ(values(initial[i]), before[i]) << name << ": the initial state was written to";
      }
    }
  });
}

TEST_P(Sequence, CutInTimeForwardAndBackward) {
  constexpr std::int64_t kCut = 2;
  each_cell([&](const std::string& name, const CellOptions& options) {
    const RecurrentRun shape(*backend_, DType::kFloat32, options);
    const Shape state = kGeometry.step(options.hidden_channels);
    const Tensor x = options.input_channels > 0 ? filled(kGeometry.sequence(options.input_channels)) : Tensor();
    const Tensor doutputs = filled(kGeometry.sequence(options.hidden_channels));
    const RecurrentState initial = filled_state(shape, state), dfinal = filled_state(shape, state);
    const Pass whole = pass(options, kGeometry, x, initial, doutputs, copies(dfinal));

    Geometry first = kGeometry, second = kGeometry;
    first.steps = kCut;
    second.steps = kGeometry.steps - kCut;
    const auto part = [&](const Tensor& tensor, std::int64_t from, std::int64_t to) {
      return tensor ? tensor.range(from, to) : Tensor();
    };
    // The second part's backward pass has to come before the first's, which needs its result.
    const RecurrentState zeros_after = copies(dfinal);
    const Pass ahead = pass(options, first, part(x, 0, kCut), initial, doutputs.range(0, kCut), zeros_after);
    const Pass b = pass(options, second, part(x, kCut, kGeometry.steps), ahead.final,
                        doutputs.range(kCut, kGeometry.steps), copies(dfinal));
    const Pass a = pass(options, first, part(x, 0, kCut), initial, doutputs.range(0, kCut), copies(b.dinitial));

    std::vector<double> outputs = a.outputs, dx = a.dx, dparameters = a.dparameters;
    outputs.insert(outputs.end(), b.outputs.begin(), b.outputs.end());
    dx.insert(dx.end(), b.dx.begin(), b.dx.end());
    for (std::size_t i = 0; i < dparameters.size(); ++i) dparameters[i] += b.dparameters[i];
    expect_same(outputs, whole.outputs, name + " outputs");
    expect_same(dx, whole.dx, name + " dx");
    expect_same(dparameters, whole.dparameters, name + " parameter gradients");
    for (std::size_t i = 0; i < whole.dinitial.size(); ++i) {
      expect_same(values(a.dinitial[i]), values(whole.dinitial[i]), name + " gradient of the initial state");
    }
  });
}

TEST_P(Sequence, ABatchEqualsItsSequences) {
  each_cell([&](const std::string& name, const CellOptions& options) {
    RecurrentRun run(*backend_, DType::kFloat32, options);
    run.fill_parameters(kSeed);
    const std::int64_t channels = options.hidden_channels;
    Geometry one = kGeometry;
    one.batch = 1;
    std::vector<Tensor> xs, douts;
    std::vector<RecurrentState> initials, dfinals;
    for (std::int64_t n = 0; n < kGeometry.batch; ++n) {
      xs.push_back(options.input_channels > 0 ? filled(one.sequence(options.input_channels)) : Tensor());
      douts.push_back(filled(one.sequence(channels)));
      initials.push_back(filled_state(run, one.step(channels)));
      dfinals.push_back(filled_state(run, one.step(channels)));
    }
    const auto joined = [&](const std::vector<Tensor>& parts, std::int64_t steps) {
      if (!parts[0]) return Tensor();
      const std::int64_t rows = static_cast<std::int64_t>(parts.size());
      const std::int64_t size = parts[0].elements() / steps;
      const Tensor whole = backend_->allocate({steps, rows, size}, DType::kFloat32);
      for (std::int64_t t = 0; t < steps; ++t) {
        for (std::int64_t n = 0; n < rows; ++n) {
          backend_->copy(parts[static_cast<std::size_t>(n)].reshaped({steps, size}).at(t), whole.at(t).at(n));
        }
      }
      return whole;
    };
    const auto joined_states = [&](const std::vector<RecurrentState>& parts) {
      RecurrentState whole;
      for (std::size_t i = 0; i < parts[0].size(); ++i) {
        std::vector<Tensor> column;
        for (const RecurrentState& part : parts) column.push_back(part[i]);
        whole.push_back(joined(column, 1).reshaped(kGeometry.step(channels)));
      }
      return whole;
    };
    const Tensor x = joined(xs, kGeometry.steps);
    const Pass batch =
        pass(options, kGeometry, x ? x.reshaped(kGeometry.sequence(options.input_channels)) : Tensor(),
             joined_states(initials), joined(douts, kGeometry.steps).reshaped(kGeometry.sequence(channels)),
             joined_states(dfinals));

    std::vector<Tensor> outputs, dxs;
    std::vector<double> dparameters(batch.dparameters.size(), 0.0);
    for (std::size_t n = 0; n < xs.size(); ++n) {
      const Pass single = pass(options, one, xs[n], initials[n], douts[n], dfinals[n]);
      outputs.push_back(upload(*backend_, one.sequence(channels), DType::kFloat32, single.outputs));
      dxs.push_back(xs[n] ? upload(*backend_, xs[n].shape(), DType::kFloat32, single.dx) : Tensor());
      for (std::size_t i = 0; i < dparameters.size(); ++i) dparameters[i] += single.dparameters[i];
    }
    expect_same(batch.outputs, values(joined(outputs, kGeometry.steps)), name + " outputs");
    if (x) expect_same(batch.dx, values(joined(dxs, kGeometry.steps)), name + " dx");
    expect_same(batch.dparameters, dparameters, name + " parameter gradients");
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, Sequence, testing::ValuesIn(backends_under_test()), BackendName());

}  // namespace
}  // namespace nextframe::test
