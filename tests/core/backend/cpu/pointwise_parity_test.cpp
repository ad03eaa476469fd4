#include "tests/core/backend/cpu/parity.h"

namespace nextframe {
namespace {

class PointwiseParity : public Parity {
 protected:
  /// Channel counts below, at and beside the vector widths; pixel counts for one and for many threads.
  template <class Check>
  void each_state(const Check& check) {
    for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 1}, Shape{1, 4, 4, 3}, Shape{2, 7, 5, 16},
                               Shape{1, 9, 6, 17}, Shape{3, 8, 8, 33}, Shape{2, 32, 16, 64}}) {
      check(shape, to_string(shape));
    }
  }

  Shape with_channels(const Shape& shape, std::int64_t times) { return shape.with(-1, shape[-1] * times); }
};

const Write kWrites[] = {Write::kOverwrite, Write::kAccumulate};
const ActivationSpec kActivations[] = {{Activation::kNone, 0.2},
                                       {Activation::kLeaky, 0.2},
                                       {Activation::kRelu, 0.2},
                                       {Activation::kTanh, 0.2},
                                       {Activation::kSigmoid, 0.2}};

TEST_P(PointwiseParity, Elementwise) {
  each_state([&](const Shape& shape, const std::string& name) {
    for (const Write write : kWrites) {
      const Both x = filled(shape), y = output(shape, write);
      reference_.add(0.3, x.reference, y.reference, write);
      cpu_->add(0.3, x.cpu, y.cpu, write);
      expect_equal(y, "add " + name);
      const Both bias = filled({shape[-1]}), z = output(shape, write);
      reference_.broadcast_channels(bias.reference, z.reference, write);
      cpu_->broadcast_channels(bias.cpu, z.cpu, write);
      expect_equal(z, "broadcast " + name);
      const Both sums = output({shape[-1]}, write);
      reference_.sum_channels(x.reference, sums.reference, write);
      cpu_->sum_channels(x.cpu, sums.cpu, write);
      expect_equal(sums, "sum " + name);
    }
    const Both x = filled(shape), copy = poisoned(shape), full = poisoned(shape);
    reference_.copy(x.reference, copy.reference);
    cpu_->copy(x.cpu, copy.cpu);
    expect_equal(copy, "copy " + name);
    reference_.fill(0.7, full.reference);
    cpu_->fill(0.7, full.cpu);
    expect_equal(full, "fill " + name);
  });
}

TEST_P(PointwiseParity, Activations) {
  each_state([&](const Shape& shape, const std::string& name) {
    for (const ActivationSpec& spec : kActivations) {
      const Both x = filled(shape, -12.0, 12.0), y = poisoned(shape), dy = filled(shape), dx = poisoned(shape);
      reference_.activate(spec, x.reference, y.reference);
      cpu_->activate(spec, x.cpu, y.cpu);
      expect_equal(y, "activate " + name);
      reference_.activate_backward(spec, y.reference, dy.reference, dx.reference);
      cpu_->activate_backward(spec, y.cpu, dy.cpu, dx.cpu);
      expect_equal(dx, "activate_backward " + name, 1e-5);
      cpu_->activate(spec, x.cpu, x.cpu);
      reference_.activate(spec, x.reference, x.reference);
      expect_equal(x, "in place " + name);
    }
  });
}

TEST_P(PointwiseParity, ActivationsNearAndFarFromZero) {
  std::vector<float> values;
  for (double x = -100.0; x < 100.0; x += 0.37) values.push_back(static_cast<float>(x));
  for (double x = 1e-8; x < 1.0; x *= 1.3) values.push_back(static_cast<float>(-x));
  for (const float x : {0.0f, -0.0f, 0.29999f, 0.30001f, 1e30f, -1e30f}) values.push_back(x);
  const Both x = uploaded({static_cast<std::int64_t>(values.size())}, values);
  for (const Activation kind : {Activation::kTanh, Activation::kSigmoid}) {
    const Both y = poisoned(x.cpu.shape());
    cpu_->activate({kind, 0.0}, x.cpu, y.cpu);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double v = static_cast<double>(values[i]);
      const double expected = kind == Activation::kTanh ? std::tanh(v) : 1.0 / (1.0 + std::exp(-v));
      EXPECT_NEAR(expected, static_cast<double>(y.cpu.data<float>()[i]), 5e-7 * std::abs(expected) + 1e-37) << v;
    }
  }
}

