#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "core/backend/counting/counting_backend.h"
#include "core/base/error.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/model/network.h"
#include "tests/core/config/schema_check.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> shipped_configs() {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(NEXTFRAME_CONFIGS)) {
    if (entry.path().extension() == ".json" && entry.path().filename() != "schema.json") paths.push_back(entry.path());
  }
  return paths;
}

/// Whether the parser takes the document as far as single fields go.
bool parser_takes(const json::Value& document) {
  Config config;
  Problems problems;
  read_fields(document, "", config, problems);
  return problems.empty();
}

TEST(Schema, ShippedFileIsWhatTheCodeEmits) {
  std::ifstream stream(fs::path(NEXTFRAME_CONFIGS) / "schema.json", std::ios::binary);
  const std::string shipped{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(shipped == config_schema().dump(2) + "\n") << "run: cmake --build BUILD --target update_schema";
}

TEST(Schema, ShippedConfigurationsLoadAndAreValid) {
  ::setenv("NEXTFRAME_DATA", "data", /*overwrite=*/0);
  const json::Value schema = config_schema();
  EXPECT_GE(shipped_configs().size(), 5u);
  for (const fs::path& path : shipped_configs()) {
    SCOPED_TRACE(path.filename());
    EXPECT_NO_THROW(load_config(path, {}));
    EXPECT_TRUE(test::is_valid(json::read_file(path), schema));
  }
}

struct PublishedNetwork {
  std::string file;
  std::int64_t parameters = 0;
};

class PublishedNetworks : public testing::TestWithParam<PublishedNetwork> {};

TEST_P(PublishedNetworks, HaveAsManyParametersAsPublished) {
  ::setenv("NEXTFRAME_DATA", "data", /*overwrite=*/0);
  const Config config = load_config(fs::path(NEXTFRAME_CONFIGS) / (GetParam().file + ".json"), {});
  CountingBackend backend;
  const std::int64_t inputs = 1 + (config.model.coordinates ? kCoordinateChannels : 0);
  EXPECT_EQ(make_network(backend, DType::kFloat32, config.model, inputs, 1)->parameters().elements(),
            GetParam().parameters);
}

// OpenSTL's are those that its forward pass uses: 11.68 M.
INSTANTIATE_TEST_SUITE_P(
    Configurations, PublishedNetworks,
    testing::Values(PublishedNetwork{"hko7", 13649081}, PublishedNetwork{"openstl-convlstm-s", 11675648},
                    PublishedNetwork{"openstl-convlstm-l", 26115072}, PublishedNetwork{"predrnn", 23838720},
                    PublishedNetwork{"shi2015-convlstm", 7585296}, PublishedNetwork{"shi2017-convgru-k3d2", 2604817},
                    PublishedNetwork{"shi2017-convgru-k5", 4767505}, PublishedNetwork{"shi2017-convgru-k7", 8011537},
                    PublishedNetwork{"shi2017-trajgru", 4000397}),
    [](const auto& test) {
      std::string name = test.param.file;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Schema, EffectiveConfigurationIsValid) { EXPECT_TRUE(test::is_valid(config_to_json(Config{}), config_schema())); }

/// Puts each of `replacements` in the place of each value below `value` in turn, and compares the two judges.
void compare_judges(json::Value& document, json::Value& value, const json::Value& schema, int& refused) {
  for (const json::Value& replacement :
       {json::Value(), json::Value(true), json::Value(-1), json::Value(0), json::Value(1.5), json::Value(1e9),
        json::Value("text"), json::Value::array(), json::Value(json::Value::Array{3, 4}), json::Value::object()}) {
    const json::Value kept = value;
    value = replacement;
    const bool valid = test::is_valid(document, schema);
    refused += valid ? 0 : 1;
    EXPECT_EQ(valid, parser_takes(document)) << document.dump();
    value = kept;
  }
  if (value.is_object()) {
    for (std::size_t i = 0; i < value.members().size(); ++i) {
      compare_judges(document, value.members()[i].second, schema, refused);
    }
    value.set("unknown", 1);
    EXPECT_FALSE(test::is_valid(document, schema)) << document.dump();
    EXPECT_FALSE(parser_takes(document)) << document.dump();
    value.erase("unknown");
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i) compare_judges(document, value.items()[i], schema, refused);
  }
}

TEST(Schema, AgreesWithTheParserOnEveryField) {
  Config config;
  config.data.sources.emplace_back();
  config.data.size = {64, 64};
  json::Value document = config_to_json(config);
  int refused = 0;
  compare_judges(document, document, config_schema(), refused);
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace nextframe
