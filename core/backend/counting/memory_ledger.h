#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/tensor/tensor.h"

namespace nextframe {

/// Bytes in use, now and at the moment when most were in use, by the label of whoever asked for them.
class MemoryLedger : public std::enable_shared_from_this<MemoryLedger> {
 public:
  /// A buffer without memory, counted under `label` for as long as it lives.
  std::shared_ptr<Buffer> book(const std::string& label, std::size_t bytes);

  std::int64_t current_bytes() const { return current_bytes_; }
  std::int64_t peak_bytes() const { return peak_bytes_; }
  /// What was in use when peak_bytes() was reached.
  const std::map<std::string, std::int64_t>& at_peak() const;
  /// The peak starts again from what is in use now.
  void restart_peak();

 private:
  class Entry;
  void change(const std::string& label, std::int64_t bytes);
  void remember_peak() const;

  std::map<std::string, std::int64_t> current_;
  mutable std::map<std::string, std::int64_t> at_peak_;
  std::int64_t current_bytes_ = 0;
  std::int64_t peak_bytes_ = 0;
  /// Whether current_ is newer than at_peak_ and at its peak; the copy waits until memory is given back.
  mutable bool rising_ = false;
};

}  // namespace nextframe
