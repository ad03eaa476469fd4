#include "core/model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/json/value.h"
#include "core/tensor/half.h"

namespace nextframe {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied from little-endian files as they are");

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;  // the limit of the format's own reader
constexpr std::string_view kMetadataKey = "__metadata__";

enum class ElementType { kF64, kF32, kF16, kBF16 };

struct ElementTypeRow {
  std::string_view name;
  ElementType type;
  std::uint64_t bytes;
};

constexpr std::array<ElementTypeRow, 4> kElementTypes{{{"F32", ElementType::kF32, 4},
                                                       {"F64", ElementType::kF64, 8},
                                                       {"F16", ElementType::kF16, 2},
                                                       {"BF16", ElementType::kBF16, 2}}};

/// A tensor as the header tells of it, checked against itself but not yet against the others.
struct HeaderEntry {
  std::string name;
  Shape shape;
  ElementTypeRow type;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

template <class Stored, class Convert>
void convert_values(std::span<const std::byte> bytes, std::vector<float>& values, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
}

std::vector<float> read_values(const HeaderEntry& entry, std::span<const std::byte> bytes) {
  std::vector<float> values(static_cast<std::size_t>(entry.shape.elements()));
  switch (entry.type.type) {
    case ElementType::kF32:
      if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
      break;
    case ElementType::kF64:
      convert_values<double>(bytes, values, [](double value) { return static_cast<float>(value); });
      break;
    case ElementType::kF16:
      convert_values<std::uint16_t>(bytes, values, from_half);
      break;
    case ElementType::kBF16:
      convert_values<std::uint16_t>(bytes, values, from_bfloat);
      break;
  }
  return values;
}

ElementTypeRow read_element_type(const json::Value& value, const std::string& where) {
  const std::string name = value.get<std::string>(where + ".dtype");
  for (const ElementTypeRow& row : kElementTypes) {
    if (row.name == name) return row;
  }
  reject("{}: got elements of type \"{}\", expected F32 (or F64, F16, BF16)", where, name);
}

Shape read_shape(const json::Value& value, const std::string& where) {
  const json::Value::Array& items = value.items(where + ".shape");
  if (items.size() > Shape::kMaximumRank) {
    reject("{}: got {} dimensions, expected at most {}", where, items.size(), Shape::kMaximumRank);
  }
  std::vector<std::int64_t> lengths;
  for (const json::Value& item : items) {
    lengths.push_back(item.get<std::int64_t>(where + ".shape"));
    if (lengths.back() < 0) reject("{}: got a dimension of length {}", where, lengths.back());
  }
  return Shape(lengths);
}

/// Bytes that the shape needs; rejects a product that does not fit 63 bits, whichever dimension comes first.
std::uint64_t bytes_of(const Shape& shape, std::uint64_t element_bytes, const std::string& where) {
  std::uint64_t bytes = element_bytes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto length = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[axis], 1));
    if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / length) {
      reject("{}: the shape {} has more elements than any file can hold", where, to_string(shape));
    }
    bytes *= length;
  }
  return shape.elements() == 0 ? 0 : bytes;
}

HeaderEntry read_entry(const std::string& tensor, const json::Value& value, std::uint64_t data_bytes,
                       const std::string& where) {
  HeaderEntry entry;
  entry.name = tensor;
  for (const auto& [key, member] : value.members(where)) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") reject("{}: unknown key \"{}\"", where, key);
  }
  entry.type = read_element_type(value.at("dtype", where), where);
  entry.shape = read_shape(value.at("shape", where), where);
  const json::Value::Array& offsets = value.at("data_offsets", where).items(where + ".data_offsets");
  if (offsets.size() != 2) reject("{}: got {} data_offsets, expected begin and end", where, offsets.size());
  entry.begin = offsets[0].get<std::uint64_t>(where + ".data_offsets");
  entry.end = offsets[1].get<std::uint64_t>(where + ".data_offsets");
  if (entry.begin > entry.end || entry.end > data_bytes) {
    reject("{}: data_offsets [{}, {}] lie outside the {} bytes of data in the file; is it truncated?", where,
           entry.begin, entry.end, data_bytes);
  }
  if (entry.begin % entry.type.bytes != 0) {
    reject("{}: begins at byte {}, expected a multiple of {}", where, entry.begin, entry.type.bytes);
  }
  const std::uint64_t needed = bytes_of(entry.shape, entry.type.bytes, where);
  if (needed != entry.end - entry.begin) {
    reject("{}: the shape {} of {} needs {} bytes, got {}", where, to_string(entry.shape), entry.type.name, needed,
           entry.end - entry.begin);
  }
  return entry;
}

