#include "tests/support/backends.h"

#include <ostream>

#include "core/backend/cpu/cpu_backend.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe::test {

std::vector<BackendUnderTest> backends_under_test() {
  std::vector<BackendUnderTest> backends{{"reference", [] { return std::make_unique<ReferenceBackend>(); }}};
  // A build without a processor backend of its own falls back to the reference.
  if (make_cpu_backend({.threads = 1})->name() == "reference") return backends;
  for (const int threads : {1, 2, 3}) {
    backends.push_back({"cpu" + std::to_string(threads), [threads] { return make_cpu_backend({.threads = threads}); }});
  }
  return backends;
}

void PrintTo(const BackendUnderTest& backend, std::ostream* stream) { *stream << backend.name; }

}  // namespace nextframe::test
