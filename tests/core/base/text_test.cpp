#include "core/base/text.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace nextframe {
namespace {

TEST(Text, NaturalOrder) {
  std::vector<std::string> names = {
      "f10.png", "f2.png", "f1.png", "f02.png", "f100000000000000000000001", "f99999999999999999999999", "f", "g1"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"f", "f1.png", "f02.png", "f2.png", "f10.png", "f99999999999999999999999",
                                             "f100000000000000000000001", "g1"}));
}

TEST(Text, NaturalOrderIsStrict) {
  const std::vector<std::string> names = {"", "0", "00", "a", "a0", "a00", "a0b", "a00b", "1a", "01a"};
  for (const std::string& a : names) {
    EXPECT_FALSE(natural_less(a, a)) << a;
    for (const std::string& b : names) {
      EXPECT_TRUE(a == b || natural_less(a, b) != natural_less(b, a)) << a << " " << b;
      for (const std::string& c : names) {
        EXPECT_TRUE(!natural_less(a, b) || !natural_less(b, c) || natural_less(a, c)) << a << " " << b << " " << c;
      }
    }
  }
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
  EXPECT_EQ(edit_distance("stpes", "steps"), 1u);
}

TEST(Text, NearestName) {
  const std::vector<std::string> names = {"optimizer", "schedule", "steps", "lr"};
  EXPECT_EQ(nearest_name("optimzer", names), "optimizer");
  EXPECT_EQ(nearest_name("Steps", names), "steps");
  EXPECT_EQ(nearest_name("sched", names), "schedule");
  EXPECT_EQ(nearest_name("zzzz", names), "");
}

TEST(Text, Glob) {
  EXPECT_TRUE(glob_match("*.mp4", "a.mp4"));
  EXPECT_FALSE(glob_match("*.mp4", "a.mp4.txt"));
  EXPECT_FALSE(glob_match("*.mp4", "b/a.mp4"));
  EXPECT_TRUE(glob_match("*/a?.p[gn][!a-f]", "b/a1.png"));
  EXPECT_FALSE(glob_match("a?.p[gn][!a-g]", "a1.png"));
  EXPECT_TRUE(glob_match("a*b*c", "axxbyybzzc"));
  EXPECT_FALSE(glob_match("a*b*c", "axxbyybzz"));
  EXPECT_TRUE(glob_match("\\*", "*"));
  EXPECT_FALSE(glob_match("\\*", "x"));
  EXPECT_FALSE(glob_match("[abc", "a"));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(is_glob("a[1]"));
  EXPECT_FALSE(is_glob("a\\*"));
}

TEST(Text, Utf8) {
  EXPECT_EQ(to_valid_utf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
  EXPECT_EQ(to_valid_utf8("a\xFFz\xC3"), "a\xEF\xBF\xBDz\xEF\xBF\xBD");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Text, ForPeople) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(2.8e9), "2.8 GB");
  EXPECT_EQ(format_bytes(999999), "1.0 MB");
  EXPECT_EQ(parse_bytes("4G"), 4'000'000'000);
  EXPECT_EQ(parse_bytes("1.5 GB"), 1'500'000'000);
  EXPECT_EQ(parse_bytes("512MiB"), 512 << 20);
  EXPECT_EQ(parse_bytes("800m"), 800'000'000);
  EXPECT_EQ(parse_bytes("4096"), 4096);
  for (const char* wrong : {"", "G", "4X", "-1G", "0", "0.1", "4GG", "4 G x", "nan", "inf", "1e30"}) {
    EXPECT_EQ(parse_bytes(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(format_duration(4.21), "4.2 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(7620), "2 h 07 min");
  EXPECT_EQ(join(split("a,b,,c", ','), "|"), "a|b||c");
}

}  // namespace
}  // namespace nextframe
