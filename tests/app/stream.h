#pragma once

#include <string>
#include <thread>

namespace nextframe::test {

/// Sends bytes to the first who connects to a port of this machine, and hangs up.
class Stream {
 public:
  enum class Pace { kAtOnce, kSlowly };  ///< slowly: 1 kB every 20 ms

  explicit Stream(std::string bytes, Pace pace = Pace::kAtOnce);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// "tcp://127.0.0.1:port"; empty where this machine allows no sockets.
  std::string address() const { return address_; }

 private:
  void send(const std::string& bytes, Pace pace) const;

  int listener_ = -1;
  std::string address_;
  std::thread thread_;
};

}  // namespace nextframe::test
