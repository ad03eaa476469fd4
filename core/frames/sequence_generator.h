#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/frames/frame_source.h"
#include "core/frames/options.h"

namespace nextframe {

/// One sequence on its way, frame by frame.
class GeneratedClip {
 public:
  GeneratedClip() = default;
  GeneratedClip(const GeneratedClip&) = delete;
  GeneratedClip& operator=(const GeneratedClip&) = delete;
  virtual ~GeneratedClip() = default;

  /// Writes the next frame [H,W,C], values 0..1.
  virtual void next(float* frame) = 0;
};

/// An endless supply of sequences that a computer makes: sequence `index` is a function of the generator's seed and the
/// index alone, so any can be made again, in any order, from several threads at once.
class SequenceGenerator {
 public:
  SequenceGenerator() = default;
  SequenceGenerator(const SequenceGenerator&) = delete;
  SequenceGenerator& operator=(const SequenceGenerator&) = delete;
  virtual ~SequenceGenerator() = default;

  virtual std::int64_t height() const = 0;
  virtual std::int64_t width() const = 0;
  virtual std::int64_t channels() const = 0;
  /// Sequence `index` from its first frame on; the generator outlives it.
  virtual std::unique_ptr<GeneratedClip> begin(std::uint64_t index) const = 0;
  /// Writes the first frames of a sequence, [T,H,W,C] with T = length.
  void generate(std::uint64_t index, std::int64_t length, float* frames) const {
    const std::unique_ptr<GeneratedClip> clip = begin(index);
    for (std::int64_t t = 0; t < length; ++t) clip->next(frames + t * height() * width() * channels());
  }
};

/// The first index of a split's own range of sequences; the ranges are 2^62 long, so no sequence is in two splits.
constexpr std::uint64_t first_sequence(Split split) { return static_cast<std::uint64_t>(split) << 62; }

/// Sequence `index` of `generator` as a clip of `length` frames, float 0..1.
std::unique_ptr<FrameSource> make_generated_source(std::shared_ptr<const SequenceGenerator> generator,
                                                   std::uint64_t index, std::int64_t length, std::string name,
                                                   double frames_per_second);

}  // namespace nextframe
