#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace nextframe::cpu {

/// How many threads an operation runs on, or that it does not run: a backend that only plans memory goes through its
/// operations as if it ran them, up to where elements would be touched.
class Threads {
 public:
  enum class Work { kPerform, kPlan };

  Threads(int count, Work work) : count_(count), work_(work) {}

  operator int() const { return count_; }
  bool idle() const { return work_ == Work::kPlan; }

 private:
  int count_;
  Work work_;
};

/// oneDNN and our own loops run on OpenMP's threads. Its thread count belongs to the calling thread, so each operation
/// sets the backend's count while it runs and puts the old one back: two backends with different counts live in one
/// process.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : before_(omp_get_max_threads()) {
    if (threads != before_) omp_set_num_threads(threads);
    changed_ = threads != before_;
  }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;
  ~ThreadScope() {
    if (changed_) omp_set_num_threads(before_);
  }

 private:
  int before_;
  bool changed_ = false;
};

/// Calls `body(first, last)` over 0 .. count-1 in one contiguous piece a thread. The pieces depend on nothing but
/// `count` and `threads`, so that the same thread count gives the same bits; `grain` is the least work worth a thread.
/// `body` must not throw.
template <class Body>
void parallel_for(const Threads& threads, std::int64_t count, std::int64_t grain, const Body& body) {
  if (threads.idle()) return;
  const std::int64_t pieces = std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, int{threads});
  if (pieces == 1) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
#pragma omp parallel for num_threads(static_cast <int>(pieces)) schedule(static, 1)
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    body(count * piece / pieces, count * (piece + 1) / pieces);
  }
}

}  // namespace nextframe::cpu