std::map<std::string, std::string> read_metadata(const json::Value& value, const std::string& name) {
  std::map<std::string, std::string> metadata;
  const std::string where = name + ": " + std::string(kMetadataKey);
  for (const auto& [key, text] : value.members(where)) metadata[key] = text.get<std::string>(where + "." + key);
  return metadata;
}

/// Tensors must follow each other without overlap or gap and end where the file ends.
void check_layout(const std::vector<HeaderEntry>& entries, std::uint64_t data_bytes, const std::string& name) {
  std::vector<const HeaderEntry*> order;
  for (const HeaderEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const HeaderEntry* left, const HeaderEntry* right) {
    return std::pair(left->begin, left->end) < std::pair(right->begin, right->end);
  });
  std::uint64_t position = 0;
  for (const HeaderEntry* entry : order) {
    if (entry->begin < position) {
      reject("{}: tensor \"{}\" begins at byte {} inside another tensor, which ends at {}", name, entry->name,
             entry->begin, position);
    }
    if (entry->begin > position) {
      reject("{}: {} bytes before tensor \"{}\" belong to no tensor", name, entry->begin - position, entry->name);
    }
    position = entry->end;
  }
  if (position != data_bytes) {
    reject("{}: the last {} bytes belong to no tensor", name, data_bytes - position);
  }
}

std::string_view read_header_text(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.size() < kLengthBytes) {
    reject("{}: got {} bytes, expected a safetensors file, which begins with an 8-byte length", name, bytes.size());
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kLargestHeader) {
    reject("{}: the header's length is {} bytes, expected at most {}; is this a safetensors file?", name, length,
           kLargestHeader);
  }
  if (length > bytes.size() - kLengthBytes) {
    reject("{}: truncated: the header needs {} bytes, {} are there", name, length, bytes.size() - kLengthBytes);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
                              static_cast<std::size_t>(length));
  if (text.empty() || text.front() != '{')
    reject("{}: the header is no JSON object; is this a safetensors file?", name);
  return text;
}

/// A tensor as the header lists it.
struct Listed {
  std::string_view name;
  const Shape& shape;
};

/// Everything before the tensors: the header's length and the header, padded so that the tensors are aligned.
std::string head_of(const std::map<std::string, std::string>& metadata, const std::vector<Listed>& tensors) {
  json::Value header = json::Value::object();
  if (!metadata.empty()) {
    json::Value texts = json::Value::object();
    for (const auto& [key, text] : metadata) texts.members().emplace_back(key, json::Value(text));
    header.set(kMetadataKey, std::move(texts));
  }
  std::set<std::string_view> names{kMetadataKey};
  std::uint64_t position = 0;
  for (const Listed& tensor : tensors) {
    if (!names.insert(tensor.name).second) fail("[model file] two tensors named \"{}\"", tensor.name);
    json::Value shape = json::Value::array();
    for (int axis = 0; axis < tensor.shape.rank(); ++axis) shape.push_back(tensor.shape[axis]);
    const std::uint64_t end = position + static_cast<std::uint64_t>(tensor.shape.elements()) * sizeof(float);
    json::Value entry = json::Value::object();
    entry.set("dtype", "F32");
    entry.set("shape", std::move(shape));
    entry.set("data_offsets", json::Value::Array{json::Value(position), json::Value(end)});
    header.members().emplace_back(std::string(tensor.name), std::move(entry));
    position = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  std::string head(kLengthBytes, '\0');
  std::memcpy(head.data(), &length, kLengthBytes);
  return head + text;
}

}  // namespace

