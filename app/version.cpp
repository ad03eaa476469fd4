#include "app/version.h"

#include "app/shipped_files.h"
#include "core/backend/cpu/cpu_backend.h"

namespace nextframe::app {

std::string program_version() { return NEXTFRAME_VERSION; }

std::string version_text() {
  const std::string shipped = shipped_folder();
  return "nextframe " + program_version() + "\ncomputes with " + describe_cpu_libraries() +
         "\nbuilt with " NEXTFRAME_LIBRARIES "\n" +
         (shipped.empty() ? "" : "configurations and a small model are in " + shipped + "\n");
}

}  // namespace nextframe::app
