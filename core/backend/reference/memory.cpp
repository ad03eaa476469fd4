#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/backend/reference/reference_backend.h"

namespace nextframe {

/// Blocks given back wait in a list for the next request of their size. Blocks hold the pool, so tensors may outlive
/// the backend.
class ReferenceBackend::Pool : public std::enable_shared_from_this<Pool> {
 public:
  std::shared_ptr<Buffer> allocate(std::size_t bytes) {
    std::vector<Memory>& waiting = free_[bytes];
    Memory memory;
    if (waiting.empty()) {
      memory = Memory(::operator new(bytes, kAlignment));
    } else {
      memory = std::move(waiting.back());
      waiting.pop_back();
    }
    if (bytes > 0) std::memset(memory.get(), 0xff, bytes);  // All bits set is a NaN in every floating-point type.
    return std::make_shared<Block>(shared_from_this(), std::move(memory), bytes);
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Delete {
    void operator()(void* address) const { ::operator delete(address, kAlignment); }
  };
  using Memory = std::unique_ptr<void, Delete>;

  class Block final : public Buffer {
   public:
    Block(std::shared_ptr<Pool> pool, Memory memory, std::size_t bytes)
        : pool_(std::move(pool)), memory_(std::move(memory)), bytes_(bytes) {}
    ~Block() override { pool_->free_[bytes_].push_back(std::move(memory_)); }
    void* data() const override { return memory_.get(); }
    std::size_t bytes() const override { return bytes_; }

   private:
    std::shared_ptr<Pool> pool_;
    Memory memory_;
    std::size_t bytes_;
  };

  std::map<std::size_t, std::vector<Memory>> free_;
};

ReferenceBackend::ReferenceBackend() : pool_(std::make_shared<Pool>()) {}

ReferenceBackend::~ReferenceBackend() = default;

Tensor ReferenceBackend::allocate(const Shape& shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  return Tensor(pool_->allocate(bytes), 0, shape, dtype);
}

void ReferenceBackend::upload(const void* host, const Tensor& to) {
  if (to.bytes() > 0) std::memcpy(to.raw(), host, to.bytes());
}

void ReferenceBackend::download(const Tensor& from, void* host) {
  if (from.bytes() > 0) std::memcpy(host, from.raw(), from.bytes());
}

}  // namespace nextframe
