#include "core/tensor/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/tensor/half.h"

namespace nextframe {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 1 << 20;
constexpr std::size_t kMostDimensions = 32;

/// Reads the header's dictionary, a literal of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class DictionaryParser {
 public:
  DictionaryParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader parse() {
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !type_) {
        parse_type();
      } else if (key == "fortran_order" && !fortran_order_) {
        fortran_order_ = boolean();
      } else if (key == "shape" && !shape_) {
        shape_ = tuple();
      } else {
        broken("an unexpected key");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (position_ != text_.size()) broken("text behind the dictionary");
    if (!type_ || !fortran_order_ || !shape_) broken("a missing key (descr, fortran_order and shape are needed)");
    NpyHeader header = *type_;
    header.fortran_order = *fortran_order_;
    header.shape = std::move(*shape_);
    return header;
  }

 private:
  [[noreturn]] void broken(std::string_view what) const {
    reject("[npy] {}: the header cannot be read: {}; the file is damaged", name_, what);
  }

  void skip_space() {
    while (position_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }
  bool take(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool take(std::string_view word) {
    skip_space();
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }
  void expect(char c) {
    if (!take(c)) broken(std::string("expected '") + c + "'");
  }

  std::string_view quoted() {
    skip_space();
    if (position_ >= text_.size() || (text_[position_] != '\'' && text_[position_] != '"')) broken("expected a quote");
    const char quote = text_[position_++];
    const std::size_t end = text_.find(quote, position_);
    if (end == std::string_view::npos) broken("a quote without end");
    const std::string_view value = text_.substr(position_, end - position_);
    position_ = end + 1;
    return value;
  }

  bool boolean() {
    if (take("True")) return true;
    if (take("False")) return false;
    broken("expected True or False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> lengths;
    expect('(');
    while (!take(')')) {
      lengths.push_back(length());
      if (lengths.size() > kMostDimensions) broken("more than 32 dimensions");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return lengths;
  }

  std::int64_t length() {
    skip_space();
    std::int64_t value = 0;
    const std::size_t start = position_;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      const std::int64_t digit = text_[position_++] - '0';
      if (value > (std::numeric_limits<std::int64_t>::max() - digit) / 10) broken("a length that is too large");
      value = value * 10 + digit;
    }
    if (position_ == start) broken("expected a length");
    take('L');  // Python 2 wrote long integers so
    return value;
  }

  void parse_type() {
    skip_space();
    if (position_ < text_.size() && text_[position_] == '[') {
      reject("[npy] {}: has structured elements; expected plain numbers, save one field by itself", name_);
    }
    const std::string_view descr = quoted();
    NpyHeader type;
    if (descr.size() != 3 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) unreadable(descr);
    type.big_endian = descr[0] == '>';
    type.item_bytes = descr[2] - '0';
    const std::string_view sizes = descr[1] == 'b'                      ? "1"
                                   : descr[1] == 'u' || descr[1] == 'i' ? "1248"
                                   : descr[1] == 'f'                    ? "248"
                                                                        : "";
    if (sizes.find(descr[2]) == std::string_view::npos) unreadable(descr);
    if (descr[0] == '|' && descr[2] != '1') unreadable(descr);
    type.kind = static_cast<NpyKind>(descr[1]);
    type_ = type;
  }

  [[noreturn]] void unreadable(std::string_view descr) const {
    reject("[npy] {}: has elements of type '{}'; expected b1, u1, u2, u4, u8, i1, i2, i4, i8, f2, f4 or f8", name_,
           printable(descr));
  }
  static std::string printable(std::string_view text) {
    std::string result(text.substr(0, 20));
    for (char& c : result) {
      if (c < 32 || c > 126) c = '?';
    }
    return result;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t position_ = 0;
  std::optional<NpyHeader> type_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

template <class Stored>
Stored load(const std::byte* address, bool swap) {
  std::array<std::byte, sizeof(Stored)> bytes;
  std::memcpy(bytes.data(), address, bytes.size());
  if (swap) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<Stored>(bytes);
}

/// A conversion that is defined for every number: what a float cannot hold becomes infinite.
template <class T>
T to_nearest(double value) {
  constexpr auto kLargest = static_cast<double>(std::numeric_limits<T>::max());
  if (std::isfinite(value) && std::abs(value) > kLargest) {
    return std::copysign(std::numeric_limits<T>::infinity(), static_cast<T>(value > 0 ? 1 : -1));
  }
  return static_cast<T>(value);
}

/// Calls visit(load) with the function that turns the bytes of one element into a T.
template <class T, class Visit>
void with_loader(const NpyHeader& header, Visit visit) {
  const bool swap = header.big_endian != (std::endian::native == std::endian::big);
  const auto plain = [&]<class Stored>(Stored) {
    visit([swap](const std::byte* p) { return static_cast<T>(load<Stored>(p, swap)); });
  };
  const std::int64_t bytes = header.item_bytes;
  switch (header.kind) {
    case NpyKind::kBool:
      return visit([](const std::byte* p) { return static_cast<T>(*p != std::byte{0} ? 1 : 0); });
    case NpyKind::kUnsigned:
      if (bytes == 1) return plain(std::uint8_t{});
      if (bytes == 2) return plain(std::uint16_t{});
      if (bytes == 4) return plain(std::uint32_t{});
      return plain(std::uint64_t{});
    case NpyKind::kSigned:
      if (bytes == 1) return plain(std::int8_t{});
      if (bytes == 2) return plain(std::int16_t{});
      if (bytes == 4) return plain(std::int32_t{});
      return plain(std::int64_t{});
    case NpyKind::kFloat:
      if (bytes == 2) {
        return visit([swap](const std::byte* p) { return static_cast<T>(from_half(load<std::uint16_t>(p, swap))); });
      }
      if (bytes == 4) return plain(float{});
      return visit([swap](const std::byte* p) { return to_nearest<T>(load<double>(p, swap)); });
  }
}

template <class T>
void write_array(std::ostream& stream, NpyKind kind, std::span<const std::int64_t> shape, std::span<const T> values) {
  static_assert(std::endian::native == std::endian::little);
  std::int64_t elements = 1;
  for (const std::int64_t length : shape) elements *= length;
  if (elements != static_cast<std::int64_t>(values.size())) {
    fail("[npy] {} values for a shape of {} elements", values.size(), elements);
  }
  stream << npy_header_text(kind, sizeof(T), shape);
  stream.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
}

}  // namespace

std::int64_t NpyHeader::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t length : shape) product *= length;
  return product;
}

std::string NpyHeader::type_name() const {
  return std::string(1, static_cast<char>(kind)) + std::to_string(item_bytes);
}

NpyHeader parse_npy_header(std::span<const std::byte> bytes, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() < 10 || !text.starts_with(kMagic))
    reject("[npy] {}: not an .npy file, or cut off in its header", name);
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3 || text[7] != 0) {
    reject("[npy] {}: has format version {}.{}; expected 1.0, 2.0 or 3.0", name, version,
           static_cast<int>(static_cast<unsigned char>(text[7])));
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (text.size() < 8 + length_bytes) reject("[npy] {}: cut off in its header", name);
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<std::size_t>(static_cast<unsigned char>(text[8 + i])) << (8 * i);
  }
  const std::size_t start = 8 + length_bytes;
  if (length > kLongestHeader || length > text.size() - start) {
    reject("[npy] {}: the header says that it is {} bytes long, the file has {}; it is cut off or damaged", name,
           length, text.size() - start);
  }
  NpyHeader header = DictionaryParser(text.substr(start, length), name).parse();
  header.data_offset = start + length;

