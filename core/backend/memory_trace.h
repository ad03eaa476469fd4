#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nextframe {

/// What a block of memory is for.
enum class MemoryUse {
  kTensor,     ///< asked for through Backend::allocate
  kWorkspace,  ///< what an operation takes for itself while it runs
  kCopy,       ///< what a backend keeps beyond an operation: weights in the order that its kernels like
};

/// Every allocation and release of a run, in order. A backend that only plans records its own: running a training step on
/// it shows what memory the step takes, for whom and how long, without taking any.
class MemoryTrace {
 public:
  /// Counts allocations and releases.
  using Moment = std::int64_t;
  using Id = std::size_t;

  struct Block {
    std::size_t bytes = 0;
    std::size_t part = 0;  ///< who asked for it: an index into parts()
    MemoryUse use = MemoryUse::kTensor;
    Moment allocated = 0;
    Moment released = std::numeric_limits<Moment>::max();  ///< first moment without it
  };

  /// What was in use at the fullest moment, by part and use; copies aside, which come and stay.
  struct Peak {
    std::size_t bytes = 0;
    std::map<std::pair<std::string, MemoryUse>, std::size_t> in_use;
  };

  MemoryTrace();
  MemoryTrace(const MemoryTrace&) = delete;
  MemoryTrace& operator=(const MemoryTrace&) = delete;

  Id allocate(std::size_t bytes, MemoryUse use);
  void release(Id block);
  /// Blocks are booked on the part entered last and not left yet; see Part.
  void enter(std::string_view part);
  void leave();

  Moment now() const { return now_; }
  /// In order of allocation.
  std::span<const Block> blocks() const { return blocks_; }
  const std::vector<std::string>& parts() const { return parts_; }
  std::size_t live_bytes() const { return live_bytes_; }
  /// From `from` on, what was in use by then included.
  Peak peak(Moment from = 0) const;
  /// The copies that are kept now, by part.
  std::map<std::string, std::size_t> copies() const;

 private:
  std::vector<Block> blocks_;
  std::vector<std::string> parts_;
  std::vector<std::size_t> entered_;
  Moment now_ = 0;
  std::size_t live_bytes_ = 0;
};

}  // namespace nextframe