const NamedTensor* TensorFile::find(std::string_view name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

TensorFile parse_tensor_file(std::span<const std::byte> bytes, const std::string& name) {
  const std::string where = "[model file] " + name;
  const std::string_view text = read_header_text(bytes, where);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());
  const json::Value header = json::parse(text, where + ": header");

  TensorFile file;
  std::vector<HeaderEntry> entries;
  for (const auto& [key, value] : header.members(where)) {
    if (key == kMetadataKey) {
      file.metadata = read_metadata(value, where);
    } else {
      entries.push_back(read_entry(key, value, data.size(), where + ": tensor \"" + key + "\""));
    }
  }
  check_layout(entries, data.size(), where);
  for (const HeaderEntry& entry : entries) {
    const auto begin = static_cast<std::size_t>(entry.begin);
    file.tensors.push_back({entry.name, entry.shape,
                            read_values(entry, data.subspan(begin, static_cast<std::size_t>(entry.end) - begin))});
  }
  return file;
}

TensorFile read_tensor_file(const std::string& path) {
  const MappedFile file(path);
  return parse_tensor_file(file.bytes(), path);
}

std::vector<std::byte> serialise(const TensorFile& file) {
  std::vector<Listed> listed;
  std::size_t total = 0;
  for (const NamedTensor& tensor : file.tensors) {
    if (static_cast<std::size_t>(tensor.shape.elements()) != tensor.values.size()) {
      fail("[model file] tensor \"{}\": {} values for the shape {}", tensor.name, tensor.values.size(),
           to_string(tensor.shape));
    }
    listed.push_back({tensor.name, tensor.shape});
    total += tensor.values.size() * sizeof(float);
  }
  const std::string head = head_of(file.metadata, listed);
  std::vector<std::byte> bytes(head.size() + total);
  std::memcpy(bytes.data(), head.data(), head.size());
  std::size_t position = head.size();
  for (const NamedTensor& tensor : file.tensors) {
    if (tensor.values.empty()) continue;
    std::memcpy(bytes.data() + position, tensor.values.data(), tensor.values.size() * sizeof(float));
    position += tensor.values.size() * sizeof(float);
  }
  return bytes;
}

void TensorSource::each_piece(const std::function<void(std::span<const float>)>& visit) const {
  constexpr std::int64_t kPiece = 1 << 18;
  const std::int64_t count = shape.elements();
  std::vector<float> piece(static_cast<std::size_t>(std::min(kPiece, count)));
  for (std::int64_t first = 0; first < count; first += kPiece) {
    const std::span<float> values = std::span(piece).first(static_cast<std::size_t>(std::min(kPiece, count - first)));
    read(first, values);
    visit(values);
  }
}

TensorSource source_of(const NamedTensor& tensor) {
  return {.name = tensor.name, .shape = tensor.shape, .read = [&tensor](std::int64_t first, std::span<float> values) {
            std::copy_n(tensor.values.begin() + first, values.size(), values.begin());
          }};
}

void write_tensor_file(const std::string& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorSource>& tensors) {
  std::vector<Listed> listed;
  for (const TensorSource& tensor : tensors) listed.push_back({tensor.name, tensor.shape});
  AtomicFile output(path);
  output.write(head_of(metadata, listed));
  for (const TensorSource& tensor : tensors) {
    tensor.each_piece([&](std::span<const float> values) { output.write(values.data(), values.size_bytes()); });
  }
  output.commit();
}

}  // namespace nextframe