TEST_P(PointwiseParity, NanPassesThrough) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const ActivationSpec& spec : kActivations) {
    const Both x = uploaded({35}, std::vector<float>(35, nan)), y = filled({35});
    cpu_->activate(spec, x.cpu, y.cpu);
    for (int i = 0; i < 35; ++i) EXPECT_TRUE(std::isnan(y.cpu.data<float>()[i])) << static_cast<int>(spec.kind);
  }
}

TEST_P(PointwiseParity, Layout) {
  for (const int block : {1, 2, 4}) {
    for (const std::int64_t channels : {1, 3}) {
      const Shape frames{2, 8, 12, channels}, deep{2, 8 / block, 12 / block, channels * block * block};
      const Both x = filled(frames), y = poisoned(deep), back = poisoned(frames);
      reference_.space_to_depth(block, x.reference, y.reference);
      cpu_->space_to_depth(block, x.cpu, y.cpu);
      expect_equal(y, "space_to_depth");
      cpu_->depth_to_space(block, y.cpu, back.cpu);
      expect_equal({x.reference, back.cpu}, "depth_to_space");
    }
  }
  for (const PadFill fill : {PadFill::kZero, PadFill::kEdge}) {
    for (const Shape& to : {Shape{2, 5, 7, 3}, Shape{2, 8, 9, 3}, Shape{2, 3, 9, 3}, Shape{2, 9, 4, 3}}) {
      const Both x = filled({2, 5, 7, 3}), y = poisoned(to);
      reference_.crop_or_pad(fill, x.reference, y.reference);
      cpu_->crop_or_pad(fill, x.cpu, y.cpu);
      expect_equal(y, "crop_or_pad " + to_string(to));
    }
  }
}

TEST_P(PointwiseParity, Lstm) {
  each_state([&](const Shape& shape, const std::string& name) {
    for (const bool with_peephole : {false, true}) {
      const Both before = filled(shape), gates = filled(with_channels(shape, 4), -3.0, 3.0);
      const Both weights = filled({3 * shape[-1]}), dpeephole = filled({3 * shape[-1]});
      const Both peephole = with_peephole ? weights : Both{};
      const Both sums = with_peephole ? dpeephole : Both{};
      const Both cell = poisoned(shape), hidden = poisoned(shape), dhidden = filled(shape), dcell = filled(shape);
      reference_.lstm(before.reference, peephole.reference, gates.reference, cell.reference, hidden.reference);
      cpu_->lstm(before.cpu, peephole.cpu, gates.cpu, cell.cpu, hidden.cpu);
      for (const Both* both : {&gates, &cell, &hidden}) expect_equal(*both, "lstm " + name);
      reference_.lstm_backward(before.reference, cell.reference, peephole.reference, dhidden.reference, gates.reference,
                               dcell.reference, sums.reference);
      cpu_->lstm_backward(before.cpu, cell.cpu, peephole.cpu, dhidden.cpu, gates.cpu, dcell.cpu, sums.cpu);
      for (const Both* both : {&gates, &dcell, &dpeephole}) expect_equal(*both, "lstm_backward " + name, 1e-5);
    }
  });
}

