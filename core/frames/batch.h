#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/frames/data_set.h"
#include "core/frames/frame_place.h"
#include "core/frames/guide.h"

namespace nextframe {

/// Sequences side by side, time first, in the network's units.
struct Batch {
  std::vector<float> context;         ///< [T,N,H,W,C]
  std::vector<float> target;          ///< [L,N,H,W,C]
  std::vector<float> mask;            ///< [L,N,H,W,1] of the target, 1 = counts; empty = every pixel counts
  std::vector<float> context_mask;    ///< [T,N,H,W,1] of the context, likewise; missing pixels are 0 in `context`
  std::vector<float> context_inputs;  ///< [T,N,H,W,K] of data.inputs beside the context; empty where there are none
  std::vector<float> guide;           ///< [L,N,H,W,C], first forecasts to depart from; empty where nobody makes any
  std::int64_t context_length = 0;
  std::int64_t horizon = 0;
  std::int64_t sequences = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<FramePlace> places;     ///< [N], of each sequence's frames
  std::vector<double> weights;        ///< [N], of each sequence's loss; empty = 1 each
  std::vector<std::int64_t> windows;  ///< [N], the numbers of the windows within the split
};

enum class BatchOrder {
  kShuffled,  ///< endless; every epoch in another random order, or as data.sampling says; crops and augmentation at random
  kSequential,  ///< once through, the last batch as small as it comes; centre crop, no augmentation
};

struct BatchLoaderOptions {
  Split split = Split::kTrain;
  BatchOrder order = BatchOrder::kShuffled;
  std::int64_t batch = 8;
  std::uint64_t seed = 1;
  std::int64_t first_batch = 0;  ///< where to go on: batch b is a function of (seed, b) alone
  std::int64_t limit = 0;        ///< kSequential: at most so many windows, evenly spread; 0 = all
  GuideMaker guide = {};         ///< makes the guide of each sequence, from whole frames; empty: there is none
};

/// Prepares batches ahead of the network in a thread of its own, `data.prefetch` at most. `data_set` must outlive it.
class BatchLoader {
 public:
  /// Rejects a split without windows.
  BatchLoader(const DataSet& data_set, const BatchLoaderOptions& options);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch; false at the end (kSequential only). An error of the thread is thrown here.
  bool next(Batch& batch);
  /// Number of the batch that next() gives next: what a checkpoint keeps.
  std::int64_t position() const;
  /// Batches of one pass; 0 where the split is endless.
  std::int64_t batches_per_epoch() const;
  /// Seconds that next() has waited for the thread since the loader was made.
  double waiting_seconds() const;
  /// waiting_seconds() over all seconds since the first call of next().
  double waiting_share() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace nextframe
