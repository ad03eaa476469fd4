#include "core/frames/radar/time_format.h"

#include <gtest/gtest.h>

namespace nextframe {
namespace {

constexpr UtcSeconds kKnmi = 1282798800;  // 2010-08-26 05:00

TEST(ParseTime, NamesOfWeatherServices) {
  EXPECT_EQ(parse_time("RAD_NL25_RAP_5min_%Y%m%d%H%M.h5", "RAD_NL25_RAP_5min_201008260500.h5"), kKnmi);
  EXPECT_EQ(parse_time("%Y%m%d%H%M_fmi*.pgm.gz", "201609281445_fmi.radar.composite.lowest_FIN_SUOMI1.pgm.gz"),
            1475073900);
  // 2016-06-09: day 161 of a leap year.
  EXPECT_EQ(parse_time("AQC%y%j%H%M*.gif", "AQC161612045VF_00005.801.gif"), 1465505100);
  EXPECT_EQ(parse_time("*_%Y%m%d_%H%M%S.prcp-cscn.nc", "2_20180616_100600.prcp-cscn.nc"), 1529143560);
  EXPECT_EQ(parse_time("%d-%b-%Y;%H:%M:%S*", "26-AUG-2010;05:00:00.000"), kKnmi);
  EXPECT_EQ(parse_time("%Y/%m/%d/a%Y%m%d%H%M.h5", "2010/08/26/a201008260500.h5"), kKnmi);
}

TEST(ParseTime, WhatDoesNotFitIsNoTime) {
  EXPECT_FALSE(parse_time("a%Y%m%d.h5", "a2010082.h5"));
  EXPECT_FALSE(parse_time("a%Y%m%d.h5", "a20100826.h5.part"));
  EXPECT_FALSE(parse_time("a%Y%m%d.h5", "a20100230.h5"));      // no such day
  EXPECT_FALSE(parse_time("a%Y%m%d%H.h5", "a2010082624.h5"));  // no such hour
  EXPECT_FALSE(parse_time("a%Y%j", "a2010366"));               // not a leap year
  EXPECT_TRUE(parse_time("a%Y%j", "a2012366"));
  EXPECT_FALSE(parse_time("a%H%M", "a0500"));  // no date
  EXPECT_FALSE(parse_time("%Y/%Y%m%d", "2011/20100826"));
  EXPECT_FALSE(parse_time("%Y%m%d", ""));
  EXPECT_FALSE(parse_time("", ""));
  EXPECT_FALSE(parse_time("%", "%"));
}

TEST(ParseTime, IsoAndBack) {
  EXPECT_EQ(parse_iso_time("2010-08-26T05:00"), kKnmi);
  EXPECT_EQ(parse_iso_time("2010-08-26 05:00:00 UTC"), kKnmi);
  EXPECT_EQ(parse_iso_time("2010-08-26T05:00:30Z"), kKnmi + 30);
  EXPECT_EQ(parse_iso_time("1969-12-31"), -86400);
  EXPECT_FALSE(parse_iso_time("26.8.2010"));
  EXPECT_FALSE(parse_iso_time("120"));
  EXPECT_EQ(format_time(kKnmi), "2010-08-26 05:00 UTC");
  EXPECT_EQ(format_time(kKnmi + 7), "2010-08-26 05:00:07 UTC");
  EXPECT_EQ(format_time(-60), "1969-12-31 23:59 UTC");
  EXPECT_EQ(parse_iso_time(format_time(kKnmi)), kKnmi);
}

TEST(ParseTime, PatternsBecomeGlobs) {
  EXPECT_EQ(glob_of("x/%Y/RAD_%Y%m%d%H%M.h5"), "x/*/RAD_*.h5");
  EXPECT_EQ(glob_of("100%%.h5"), "100%.h5");
  EXPECT_TRUE(has_time_fields("a%Y"));
  EXPECT_FALSE(has_time_fields("100%%Y.h5"));
  EXPECT_FALSE(has_time_fields("a%"));
}

TEST(ParseTime, FillsInWhatItReads) {
  for (const char* pattern :
       {"RAD_%Y%m%d%H%M%S.h5", "AQC%y%j%H%M%S.gif", "%d-%b-%Y;%H:%M:%S", "100%% %Y-%m-%d %H:%M:%S"}) {
    EXPECT_EQ(parse_time(pattern, fill_time(pattern, kKnmi + 61)), kKnmi + 61) << pattern;
  }
  EXPECT_EQ(fill_time("%d-%b-%Y;%H:%M", kKnmi), "26-Aug-2010;05:00");
}

TEST(ParseTime, UnitsOfConventions) {
  const auto minutes = parse_time_units("minutes since 2010-08-26 00:00:00");
  ASSERT_TRUE(minutes);
  EXPECT_EQ(minutes->seconds, 60);
  EXPECT_EQ(minutes->origin, kKnmi - 5 * 3600);
  EXPECT_EQ(parse_time_units("seconds since 1970-01-01 00:00:00 UTC")->origin, 0);
  EXPECT_EQ(parse_time_units("days since 2010-08-26T05:00:00Z")->seconds, 86400);
  EXPECT_FALSE(parse_time_units("mm"));
  EXPECT_FALSE(parse_time_units("fortnights since 2010-08-26"));
}

}  // namespace
}  // namespace nextframe