TEST_P(PointwiseParity, GruAfter) {
  each_state([&](const Shape& shape, const std::string& name) {
    for (const ActivationSpec& spec : kActivations) {
      const Both from = filled(with_channels(shape, 3)), before = filled(shape),
                 gates = filled(with_channels(shape, 3));
      const Both kept = poisoned(shape), hidden = poisoned(shape), dhidden = filled(shape);
      const Both dbefore = filled(shape);
      reference_.gru_after(spec, from.reference, before.reference, gates.reference, kept.reference, hidden.reference);
      cpu_->gru_after(spec, from.cpu, before.cpu, gates.cpu, kept.cpu, hidden.cpu);
      for (const Both* both : {&gates, &kept, &hidden}) expect_equal(*both, "gru_after " + name);
      reference_.gru_after_backward(spec, before.reference, dhidden.reference, kept.reference, gates.reference,
                                    dbefore.reference);
      cpu_->gru_after_backward(spec, before.cpu, dhidden.cpu, kept.cpu, gates.cpu, dbefore.cpu);
      for (const Both* both : {&gates, &kept, &dbefore}) expect_equal(*both, "gru_after_backward " + name, 1e-5);
    }
  });
}

TEST_P(PointwiseParity, GruBefore) {
  each_state([&](const Shape& shape, const std::string& name) {
    for (const ActivationSpec& spec : kActivations) {
      const Both before = filled(shape), gates = filled(with_channels(shape, 2)), reset = poisoned(shape);
      const Both candidate = filled(shape), hidden = poisoned(shape), dhidden = filled(shape);
      const Both dbefore = filled(shape), dreset = filled(shape);
      reference_.gru_before_gates(before.reference, gates.reference, reset.reference);
      cpu_->gru_before_gates(before.cpu, gates.cpu, reset.cpu);
      for (const Both* both : {&gates, &reset}) expect_equal(*both, "gates " + name);
      reference_.gru_before_output(spec, gates.reference, before.reference, candidate.reference, hidden.reference);
      cpu_->gru_before_output(spec, gates.cpu, before.cpu, candidate.cpu, hidden.cpu);
      for (const Both* both : {&candidate, &hidden}) expect_equal(*both, "output " + name);
      reference_.gru_before_output_backward(spec, before.reference, dhidden.reference, candidate.reference,
                                            gates.reference, dbefore.reference);
      cpu_->gru_before_output_backward(spec, before.cpu, dhidden.cpu, candidate.cpu, gates.cpu, dbefore.cpu);
      reference_.gru_before_gates_backward(before.reference, dreset.reference, gates.reference, dbefore.reference);
      cpu_->gru_before_gates_backward(before.cpu, dreset.cpu, gates.cpu, dbefore.cpu);
      for (const Both* both : {&candidate, &gates, &dbefore}) expect_equal(*both, "backward " + name, 1e-5);
    }
  });
}

// As many threads as there are, each sum has one order: one image as well as several, channels of one part and of more.
TEST_P(PointwiseParity, WarpsGiveTheBitsOfOneThread) {
  const auto one = make_cpu_backend({.threads = 1});
  for (const Shape& x : {Shape{1, 9, 7, 5}, Shape{1, 16, 12, 64}, Shape{3, 8, 9, 33}}) {
    const Shape flows = x.with(-1, 6), copies = with_channels(x, 3);
    std::vector<std::vector<float>> inputs;
    for (const Shape& shape : {x, flows, copies, x}) {
      inputs.emplace_back(static_cast<std::size_t>(shape.elements()));
      for (float& value : inputs.back()) value = static_cast<float>(random_.uniform(-3.0, 3.0));
    }
    const auto results = [&](Backend& backend) {
      const auto uploaded = [&](const Shape& shape, std::size_t i) {
        const Tensor tensor = backend.allocate(shape, DType::kFloat32);
        backend.upload(inputs[i].data(), tensor);
        return tensor;
      };
      const Tensor y = backend.allocate(copies, DType::kFloat32), dflows = backend.allocate(flows, DType::kFloat32);
      const Tensor dx = uploaded(x, 3);
      backend.warp(uploaded(x, 0), uploaded(flows, 1), 0, y);
      backend.warp_backward(uploaded(x, 0), uploaded(flows, 1), uploaded(copies, 2), dflows, dx, Write::kAccumulate);
      std::vector<std::vector<float>> values;
      for (const Tensor& tensor : {y, dflows, dx}) {
        values.emplace_back(static_cast<std::size_t>(tensor.elements()));
        backend.download(tensor, values.back().data());
      }
      return values;
    };
    EXPECT_EQ(results(*cpu_), results(*one)) << to_string(x);
  }
}

