#include "core/trade/onnx_frames.h"

#include "core/base/format.h"

namespace nextframe {
namespace {

constexpr std::int64_t kFirst = 0;
constexpr std::int64_t kChannels = 1;
constexpr std::int64_t kHeight = 2;
constexpr std::int64_t kWidth = 3;
/// ONNX's number of the element type.
constexpr std::int64_t kFloat32 = 1;

}  // namespace

OnnxFrames::OnnxFrames(OnnxGraph& graph, const OnnxSubject& subject, const OnnxOptions& options)
    : graph_(graph),
      model_(subject.model),
      format_(subject.frames),
      options_(options),
      multiple_(size_multiple(subject.model)) {}

std::int64_t OnnxFrames::given_channels() const {
  return format_.input_channels - (format_.coordinates ? kCoordinateChannels : 0);
}

/// Whether it is known that frames need no padding.
bool OnnxFrames::whole() const {
  if (multiple_ == 1) return true;
  return options_.size && missing((*options_.size)[0]) == 0 && missing((*options_.size)[1]) == 0;
}

OnnxValue OnnxFrames::enter(const OnnxValue& frames, std::int64_t t) {
  graph_.scope(format("enter.{}", t));
  OnnxValue x = graph_.node("Gather", {frames, graph_.integer(t)}, {{"axis", kChannels}});
  last_ = x;
  if (format_.coordinates) x = graph_.node("Concat", {x, coordinates(x)}, {{"axis", kChannels}});
  if (!whole()) x = graph_.node("Pad", {x, pads()}, {{"mode", std::string("edge")}});
  if (model_.patch == 1) return x;
  return graph_.node("SpaceToDepth", {x}, {{"blocksize", std::int64_t{model_.patch}}});
}

OnnxValue OnnxFrames::leave(const OnnxValue& head) {
  OnnxValue y = head;
  if (model_.patch > 1) {
    y = graph_.node("DepthToSpace", {y}, {{"blocksize", std::int64_t{model_.patch}}, {"mode", std::string("DCR")}});
  }
  if (!whole()) y = graph_.node("Slice", {y, graph_.integers({0, 0}), size_, graph_.integers({kHeight, kWidth})});
  if (model_.predict == Predict::kChange) y = graph_.sum(y, last_forecast_channels());
  return graph_.node("Unsqueeze", {y, graph_.integers({kChannels})});
}

/// Edge pixels below and to the right.
OnnxValue OnnxFrames::pads() {
  if (!pads_.empty()) return pads_;
  if (options_.size) {
    const auto [height, width] = *options_.size;
    size_ = graph_.integers({height, width});
    return pads_ = graph_.integers({0, 0, 0, 0, 0, 0, missing(height), missing(width)});
  }
  const OnnxValue shape = graph_.node("Shape", {last_});
  size_ =
      graph_.node("Slice", {shape, graph_.integers({kHeight}), graph_.integers({kWidth + 1}), graph_.integers({0})});
  const OnnxValue multiple = graph_.integers({multiple_});
  const OnnxValue rest = graph_.node("Sub", {multiple, graph_.node("Mod", {size_, multiple})});
  return pads_ = graph_.node("Concat", {graph_.integers({0, 0, 0, 0, 0, 0}), graph_.node("Mod", {rest, multiple})},
                             {{"axis", kFirst}});
}

/// What a change is from: the channels of the last frame that are forecast.
OnnxValue OnnxFrames::last_forecast_channels() {
  if (!change_from_.empty()) return change_from_;
  if (given_channels() == format_.output_channels) return change_from_ = last_;
  return change_from_ = graph_.node("Slice", {last_, graph_.integers({0}), graph_.integers({format_.output_channels}),
                                              graph_.integers({kChannels})});
}

OnnxValue OnnxFrames::coordinates(const OnnxValue& x) {
  if (!coordinates_.empty()) return coordinates_;
  const OnnxValue shape = graph_.node("Shape", {x});
  const auto lengths = [&](std::int64_t first, std::int64_t last) {
    return graph_.node("Slice", {shape, graph_.integers({first}), graph_.integers({last}), graph_.integers({0})});
  };
  const OnnxValue plane =
      graph_.node("Concat", {lengths(0, 1), graph_.integers({1}), lengths(kHeight, kWidth + 1)}, {{"axis", kFirst}});
  const OnnxValue x_planes = coordinate(shape, kWidth, plane), y_planes = coordinate(shape, kHeight, plane);
  const OnnxValue ones = graph_.node("Expand", {graph_.number(1), plane});
  return coordinates_ = graph_.node("Concat", {x_planes, y_planes, ones}, {{"axis", kChannels}});
}

/// (2 i - last) / max(last, 1): 0 where there is one pixel only.
OnnxValue OnnxFrames::coordinate(const OnnxValue& shape, std::int64_t axis, const OnnxValue& plane) {
  const auto real = [&](const OnnxValue& value) { return graph_.node("Cast", {value}, {{"to", kFloat32}}); };
  const OnnxValue one = graph_.integer(1);
  const OnnxValue length = graph_.node("Gather", {shape, graph_.integer(axis)}, {{"axis", kFirst}});
  const OnnxValue last = graph_.node("Sub", {length, one});
  const OnnxValue index = graph_.node("Range", {graph_.integer(0), length, one});
  const OnnxValue centred = graph_.node("Sub", {graph_.node("Mul", {index, graph_.integer(2)}), last});
  const OnnxValue line = graph_.node("Div", {real(centred), real(graph_.node("Max", {last, one}))});
  std::vector<std::int64_t> others{0, 1, kHeight + kWidth - axis};
  return graph_.node("Expand", {graph_.node("Unsqueeze", {line, graph_.integers(others)}), plane});
}

}  // namespace nextframe
