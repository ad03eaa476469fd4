#include "app/version.h"

#include "core/backend/cpu/cpu_backend.h"

namespace nextframe::app {

std::string program_version() { return NEXTFRAME_VERSION; }

std::string version_text() {
  return "nextframe " + program_version() + "\ncomputes with " + describe_cpu_libraries() +
         "\nbuilt with " NEXTFRAME_LIBRARIES "\n";
}

}  // namespace nextframe::app
