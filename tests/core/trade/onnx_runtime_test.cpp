// What ONNX Runtime makes of exported networks, where Python has it: within 1e-4 of the network itself, on frames of any
// size and number.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/format.h"
#include "core/tensor/npy.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/trade/exported_network.h"
#include "tests/core/trade/python.h"

namespace nextframe::test {
namespace {

void save(const std::filesystem::path& path, const HostFrames& frames) {
  std::ofstream stream(path, std::ios::binary);
  write_npy(stream, frames.shape, std::span<const float>(frames.values));
}

TEST(OnnxRuntime, ForecastsWhatTheNetworkForecasts) {
  const TemporaryFolder folder;
  for (const NetworkCase& network : network_cases()) {
    ExportedNetwork exported(network);
    for (const std::int64_t opset : {13, 18, 23}) {
      std::ofstream(folder.path() / format("{}.{}.onnx", network.name, opset), std::ios::binary)
          << exported.onnx({.context = ExportedNetwork::kContext, .frames = ExportedNetwork::kHorizon, .opset = opset});
    }
    for (const Frames& frames : {Frames{1, 12, 12}, Frames{3, 13, 7}, Frames{2, 1, 5}}) {
      const HostFrames drawn = exported.draw_frames(frames);
      const std::string name = format("{}.{}x{}x{}", network.name, frames.batch, frames.height, frames.width);
      save(folder.path() / (name + ".in.npy"), drawn);
      save(folder.path() / (name + ".out.npy"), exported.forecast(drawn));
    }
  }
  const int code = run_python(format("{}/check_onnx.py {}", NEXTFRAME_TRADE_TESTS, folder.path().string()));
  if (code == kPythonLacksModules)
    GTEST_SKIP() << "no Python with numpy and onnxruntime here; NEXTFRAME_PYTHON can name one";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace nextframe::test
