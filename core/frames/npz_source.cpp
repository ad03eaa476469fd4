#include "core/frames/npz_source.h"

#include <zip.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/frames/array_source.h"
#include "core/frames/path_list.h"

namespace nextframe {
namespace {

struct ArchiveCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct MemberCloser {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, ArchiveCloser>;
using Member = std::unique_ptr<zip_file_t, MemberCloser>;

std::vector<std::byte> read_member(zip_t* archive, zip_uint64_t index, const std::string& name) {
  zip_stat_t status;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
    reject("[npz] {}: its length is not known; the file is damaged", name);
  }
  const std::uint64_t available = available_memory_bytes();
  if (available > 0 && status.size > available) {
    reject("[npz] {}: needs {} bytes of memory, {} are left; save it as .npy, which is read piece by piece", name,
           status.size, available);
  }
  const Member member(zip_fopen_index(archive, index, 0));
  if (!member) reject("[npz] {}: cannot be opened ({})", name, zip_strerror(archive));
  // Grows with what really comes: a damaged file may claim any length.
  std::vector<std::byte> bytes;
  constexpr std::size_t kPiece = 1 << 20;
  while (bytes.size() < status.size) {
    const std::size_t had = bytes.size();
    bytes.resize(std::min<std::size_t>(had + kPiece, status.size));
    const zip_int64_t got = zip_fread(member.get(), bytes.data() + had, bytes.size() - had);
    if (got <= 0) reject("[npz] {}: is damaged or cut off", name);
    bytes.resize(had + static_cast<std::size_t>(got));
  }
  // One more read lets libzip compare the checksum.
  std::byte extra{};
  if (zip_fread(member.get(), &extra, 1) != 0) reject("[npz] {}: is damaged (its checksum is wrong)", name);
  return bytes;
}

std::vector<ClipReference> clips_of_archive(const std::string& path, const SourceOptions& options) {
  int error = 0;
  const Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &error));
  if (!archive) reject("[npz] {}: is no zip archive, or damaged or cut off", path);
  std::vector<ClipReference> clips;
  const std::string identity = file_identity(path);
  for (zip_uint64_t i = 0;
       i < static_cast<zip_uint64_t>(std::max<zip_int64_t>(0, zip_get_num_entries(archive.get(), 0))); ++i) {
    const char* found = zip_get_name(archive.get(), i, 0);
    const std::string member = found != nullptr ? found : "";
    if (!has_extension(member, {".npy"})) continue;
    const std::string name = path + "#" + member.substr(0, member.size() - 4);
    auto more =
        array_clips(NpyArray::from_bytes(read_member(archive.get(), i, name), name), identity + "|" + member, options);
    std::move(more.begin(), more.end(), std::back_inserter(clips));
  }
  if (clips.empty()) reject("[npz] {}: holds no arrays", path);
  return clips;
}

}  // namespace

bool is_npz(const std::string& path) { return has_extension(parse_array_path(path).file, {".npz"}); }
bool is_array(const std::string& path) { return has_extension(parse_array_path(path).file, {".npy", ".npz"}); }

std::vector<ClipReference> list_npz(const SourceOptions& options) {
  require_path(options.path);
  std::vector<ClipReference> clips;
  const ArrayPath array = parse_array_path(options.path);
  for (const std::string& path : expand_path(array.file)) {
    std::vector<ClipReference> more = clips_of_archive(path, options);
    more = clips_of_part(std::move(more), {path, array.part});
    std::move(more.begin(), more.end(), std::back_inserter(clips));
  }
  return clips;
}

std::vector<ClipReference> list_arrays(const SourceOptions& options) {
  return is_npz(options.path) ? list_npz(options) : list_npy(options);
}

}  // namespace nextframe
