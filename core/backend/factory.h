#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "core/backend/backend.h"

namespace nextframe {

enum class Device {
  kCpu,
  kCuda,
  kAuto,  ///< the GPU where there is one, else the processor
};

constexpr auto enum_names(Device) {
  return std::array<std::pair<std::string_view, Device>, 3>{
      {{"cpu", Device::kCpu}, {"cuda", Device::kCuda}, {"auto", Device::kAuto}}};
}

struct BackendOptions {
  Device device = Device::kAuto;
  int threads = 0;  ///< of the processor; 0: as many as the process may use
};

/// The backend that a command runs on. Rejects a device that is not there.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);

}  // namespace nextframe
