#include "core/baselines/motion_baselines.h"
#include "core/motion/advection.h"

namespace nextframe {
namespace {

class Extrapolation final : public Baseline {
 public:
  explicit Extrapolation(const FlowOptions& flow) : flow_(flow) {}

 private:
  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    for (std::int64_t n = 0; n < context.sequences; ++n) {
      const MotionField motion = optical_flow(luminance_of(context, n), context.kind, flow_);
      std::vector<ScalarField> last;
      for (std::int64_t c = 0; c < context.channels; ++c) last.push_back(fields_of(context, n, c).back());
      BackwardTrajectories trajectories(motion);
      for (std::int64_t lead = 0; lead < horizon; ++lead) {
        trajectories.advance();
        for (std::int64_t c = 0; c < context.channels; ++c) {
          const ScalarField& field = last[static_cast<std::size_t>(c)];
          put_field(displaced(field, trajectories.displacement()), context, lead, n, c, forecast);
        }
      }
    }
  }

  FlowOptions flow_;
};

}  // namespace

std::unique_ptr<Baseline> make_extrapolation(const BaselineOptions& options) {
  return std::make_unique<Extrapolation>(options.flow);
}

}  // namespace nextframe
