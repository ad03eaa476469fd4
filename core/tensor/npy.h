#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace nextframe {

class MappedFile;

/// The element types of NumPy arrays that can be read: b1, u1..u8, i1..i8, f2, f4, f8.
enum class NpyKind : char { kBool = 'b', kUnsigned = 'u', kSigned = 'i', kFloat = 'f' };

/// What stands before the numbers of an .npy file (format versions 1 to 3).
struct NpyHeader {
  NpyKind kind = NpyKind::kFloat;
  std::int64_t item_bytes = 4;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;  ///< slowest first, as NumPy shows it
  std::size_t data_offset = 0;      ///< bytes before the first element

  std::int64_t elements() const;
  /// "u1", "f4"
  std::string type_name() const;
};

/// Reads and checks the header at the front of `bytes`. Rejects with `name` in the message: no .npy, a version above 3,
/// object or structured or complex elements, a broken dictionary, lengths that overflow, fewer bytes than the shape
/// needs.
NpyHeader parse_npy_header(std::span<const std::byte> bytes, const std::string& name);

/// An .npy array, from a mapped file or from bytes in memory. Elements are read in C order whatever order the file has.
class NpyArray {
 public:
  /// Maps the file; nothing is read before it is asked for.
  static NpyArray open(const std::string& path);
  static NpyArray from_bytes(std::vector<std::byte> bytes, const std::string& name);

  const NpyHeader& header() const { return header_; }
  const std::vector<std::int64_t>& shape() const { return header_.shape; }
  std::int64_t elements() const { return header_.elements(); }
  const std::string& name() const { return name_; }

  /// Elements first .. first + count - 1, counted in C order, converted (as float, integers above 2^24 lose digits and
  /// doubles beyond its range become infinite).
  void read(std::int64_t first, std::int64_t count, float* values) const;
  void read(std::int64_t first, std::int64_t count, double* values) const;

 private:
  NpyArray(std::string name, std::shared_ptr<const void> owner, std::span<const std::byte> bytes);
  template <class T>
  void read_as(std::int64_t first, std::int64_t count, T* values) const;

  std::string name_;
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
  NpyHeader header_;
};

/// The bytes before the data of a version 1 file, little-endian, C order, padded to a multiple of 64.
std::string npy_header_text(NpyKind kind, std::int64_t item_bytes, std::span<const std::int64_t> shape);

/// A whole .npy in C order. The number of values must be the product of `shape`; whether the stream took it is the
/// caller's to ask.
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const float> values);
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const double> values);
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const std::uint8_t> values);
void write_npy(std::ostream& stream, std::span<const std::int64_t> shape, std::span<const std::uint16_t> values);

}  // namespace nextframe
