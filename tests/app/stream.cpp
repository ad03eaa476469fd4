#include "tests/app/stream.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace nextframe::test {

Stream::Stream(std::string bytes, Pace pace) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(place);
  auto* address = reinterpret_cast<sockaddr*>(&place);
  if (listener_ < 0 || ::bind(listener_, address, size) != 0 || ::listen(listener_, 1) != 0 ||
      ::getsockname(listener_, address, &size) != 0) {
    return;
  }
  address_ = "tcp://127.0.0.1:" + std::to_string(ntohs(place.sin_port));
  thread_ = std::thread([this, bytes = std::move(bytes), pace] { send(bytes, pace); });
}

Stream::~Stream() {
  if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);  // ends a wait for somebody who never came
  if (thread_.joinable()) thread_.join();
  if (listener_ >= 0) ::close(listener_);
}

void Stream::send(const std::string& bytes, Pace pace) const {
  const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (peer < 0) return;
  const std::size_t piece = pace == Pace::kSlowly ? 1000 : 65536;
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t sent = ::send(peer, bytes.data() + done, std::min(piece, bytes.size() - done), MSG_NOSIGNAL);
    if (sent <= 0) break;  // the other side has enough
    done += static_cast<std::size_t>(sent);
    if (pace == Pace::kSlowly) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::close(peer);
}

}  // namespace nextframe::test