TEST_P(PointwiseParity, WarpsPassNanOn) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Both x = filled({1, 2, 2, 19}), y = poisoned({1, 2, 2, 19}), dflows = poisoned({1, 2, 2, 2});
  const Both flows = uploaded({1, 2, 2, 2}, {0, 0, nan, 0, 3e38f, -3e38f, 0, std::numeric_limits<float>::infinity()});
  cpu_->warp(x.cpu, flows.cpu, 0, y.cpu);
  for (int k = 0; k < 19; ++k) {
    EXPECT_EQ(element(y.cpu, k), element(x.cpu, k));
    EXPECT_TRUE(std::isnan(element(y.cpu, 19 + k)));
    EXPECT_EQ(element(y.cpu, 38 + k), 0.0);
    EXPECT_TRUE(std::isnan(element(y.cpu, 57 + k)));
  }
  cpu_->warp_backward(x.cpu, flows.cpu, filled({1, 2, 2, 19}).cpu, dflows.cpu, poisoned({1, 2, 2, 19}).cpu,
                      Write::kOverwrite);
  EXPECT_TRUE(std::isnan(element(dflows.cpu, 2)) && std::isnan(element(dflows.cpu, 3)));
  EXPECT_EQ(element(dflows.cpu, 4), 0.0);
}

TEST_P(PointwiseParity, GroupNorm) {
  for (const std::int64_t groups : {1, 2, 4}) {
    for (const std::int64_t width : {1, 3, 16, 32}) {
      const std::int64_t channels = groups * width;
      const Shape shape{3, 6, 7, channels};
      const GroupNormSpec spec{.groups = static_cast<int>(groups), .epsilon = 1e-5};
      const std::string name = to_string(shape) + " groups " + std::to_string(groups);
      const Both x = filled(shape, 1.0, 3.0), gamma = filled({channels}), beta = filled({channels});
      const Both y = poisoned(shape), mean = poisoned({3, groups}), scale = poisoned({3, groups});
      reference_.group_norm(spec, x.reference, gamma.reference, beta.reference, y.reference, mean.reference,
                            scale.reference);
      cpu_->group_norm(spec, x.cpu, gamma.cpu, beta.cpu, y.cpu, mean.cpu, scale.cpu);
      for (const Both* both : {&y, &mean, &scale}) expect_equal(*both, name, 1e-5);
      const Both dy = filled(shape), dgamma = filled({channels}), dbeta = filled({channels});
      reference_.group_norm_backward(spec, x.reference, gamma.reference, mean.reference, scale.reference, dy.reference,
                                     dy.reference, dgamma.reference, dbeta.reference);
      cpu_->group_norm_backward(spec, x.cpu, gamma.cpu, mean.cpu, scale.cpu, dy.cpu, dy.cpu, dgamma.cpu, dbeta.cpu);
      for (const Both* both : {&dy, &dgamma, &dbeta}) expect_equal(*both, name + " backward", 1e-5);
    }
  }
}

