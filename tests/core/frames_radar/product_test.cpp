#include "core/frames/radar/product.h"

#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::rejection;

TEST(Products, BuiltInRowsAreWhole) {
  const std::vector<Product>& products = built_in_products();
  ASSERT_GT(products.size(), 8U);
  for (const Product& product : products) {
    EXPECT_FALSE(product.name.empty());
    EXPECT_FALSE(product.title.empty()) << product.name;
    EXPECT_FALSE(product.files.empty()) << product.name;
    EXPECT_TRUE(choose_products(product.name).chosen);
    EXPECT_EQ(parse_products(to_text(product), "again").front().name, product.name);
  }
  EXPECT_EQ(products.back().name, "geotiff");
}

TEST(Products, AllMistakesAtOnce) {
  const std::string text = rejection([] {
    parse_products(R"({ "name": "a", "reader": "array", "quantty": "rate", "gain": "1" })", "[product] a.json");
  });
  expect_in("[product] a.json", text);
  expect_in("did you mean \"quantity\"", text);
  expect_in("product.gain", text);
  const std::string other = rejection([] {
    parse_products(R"([ { "name": "a", "reader": "array" }, { "reader": "raster", "place": { "by": "row" } } ])", "b");
  });
  expect_in("products[0].array", other);
  expect_in("products[0].quantity", other);
  expect_in("products[1].name", other);
  expect_in("products[1].place", other);
}

TEST(Products, OfAModelFirstItsOwn) {
  Product own = built_in_products().front();
  own.name = "own";
  const ProductChoice choice = choose_products(to_text(own));
  EXPECT_FALSE(choice.chosen);
  EXPECT_EQ(choice.products.front().name, "own");
  EXPECT_EQ(choice.products.size(), built_in_products().size() + 1);
}

TEST(Products, CalibrationFormulas) {
  using Numbers = std::array<double, 2>;
  EXPECT_EQ(parse_calibration("GEO=0.01*PV+0.0"), (Numbers{0.01, 0}));
  EXPECT_EQ(parse_calibration("GEO=0.500000*PV+-32.000000"), (Numbers{0.5, -32}));
  EXPECT_EQ(parse_calibration("GEO=2*PV"), (Numbers{2, 0}));
  EXPECT_FALSE(parse_calibration("GEO=PV*2+1"));
  EXPECT_FALSE(parse_calibration("GEO=0.5*PV+x"));
  EXPECT_FALSE(parse_calibration(""));
}

}  // namespace
}  // namespace nextframe
