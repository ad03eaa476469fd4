#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace nextframe {

/// Whether the bytes begin as a gzip file does.
bool is_gzip(std::span<const std::byte> bytes);

/// The unpacked content of a gzip file, all its members one after the other, or of bytes that zlib packed. Rejects damaged or truncated data and
/// content of more than `limit` bytes, with `name` in the message.
std::vector<std::byte> gunzip(std::span<const std::byte> bytes, std::size_t limit, const std::string& name);

}  // namespace nextframe
