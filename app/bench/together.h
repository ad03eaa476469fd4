#pragma once

#include <barrier>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace nextframe::app {

/// Starts `threads` threads, lets them begin `rate(thread)` at the same moment and gives the sum of what they return.
inline double sum_of_rates(int threads, const std::function<double(int thread)>& rate) {
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::barrier together(threads);
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      together.arrive_and_wait();
      rates[static_cast<std::size_t>(thread)] = rate(thread);
    });
  }
  for (std::thread& worker : workers) worker.join();
  double total = 0;
  for (const double each : rates) total += each;
  return total;
}

}  // namespace nextframe::app