TEST_P(PointwiseParity, PixelLosses) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const PixelLoss kind :
       {PixelLoss::kSquared, PixelLoss::kAbsolute, PixelLoss::kHuber, PixelLoss::kCrossEntropy}) {
    for (const std::int64_t channels : {1, 3, 17}) {
      for (const bool masked : {false, true}) {
        for (const Write write : kWrites) {
          const Shape shape{3, 2, 9, 8, channels}, pixels{3, 2, 9, 8, 1};
          const PixelLossSpec spec{.kind = kind, .delta = 0.4, .weight = 0.7, .scale = 0.01};
          const Both prediction = filled(shape, 0.0, 1.0), target = filled(shape, 0.0, 1.0);
          std::vector<float> valid(static_cast<std::size_t>(pixels.elements()), 1.0f);
          for (std::size_t i = 0; masked && i < valid.size(); i += 3) {
            valid[i] = 0.0f;
            const std::size_t first = i * static_cast<std::size_t>(channels);
            target.reference.data<float>()[first] = target.cpu.data<float>()[first] = nan;
          }
          const Both mask = masked ? uploaded(pixels, valid) : Both{};
          const Both leads = uploaded({3}, {1.0f, 0.0f, 2.5f});
          const Both sum = scalar64(), gradient = output(shape, write);
          reference_.pixel_loss(spec, prediction.reference, target.reference, mask.reference, leads.reference,
                                sum.reference, gradient.reference, write);
          cpu_->pixel_loss(spec, prediction.cpu, target.cpu, mask.cpu, leads.cpu, sum.cpu, gradient.cpu, write);
          const std::string name =
              "loss " + std::to_string(static_cast<int>(kind)) + " channels " + std::to_string(channels);
          expect_equal(sum, name);
          expect_equal(gradient, name + " gradient", 5e-6);
        }
      }
    }
  }
}

TEST_P(PointwiseParity, CrossEntropyAtItsClamp) {
  const std::vector<float> edges{0.0f, 1.0f, 1e-9f, 0.99999994f, 1e-7f, 0.5f};
  const Both prediction = uploaded({1, 1, 1, 6, 1}, edges), target = uploaded({1, 1, 1, 6, 1}, {0, 1, 1, 0, 0.5f, 1});
  const Both sum = scalar64(), gradient = poisoned({1, 1, 1, 6, 1});
  const PixelLossSpec spec{.kind = PixelLoss::kCrossEntropy};
  reference_.pixel_loss(spec, prediction.reference, target.reference, {}, {}, sum.reference, gradient.reference,
                        Write::kOverwrite);
  cpu_->pixel_loss(spec, prediction.cpu, target.cpu, {}, {}, sum.cpu, gradient.cpu, Write::kOverwrite);
  expect_equal(sum, "loss", 1e-5);
  expect_equal(gradient, "gradient", 1e-5);
}

TEST_P(PointwiseParity, Optimizers) {
  for (const OptimizerRule rule :
       {OptimizerRule::kAdam, OptimizerRule::kAdamW, OptimizerRule::kRmsProp, OptimizerRule::kSgd}) {
    for (const double momentum : {0.0, 0.9}) {
      for (const double clip : {0.0, 0.5}) {
        const std::int64_t count = 20011;
        const Both value = filled({count});
        const Both first{reference_.zeros({count}, DType::kFloat32), cpu_->zeros({count}, DType::kFloat32)};
        const Both second{reference_.zeros({count}, DType::kFloat32), cpu_->zeros({count}, DType::kFloat32)};
        OptimizerSpec spec{
            .rule = rule, .momentum = momentum, .weight_decay = 0.01, .clip_norm = clip, .clip_value = 0.004};
        for (spec.step = 1; spec.step <= 4; ++spec.step) {
          const Both gradient = filled({count}), norm = scalar64();
          reference_.euclidean_norm(gradient.reference, norm.reference);
          cpu_->euclidean_norm(gradient.cpu, norm.cpu);
          expect_equal(norm, "norm", 1e-12);
          reference_.optimizer_step(spec, gradient.reference, norm.reference, value.reference, first.reference,
                                    second.reference);
          cpu_->optimizer_step(spec, gradient.cpu, norm.cpu, value.cpu, first.cpu, second.cpu);
          const std::string name = "rule " + std::to_string(static_cast<int>(rule));
          for (const Both* both : {&value, &first, &second}) expect_equal(*both, name, 5e-6);
        }
        const Both average = filled({count});
        reference_.moving_average(0.99, value.reference, average.reference);
        cpu_->moving_average(0.99, value.cpu, average.cpu);
        expect_equal(average, "moving_average");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, PointwiseParity, testing::Values(1, 2, 3), threads_name);

}  // namespace
}  // namespace nextframe
