#include "core/backend/counting/memory_ledger.h"

#include <utility>

namespace nextframe {

class MemoryLedger::Entry final : public Buffer {
 public:
  Entry(std::shared_ptr<MemoryLedger> ledger, std::string label, std::size_t bytes)
      : ledger_(std::move(ledger)), label_(std::move(label)), bytes_(bytes) {
    ledger_->change(label_, static_cast<std::int64_t>(bytes_));
  }
  ~Entry() override { ledger_->change(label_, -static_cast<std::int64_t>(bytes_)); }
  void* data() const override { return nullptr; }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::shared_ptr<MemoryLedger> ledger_;
  std::string label_;
  std::size_t bytes_;
};

std::shared_ptr<Buffer> MemoryLedger::book(const std::string& label, std::size_t bytes) {
  return std::make_shared<Entry>(shared_from_this(), label, bytes);
}

const std::map<std::string, std::int64_t>& MemoryLedger::at_peak() const {
  remember_peak();
  return at_peak_;
}

void MemoryLedger::restart_peak() {
  peak_bytes_ = current_bytes_;
  rising_ = true;
}

void MemoryLedger::change(const std::string& label, std::int64_t bytes) {
  if (bytes < 0) remember_peak();
  current_[label] += bytes;
  current_bytes_ += bytes;
  if (current_bytes_ > peak_bytes_) {
    peak_bytes_ = current_bytes_;
    rising_ = true;
  }
}

void MemoryLedger::remember_peak() const {
  if (!rising_) return;
  at_peak_.clear();
  for (const auto& [label, bytes] : current_) {
    if (bytes > 0) at_peak_[label] = bytes;
  }
  rising_ = false;
}

}  // namespace nextframe
