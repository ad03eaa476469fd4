#pragma once

#include <cstdint>
#include <vector>

#include "core/model/model_file.h"
#include "core/model/options.h"
#include "core/trade/onnx_export.h"
#include "core/trade/onnx_graph.h"

namespace nextframe {

/// Frames on their way into a network and out of it, in a graph: coordinates, padding, patches, and the same back.
class OnnxFrames {
 public:
  OnnxFrames(OnnxGraph& graph, const OnnxSubject& subject, const OnnxOptions& options);

  /// Channels that the caller gives; coordinates are made in the graph.
  std::int64_t given_channels() const;
  /// Frame t of the input [N,T,C,H,W], as the network's first layer reads it.
  OnnxValue enter(const OnnxValue& frames, std::int64_t t);
  /// A frame of the forecast [N,1,C,H,W] from what the head gives.
  OnnxValue leave(const OnnxValue& head);

 private:
  /// Rows or columns that a length lacks to the next multiple of the strides.
  std::int64_t missing(std::int64_t length) const { return (multiple_ - length % multiple_) % multiple_; }
  bool whole() const;
  OnnxValue pads();
  OnnxValue last_forecast_channels();
  /// x and y from -1 to 1, and 1, [N,3,H,W], of the size of x.
  OnnxValue coordinates(const OnnxValue& x);
  /// From -1 to 1 along `axis` of a frame of `shape`, as large as `plane`.
  OnnxValue coordinate(const OnnxValue& shape, std::int64_t axis, const OnnxValue& plane);

  OnnxGraph& graph_;
  const ModelOptions& model_;
  const FrameFormat& format_;
  const OnnxOptions& options_;
  std::int64_t multiple_;
  OnnxValue last_;         ///< the last frame that entered
  OnnxValue size_;         ///< height and width
  OnnxValue pads_;         ///< made with the first frame
  OnnxValue coordinates_;  ///< likewise
  OnnxValue change_from_;  ///< made with the first frame that leaves
};

}  // namespace nextframe
