#include "core/frames/radar/product.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/radar/built_in_products.h"
#include "core/json/fields.h"
#include "core/json/value.h"

namespace nextframe {
namespace {

void check(const Product& product, const std::string& path, Problems& problems) {
  if (product.name.empty()) problems.add(path + ".name: got \"\", expected a name");
  const bool needs_array = product.reader == ProductReader::kArray || product.reader == ProductReader::kEvents;
  if (needs_array && product.array.empty()) problems.add(path + ".array: got \"\", expected the path of an array");
  if (product.reader == ProductReader::kArray && product.quantity == Quantity::kNone) {
    problems.add(path + ".quantity: got \"none\", expected reflectivity, rate or accumulation");
  }
  if (product.encoding == Encoding::kDecibel && product.quantity == Quantity::kReflectivity) {
    problems.add(path + ".encoding: got \"decibel\" with a reflectivity, which is in decibels by itself");
  }
  if (product.place.by == PlaceBy::kRow) {
    const bool corners = product.place.lower_left && product.place.upper_right;
    if (product.place.projection.empty()) problems.add(path + ".place.projection: got \"\", expected a projection");
    if (!corners && !product.place.bounds) {
      problems.add(path + ".place: needs bounds, or lower_left and upper_right");
    }
  }
}

std::vector<Product> products_from(const json::Value& document, const std::string& where) {
  Problems problems;
  std::vector<Product> products;
  if (document.is_array()) {
    json::read_value(document, "products", {}, products, problems);
  } else {
    json::read_value(document, "product", {}, products.emplace_back(), problems);
  }
  if (problems.empty()) {
    for (std::size_t i = 0; i < products.size(); ++i) {
      check(products[i], document.is_array() ? json::item_path("products", i) : "product", problems);
    }
    if (products.empty()) problems.add("products: got an empty list, expected a row at least");
  }
  problems.reject_if_any(where);
  return products;
}

}  // namespace

std::vector<Product> parse_products(std::string_view text, const std::string& where) {
  return products_from(json::parse(text, where, json::Comments::kAllowed), where);
}

const std::vector<Product>& built_in_products() {
  static const std::vector<Product> kProducts = [] {
    std::vector<Product> all;
    for (const auto& [file, text] : built_in_product_files()) {
      std::vector<Product> rows = parse_products(text, format("[product] {}", file));
      std::move(rows.begin(), rows.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kProducts;
}

std::string to_text(const Product& product) { return options_to_json(product).dump(); }

ProductChoice choose_products(const std::string& name_or_file) {
  if (name_or_file.empty()) return {built_in_products(), false};
  if (name_or_file.starts_with('{')) {
    std::vector<Product> products = parse_products(name_or_file, "[product] the model's");
    const std::string own = products.front().name;
    std::ranges::copy_if(built_in_products(), std::back_inserter(products),
                         [&](const Product& product) { return product.name != own; });
    return {std::move(products), false};
  }
  if (name_or_file.ends_with(".json")) {
    return {products_from(json::read_file(name_or_file), format("[product] {}", name_or_file)), true};
  }
  std::vector<std::string> names;
  for (const Product& product : built_in_products()) {
    if (product.name == name_or_file) return {{product}, true};
    names.push_back(product.name);
  }
  reject("[product] \"{}\" is not known; expected a .json file with a product, or one of {}{}", name_or_file,
         join(names, ", "), json::suggestion(name_or_file, names));
}

std::optional<std::array<double, 2>> parse_calibration(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<double> {
    if (digits.starts_with('+')) digits.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const std::size_t equals = text.find('='), variable = text.find("*PV");
  if (equals == std::string_view::npos || variable == std::string_view::npos || variable < equals) return std::nullopt;
  const auto gain = number(text.substr(equals + 1, variable - equals - 1));
  const std::string_view rest = text.substr(variable + 3);
  const auto offset = rest.empty() ? std::optional<double>(0) : number(rest);
  if (!gain || !offset) return std::nullopt;
  return std::array<double, 2>{*gain, *offset};
}

}  // namespace nextframe
