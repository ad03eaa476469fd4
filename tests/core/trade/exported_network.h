#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/backend/reference/reference_backend.h"
#include "core/model/network.h"
#include "core/trade/onnx_export.h"

namespace nextframe::test {

/// A network to export: what is special about it, as JSON over a small default, and what its frames are.
struct NetworkCase {
  std::string name;
  std::string model;
  std::int64_t channels = 1;
  bool mask = false;
};

void PrintTo(const NetworkCase& network, std::ostream* stream);

/// Each cell, norm, bias, head, stride, patch and kind of prediction at least once.
const std::vector<NetworkCase>& network_cases();

/// How long and large the frames are that a network is tried on.
struct Frames {
  std::int64_t batch = 1, height = 8, width = 8;
};

/// A tensor as other programs see it, [N,T,C,H,W].
struct HostFrames {
  std::array<std::int64_t, 5> shape{};
  std::vector<float> values;
};

/// A network with weights drawn at random, on the reference backend, and what it forecasts.
class ExportedNetwork {
 public:
  static constexpr std::int64_t kContext = 3;
  static constexpr std::int64_t kHorizon = 3;

  explicit ExportedNetwork(const NetworkCase& network);

  std::string onnx(const OnnxOptions& options = {.context = kContext, .frames = kHorizon});
  HostFrames draw_frames(const Frames& frames) const;
  HostFrames forecast(const HostFrames& frames);

 private:
  FrameFormat format_;
  ReferenceBackend backend_;
  std::unique_ptr<Network> network_;
};

}  // namespace nextframe::test
