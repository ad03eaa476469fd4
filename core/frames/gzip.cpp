#include "core/frames/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr int kAnyWindow = 15 + 32;  // largest window, a header of gzip or of zlib
constexpr std::size_t kStep = 1 << 20;

class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, kAnyWindow) != Z_OK) fail("[gzip] zlib did not start");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  z_stream* operator->() { return &stream_; }
  int run() { return inflate(&stream_, Z_NO_FLUSH); }
  void restart() { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

std::vector<std::byte> gunzip(std::span<const std::byte> bytes, std::size_t limit, const std::string& name) {
  Inflater inflater;
  std::vector<std::byte> content;
  std::size_t taken = 0;
  int status = Z_OK;
  while (taken < bytes.size() || status != Z_STREAM_END) {
    if (status == Z_STREAM_END) inflater.restart();  // another member follows
    const std::size_t step_in = std::min<std::size_t>(bytes.size() - taken, std::numeric_limits<uInt>::max());
    const std::size_t before = content.size();
    content.resize(before + kStep);
    inflater->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data() + taken));
    inflater->avail_in = static_cast<uInt>(step_in);
    inflater->next_out = reinterpret_cast<Bytef*>(content.data() + before);
    inflater->avail_out = static_cast<uInt>(kStep);
    status = inflater.run();
    const std::size_t used = step_in - inflater->avail_in;
    taken += used;
    content.resize(before + kStep - inflater->avail_out);
    if (status == Z_BUF_ERROR || (status == Z_OK && used == 0 && content.size() == before)) {
      reject("[gzip] {}: the file ends in the middle; is it truncated?", name);
    }
    if (status != Z_OK && status != Z_STREAM_END) {
      reject("[gzip] {}: damaged after {} bytes of content", name, content.size());
    }
    if (content.size() > limit) reject("[gzip] {}: unpacks to more than {} bytes", name, limit);
  }
  return content;
}

}  // namespace nextframe
