#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/frames/batch.h"
#include "core/model/options.h"

namespace nextframe {

enum class MaskChannel { kNone, kAppended };
enum class CoordinateChannels { kNone, kAppended };

/// What a network gets: the channels of a frame; the mask, 1 for a valid pixel and 0 for a missing one; what data.inputs
/// adds; and x and y from -1 to 1 with a 1 beside them, which tells where a frame ends (Shi et al. 2017). It gives back the
/// channels of a frame.
struct NetworkChannels {
  std::int64_t frame = 1;
  MaskChannel mask = MaskChannel::kNone;
  std::int64_t fields = 0;  ///< of data.inputs, their masks included
  CoordinateChannels coordinates = CoordinateChannels::kNone;

  std::int64_t input() const {
    return frame + (mask == MaskChannel::kAppended ? 1 : 0) + fields +
           (coordinates == CoordinateChannels::kAppended ? kCoordinateChannels : 0);
  }
};

/// Frames [T,N,H,W,C] with all that their further channels are made of.
struct InputFrames {
  const std::vector<float>& frames;
  const std::vector<float>& mask;  ///< [T,N,H,W,1]; empty: 1 everywhere
  std::int64_t height = 0, width = 0;
  std::span<const FramePlace> places;  ///< [N]; a piece of a frame has the coordinates that it has in the whole
  std::span<const float> fields{};     ///< [T,N,H,W,channels.fields] of data.inputs
};

/// [T,N,H,W,channels.input()]: the frames themselves where nothing is appended, else `buffer`, filled. Fails where there
/// are more or fewer fields than `channels` say.
const std::vector<float>& network_input(const InputFrames& input, const NetworkChannels& channels,
                                        std::vector<float>& buffer);

/// The context of a batch.
const std::vector<float>& network_input(const Batch& batch, const NetworkChannels& channels,
                                        std::vector<float>& buffer);

}  // namespace nextframe
