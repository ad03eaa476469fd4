#include "core/json/value.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace nextframe::json {
namespace {

std::string error_of(std::string_view text, Comments comments = Comments::kRefused) {
  try {
    parse(text, "a.json", comments);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    return error.what();
  }
  return "no error";
}

template <class T>
bool refuses(const Value& value) {
  try {
    value.get<T>("x");
  } catch (const Error& error) {
    return std::string(error.what()).starts_with("x: got ");
  }
  return false;
}

TEST(JsonParse, KeepsOrderAndTypes) {
  const Value value = parse(R"({"z": 1, "a": [true, null, -2.5, "t\u00e9xt"], "m": {}})", "a.json");
  EXPECT_EQ(value.dump(), "{\"z\":1,\"a\":[true,null,-2.5,\"t\xC3\xA9xt\"],\"m\":{}}");
  EXPECT_TRUE(value.at("z", "").is_integer());
  EXPECT_FALSE(value.at("a", "").items("")[2].is_integer());
  EXPECT_EQ(value.find("absent"), nullptr);
}

TEST(JsonParse, SaysLineAndColumn) {
  EXPECT_TRUE(error_of("{\n  \"a\": 1,\n  \"b\": tru\n}").starts_with("a.json:3:"))
      << error_of("{\n  \"a\": 1,\n  \"b\": tru\n}");
  EXPECT_TRUE(error_of("{\"a\": @}").starts_with("a.json:1:7:")) << error_of("{\"a\": @}");
  EXPECT_TRUE(error_of("{\"\xC3\xA9\": @}").starts_with("a.json:1:7:")) << error_of("{\"\xC3\xA9\": @}");
  EXPECT_TRUE(error_of("").starts_with("a.json:1:1:")) << error_of("");
  EXPECT_EQ(error_of("[1]"), "no error");
}

TEST(JsonParse, RefusesTrailingCommasAndTrailingText) {
  EXPECT_NE(error_of("[1,]"), "no error");
  EXPECT_NE(error_of("{\"a\":1,}"), "no error");
  EXPECT_NE(error_of("{} {}"), "no error");
  EXPECT_NE(error_of("[NaN]"), "no error");
  EXPECT_NE(error_of("[1e999]"), "no error");
  EXPECT_NE(error_of("[\"\xFF\"]"), "no error");
}

TEST(JsonParse, RefusesDuplicateKeysWithPosition) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}"),
            "a.json:3:4: the key \"a\" comes twice in this object");
}

TEST(JsonParse, CommentsOnlyWhereAllowed) {
  const std::string text = "{ // one\n \"a\": 1 /* two */ }";
  EXPECT_EQ(error_of(text, Comments::kAllowed), "no error");
  EXPECT_NE(error_of(text), "no error");
}

TEST(JsonParse, RefusesDeepNesting) {
  EXPECT_EQ(error_of(std::string(200, '[') + std::string(200, ']')), "no error");
  EXPECT_NE(error_of(std::string(100000, '[')).find("nested deeper"), std::string::npos);
}

TEST(JsonGet, ConvertsNothingSilently) {
  EXPECT_TRUE(refuses<int>(Value(1.7)));
  EXPECT_TRUE(refuses<int>(Value(3000000000)));
  EXPECT_TRUE(refuses<int>(Value("1")));
  EXPECT_TRUE(refuses<int>(Value(true)));
  EXPECT_TRUE(refuses<int>(Value(std::nan(""))));
  EXPECT_TRUE(refuses<unsigned>(Value(-1)));
  EXPECT_TRUE(refuses<std::int64_t>(Value(std::numeric_limits<std::uint64_t>::max())));
  EXPECT_TRUE(refuses<double>(Value("1")));
  EXPECT_TRUE(refuses<double>(Value()));
  EXPECT_TRUE(refuses<bool>(Value(1)));
  EXPECT_TRUE(refuses<std::string>(Value(1)));
  EXPECT_EQ(Value(1e3).get<int>("x"), 1000);
  EXPECT_EQ(Value(3000000000).get<std::int64_t>("x"), 3000000000);
  EXPECT_EQ(Value(7).get<double>("x"), 7.0);
  EXPECT_EQ(Value(std::numeric_limits<std::uint64_t>::max()).get<std::uint64_t>("x"),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(JsonDump, NumbersReadBackAsTheSameBits) {
  for (const double number : {0.1, 1e-3, 1.0, 1e300, 5e-324, -0.0, 123456789.125}) {
    const Value read = parse(Value(number).dump(), "n");
    EXPECT_EQ(std::signbit(read.get<double>("n")), std::signbit(number));
    EXPECT_EQ(read.get<double>("n"), number);
    EXPECT_FALSE(read.is_integer());
  }
  for (const std::uint64_t word :
       {std::uint64_t{0}, std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(parse(Value(word).dump(), "n").get<std::uint64_t>("n"), word);
  }
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()).dump(), "-9223372036854775808");
}

TEST(JsonDump, RefusesNanAndSurvivesNamesThatAreNotUtf8) {
  EXPECT_THROW(Value(std::nan("")).dump(), Error);
  EXPECT_THROW(Value(std::numeric_limits<double>::infinity()).dump(), Error);
  EXPECT_TRUE(Value::number_or_null(std::nan("")).is_null());
  EXPECT_EQ(Value("a\xFF\"\n").dump(), "\"a\xEF\xBF\xBD\\\"\\n\"");
}

TEST(JsonDump, IndentsObjectsAndKeepsScalarListsOnALine) {
  Value value;
  value.set("size", Value(Value::Array{64, 64}));
  value.set("levels", Value(Value::Array{Value::object()}));
  EXPECT_EQ(value.dump(2), "{\n  \"size\": [64, 64],\n  \"levels\": [\n    {}\n  ]\n}");
}

TEST(JsonValue, SetReplacesInPlaceAndErases) {
  Value value = parse(R"({"a": 1, "b": 2})", "x");
  value.set("a", "new");
  value.set("c", 3);
  EXPECT_EQ(value.dump(), R"({"a":"new","b":2,"c":3})");
  value.erase("b");
  EXPECT_EQ(value.dump(), R"({"a":"new","c":3})");
  EXPECT_THROW(value.at("b", "x"), Error);
}

TEST(JsonFile, MissingFileIsTheRequestsFault) { EXPECT_THROW(read_file("does/not/exist.json"), Error); }

}  // namespace
}  // namespace nextframe::json
