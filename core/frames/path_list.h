#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nextframe {

/// The path itself where it exists or holds no pattern; else everything that the pattern matches, in natural order.
std::vector<std::string> expand_path(const std::string& path);

/// Ending in lower case with its dot: ".mp4"; empty where there is none.
std::string lower_extension(std::string_view path);

bool has_extension(std::string_view path, const std::vector<std::string_view>& extensions);

/// Whether the path is an address ("rtsp://...") or a camera's number, and so no file.
bool is_address(std::string_view path);
bool is_camera(std::string_view path);

/// Rejects paths that lead nowhere; addresses and cameras pass.
void require_path(const std::string& path);

/// Path, bytes and time of change: the identity of a file's content for the cache.
std::string file_identity(const std::string& path);

}  // namespace nextframe
