#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/model/model_file.h"
#include "core/model/options.h"
#include "core/nn/parameter_set.h"

namespace nextframe {

/// What an exported network is made for.
struct OnnxOptions {
  std::int64_t context = 10;  ///< frames that go in
  std::int64_t frames = 10;   ///< frames that come out
  std::int64_t opset = 13;
  std::optional<std::int64_t> batch = {};                ///< for runtimes that want to know; default: any
  std::optional<std::array<std::int64_t, 2>> size = {};  ///< height and width, likewise
};

/// What there is to export: a network, by what describes it.
struct OnnxSubject {
  const ModelOptions& model;
  const ParameterSet& parameters;
  const FrameFormat& frames;
};

/// A network as an ONNX file: unrolled over all its frames, in float32, of operators that every runtime of the opset has.
/// Input `frames` [N,context,C,H,W] in the network's numbers (FrameFormat::normalisation applied; missing pixels 0), with the
/// mask behind a frame's channels where the network gets one; coordinates are made in the graph. Output `forecast`
/// [N,frames,C,H,W] in the same numbers. Frames are padded to what the strides need, and the forecast is cropped, in the
/// graph. Weights stand in it once. Metadata: "nextframe.context", "nextframe.frames", "nextframe.format" (a FrameFormat as
/// JSON), "nextframe.version", and "name".
/// Rejects a cell that nothing is known of, a network with a guide, an opset that OnnxGraph does not know, and a file beyond the 2 GB that the format can
/// hold.
std::string export_onnx(const OnnxSubject& subject, const OnnxOptions& options,
                        const std::map<std::string, std::string>& metadata = {});

}  // namespace nextframe
