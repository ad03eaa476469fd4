#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "core/backend/backend.h"

namespace nextframe::test {

/// A backend that computes in float32 and is held against the reference in double.
struct BackendUnderTest {
  std::string name;  ///< letters and digits only
  std::function<std::unique_ptr<Backend>()> make;
};

/// Every backend that this machine has, the processor's with one, two and three threads.
std::vector<BackendUnderTest> backends_under_test();

/// So that a failing test names its backend.
void PrintTo(const BackendUnderTest& backend, std::ostream* stream);

/// For INSTANTIATE_TEST_SUITE_P.
struct BackendName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name;
  }
};

}  // namespace nextframe::test