  std::int64_t needed = header.item_bytes;
  for (const std::int64_t dimension : header.shape) {
    if (dimension != 0 && needed > std::numeric_limits<std::int64_t>::max() / dimension) {
      reject("[npy] {}: the shape has more elements than any file can hold; the file is damaged", name);
    }
    needed *= dimension;
  }
  const std::size_t present = text.size() - header.data_offset;
  if (static_cast<std::uint64_t>(needed) > present) {
    reject("[npy] {}: has {} bytes of data, its shape needs {}; the file is cut off", name, present, needed);
  }
  return header;
}

NpyArray::NpyArray(std::string name, std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
    : name_(std::move(name)), owner_(std::move(owner)), bytes_(bytes), header_(parse_npy_header(bytes_, name_)) {}

NpyArray NpyArray::open(const std::string& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const auto bytes = file->bytes();
  return NpyArray(path, std::move(file), bytes);
}

NpyArray NpyArray::from_bytes(std::vector<std::byte> bytes, const std::string& name) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  const std::span<const std::byte> view(*owner);
  return NpyArray(name, std::move(owner), view);
}

template <class T>
void NpyArray::read_as(std::int64_t first, std::int64_t count, T* values) const {
  if (first < 0 || count < 0 || count > elements() || first > elements() - count) {
    fail("[npy] {}: elements {} to {} of {} asked for", name_, first, first + count - 1, elements());
  }
  if (count == 0) return;
  const std::byte* data = bytes_.data() + header_.data_offset;
  const std::int64_t item = header_.item_bytes;
  with_loader<T>(header_, [&](auto loader) {
    if (!header_.fortran_order) {
      for (std::int64_t i = 0; i < count; ++i) values[i] = loader(data + (first + i) * item);
      return;
    }
    // The place in the file moves with an index vector that counts in C order.
    const std::vector<std::int64_t>& lengths = header_.shape;
    const std::size_t rank = lengths.size();
    std::vector<std::int64_t> index(rank), step(rank);
    std::int64_t product = 1;
    for (std::size_t d = 0; d < rank; ++d) {
      step[d] = product;
      product *= lengths[d];
    }
    std::int64_t rest = first, place = 0;
    for (std::size_t d = rank; d-- > 0;) {
      index[d] = rest % lengths[d];
      rest /= lengths[d];
      place += index[d] * step[d];
    }
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] = loader(data + place * item);
      for (std::size_t d = rank; d-- > 0;) {
        place += step[d];
        if (++index[d] < lengths[d]) break;
        place -= lengths[d] * step[d];
        index[d] = 0;
      }
    }
  });
}

