#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/shape.h"

namespace nextframe {

struct NamedTensor {
  std::string name;
  Shape shape;
  std::vector<float> values;  ///< shape.elements() of them, C order
};

/// What a safetensors file holds: text by key (`__metadata__`) and tensors by name.
struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<NamedTensor> tensors;

  /// The tensor of that name, or nullptr.
  const NamedTensor* find(std::string_view name) const;
};

/// A tensor to be written, whose values are fetched piece by piece: no second copy of all of them is needed.
struct TensorSource {
  std::string name;
  Shape shape;
  /// Fills `values` with those from element `first` on.
  std::function<void(std::int64_t first, std::span<float> values)> read;

  /// Visits all values in C order, some at a time.
  void each_piece(const std::function<void(std::span<const float>)>& visit) const;
};

/// A source of values that somebody holds and that outlive it.
TensorSource source_of(const NamedTensor& tensor);

/// Reads a safetensors file from memory: eight bytes with the header's length (little-endian), the header in JSON, the
/// tensors without gaps. F32 is taken as it is; F64, F16 and BF16 are converted. `name` begins every message. Rejects a
/// file that is truncated or longer than its header says, a header above 100 MB or that is no such JSON, names that
/// come twice, other element types, ranks above 5, shapes that overflow or do not fit their bytes, and tensors that
/// overlap, leave gaps, are not aligned to their element or lie outside the file.
TensorFile parse_tensor_file(std::span<const std::byte> bytes, const std::string& name);
TensorFile read_tensor_file(const std::string& path);

/// The bytes of a safetensors file, all F32. The same content gives the same bytes.
std::vector<std::byte> serialise(const TensorFile& file);
/// Writes the same bytes from sources, which are read once. Replaces `path` in one rename; a failure leaves the old file.
void write_tensor_file(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorSource>& tensors);

}  // namespace nextframe
