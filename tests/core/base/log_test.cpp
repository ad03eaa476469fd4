#include <gtest/gtest.h>

#include "core/base/stderr_log.h"

namespace nextframe {
namespace {

TEST(StderrLog, WritesToStderrOnlyAndWithoutColourWhenPiped) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  {
    StderrLog log;
    log.info("step {}", 3);
    log.warning("slow");
    log.debug("hidden");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "step 3\nwarning: slow\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace nextframe