void NpyArray::read(std::int64_t first, std::int64_t count, float* values) const { read_as(first, count, values); }
void NpyArray::read(std::int64_t first, std::int64_t count, double* values) const { read_as(first, count, values); }

std::string npy_header_text(NpyKind kind, std::int64_t item_bytes, std::span<const std::int64_t> shape) {
  std::string lengths;
  for (const std::int64_t length : shape) lengths += std::to_string(length) + ", ";
  if (shape.size() > 1) lengths.resize(lengths.size() - 2);
  if (shape.size() == 1) lengths.pop_back();
  std::string dictionary = format("{{'descr': '{}{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                  item_bytes == 1 ? '|' : '<', static_cast<char>(kind), item_bytes, lengths);
  constexpr std::size_t kBefore = 10;
  const std::size_t unpadded = kBefore + dictionary.size() + 1;
  dictionary.append((64 - unpadded % 64) % 64, ' ');
  dictionary += '\n';
  std::string text(kMagic);
  text += '\1';
  text += '\0';
  text += static_cast<char>(dictionary.size() & 255);
  text += static_cast<char>(dictionary.size() >> 8);
  return text + dictionary;
}

void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const float> values) {
  write_array(stream, NpyKind::kFloat, shape, values);
}
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const double> values) {
  write_array(stream, NpyKind::kFloat, shape, values);
}
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const std::uint8_t> values) {
  write_array(stream, NpyKind::kUnsigned, shape, values);
}
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const std::uint16_t> values) {
  write_array(stream, NpyKind::kUnsigned, shape, values);
}

}  // namespace nextframe
