#include "core/json/fields.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace nextframe {
namespace {

enum class Rule { kAdam, kSgd };

constexpr auto enum_names(Rule) {
  return std::array<std::pair<std::string_view, Rule>, 2>{{{"adam", Rule::kAdam}, {"sgd", Rule::kSgd}}};
}

struct Inner {
  Rule type = Rule::kAdam;
  double lr = 1e-3;
  std::optional<double> decay;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("type", type, {.doc = "update rule"});
    v.field("lr", lr, {.doc = "learning rate", .min = 0, .max = 10, .exclusive_min = true});
    v.field("decay", decay, {.min = 0});
  }
};

struct Outer {
  Inner optimizer;
  int steps = 100;
  bool on = false;
  std::string name = "x";
  std::array<std::int64_t, 2> size{64, 64};
  std::vector<Inner> levels = std::vector<Inner>(1);
  std::map<std::string, double> loss{{"mse", 1.0}};
  std::vector<Rule> rules;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("optimizer", optimizer);
    v.field("steps", steps, {.min = 1});
    v.field("on", on);
    v.field("name", name);
    v.field("size", size, {.min = 1});
    v.field("levels", levels);
    v.field("loss", loss);
    v.field("rules", rules);
  }
};

Outer read(std::string_view text) { return options_from_json<Outer>(json::parse(text, "t"), "t.json"); }

std::string error_of(std::string_view text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Fields, ReadsEveryKind) {
  const Outer outer =
      read(R"({"optimizer": {"type": "sgd", "lr": 0.5, "decay": 0.1}, "steps": 7, "on": true, "name": "y",
      "size": [3, 4], "levels": [{}, {"lr": 2}], "loss": {"mae": 2}, "rules": ["sgd", "adam"]})");
  EXPECT_EQ(outer.optimizer.type, Rule::kSgd);
  EXPECT_EQ(outer.optimizer.decay, 0.1);
  EXPECT_EQ(outer.steps, 7);
  EXPECT_TRUE(outer.on);
  EXPECT_EQ(outer.size[1], 4);
  ASSERT_EQ(outer.levels.size(), 2u);
  EXPECT_EQ(outer.levels[0].lr, 1e-3);
  EXPECT_EQ(outer.levels[1].lr, 2);
  EXPECT_EQ(outer.loss.count("mse"), 0u);
  EXPECT_EQ(outer.rules.front(), Rule::kSgd);
}

TEST(Fields, AbsentKeysKeepTheirDefaults) {
  const Outer outer = read("{}");
  EXPECT_EQ(outer.steps, 100);
  EXPECT_EQ(outer.levels.size(), 1u);
  EXPECT_EQ(outer.loss.at("mse"), 1.0);
}

TEST(Fields, AllProblemsAtOnceWithPathsAndNearestNames) {
  const std::string message =
      error_of(R"({"optimizer": {"typ": "adam", "lr": 0, "decay": "x"}, "stesp": 3, "steps": 1.5,
      "size": [1], "levels": [{}, {"type": "adamm"}], "rules": [3], "on": 1})");
  for (const char* part :
       {"t.json: 9 problems", "optimizer.typ: unknown key; did you mean \"type\"?",
        "optimizer.lr: got 0, expected a number above 0 and at most 10", "optimizer.decay: got \"x\"",
        "stesp: unknown key; did you mean \"steps\"?", "steps: got 1.5, expected a whole number of at least 1",
        "size: got 1 values, expected 2", "levels[1].type: got \"adamm\"", "did you mean \"adam\"?", "rules[0]: got 3",
        "on: got 1, expected true or false"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\nis not in\n" << message;
  }
}

TEST(Fields, WritesEveryFieldAndReadsItBack) {
  const json::Value written = options_to_json(read(R"({"steps": 3, "levels": [{"lr": 0.25}]})"));
  EXPECT_EQ(written.dump(),
            R"({"optimizer":{"type":"adam","lr":0.001,"decay":null},"steps":3,"on":false,"name":"x","size":[64,64],)"
            R"("levels":[{"type":"adam","lr":0.25,"decay":null}],"loss":{"mse":1.0},"rules":[]})");
  EXPECT_EQ(options_to_json(options_from_json<Outer>(written, "w")).dump(), written.dump());
}

TEST(Fields, EmitsASchema) {
  const json::Value schema = schema_of<Outer>();
  const json::Value& properties = schema.at("properties", "");
  EXPECT_EQ(schema.at("additionalProperties", "").dump(), "false");
  EXPECT_EQ(properties.at("steps", "").dump(), R"({"type":"integer","minimum":1,"default":100})");
  const json::Value& optimizer = properties.at("optimizer", "").at("properties", "");
  EXPECT_EQ(optimizer.at("type", "").dump(), R"({"enum":["adam","sgd"],"description":"update rule","default":"adam"})");
  EXPECT_EQ(optimizer.at("lr", "").dump(),
            R"({"type":"number","exclusiveMinimum":0,"maximum":10,"description":"learning rate","default":0.001})");
  EXPECT_EQ(properties.at("size", "").at("minItems", "").dump(), "2");
}

TEST(Fields, WrongTypeOfTheWholeDocument) {
  EXPECT_EQ(error_of("[]"), "t.json: the document: got an array, expected an object in braces");
}

}  // namespace
}  // namespace nextframe
