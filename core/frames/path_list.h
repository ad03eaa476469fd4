#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nextframe {

/// The path itself where it exists or holds no pattern; else everything that the pattern matches, in natural order.
std::vector<std::string> expand_path(const std::string& path);

/// An array's file and the part of it that is meant: "a.npy#3" is sequence 3 of a.npy, "b.npz#rain" the array "rain" of
/// an archive, "b.npz#rain#3" its sequence 3. A path without a part, or of another kind of file, is the file itself; so
/// is one that exists under its whole name.
struct ArrayPath {
  std::string file;
  std::string part = {};  ///< without its '#'; empty = everything
};
ArrayPath parse_array_path(const std::string& path);

/// Ending in lower case with its dot: ".mp4"; empty where there is none.
std::string lower_extension(std::string_view path);

bool has_extension(std::string_view path, const std::vector<std::string_view>& extensions);

/// Whether the path is an address ("rtsp://...") or a camera's number, and so no file.
bool is_address(std::string_view path);
bool is_camera(std::string_view path);

/// Whether the path is a pipe, such as /dev/stdin may be: it ends, and can be read once.
bool is_pipe(const std::string& path);

/// Rejects paths that lead nowhere; addresses and cameras pass.
void require_path(const std::string& path);

/// Path, bytes and time of change: the identity of a file's content for the cache.
std::string file_identity(const std::string& path);

}  // namespace nextframe
