#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/npy.h"
#include "tests/app/program.h"

namespace nextframe::test {

/// A folder for all tests of a suite, in which the program runs. `Suite` is the class itself and fills the folder in a
/// static function fill().
template <class Suite>
class SharedFolder : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    Suite::fill();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static RunOptions here() {
    RunOptions options;
    options.directory = folder_->path();
    return options;
  }
  static std::vector<std::int64_t> shape_of(const std::string& name) { return NpyArray::open(*folder_ / name).shape(); }

  inline static TemporaryFolder* folder_ = nullptr;
};

}  // namespace nextframe::test
