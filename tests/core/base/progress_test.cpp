#include "core/base/progress.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/memory.h"

namespace nextframe {
namespace {

TEST(Progress, PlainLinesWhenPiped) {
  testing::internal::CaptureStderr();
  {
    Progress progress({.label = "train",
                       .unit = "step",
                       .total = 4,
                       .plain_interval_seconds = 1e9,
                       .display = Progress::Display::kAutomatic});
    progress.update(1, "loss 0.5");
    progress.update(2, "loss 0.4");
    progress.update(4, "loss 0.2");
    progress.finish();
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_TRUE(text.starts_with("train 1/4 25%")) << text;
  EXPECT_EQ(text.find("0.4"), std::string::npos) << text;
  EXPECT_NE(text.find("train 4/4 100%"), std::string::npos) << text;
  EXPECT_NE(text.find("loss 0.2\n"), std::string::npos) << text;
}

TEST(Progress, ShowsItsLastStateAtTheEndWhateverTheTime) {
  testing::internal::CaptureStderr();
  {
    Progress progress(
        {.label = "read", .total = 3, .plain_interval_seconds = 1e9, .display = Progress::Display::kPlain});
    for (std::int64_t i = 1; i <= 3; ++i) progress.update(i, "");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text, "read 1/3 33%\nread 3/3 100%\n");
}

TEST(Progress, DrawnLineHasABarWhereItFitsAndIsCutToTheTerminal) {
  testing::internal::CaptureStderr();
  Progress progress({.label = "train", .total = 10, .display = Progress::Display::kDrawn});
  progress.update(5, "");
  EXPECT_NE(progress.line(79).find("[##########          ] 50%"), std::string::npos) << progress.line(79);
  progress.update(5, std::string(300, 'x'));
  const std::string line = progress.line(79);
  EXPECT_EQ(line.size(), 79u);
  EXPECT_TRUE(line.starts_with("train 5/10 50%")) << line;
  progress.finish();
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("\r\x1b[K"));
}

TEST(Progress, RateLeavesOutWhatWasDoneBefore) {
  Progress progress({.total = 200, .start = 100, .display = Progress::Display::kSilent});
  EXPECT_EQ(progress.rate(), 0);
  EXPECT_LT(progress.seconds_left(), 0);
  progress.update(150, "");
  EXPECT_GT(progress.rate(), 0);
  EXPECT_GT(progress.seconds_left(), 0);
}

TEST(Memory, IsKnownOnLinux) {
  EXPECT_GT(available_memory_bytes(), 1000000u);
  EXPECT_GT(peak_memory_bytes(), 1000000u);
}

}  // namespace
}  // namespace nextframe
