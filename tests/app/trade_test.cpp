// import and export, as a user types them.

#include <filesystem>

#include "core/json/value.h"
#include "tests/app/shared_folder.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

/// A trained model, whose own file also serves as another program's weights, and the mapping that reads it.
class Trade : public SharedFolder<Trade> {
 public:
  static void fill() {
    write_text(*folder_ / "tiny.json", tiny_config(3));
    ASSERT_EQ(run({"train", "tiny.json", "--out", "run"}, here()).exit_code, 0);
    fs::copy_file(*folder_ / "run/last.safetensors", *folder_ / "weights.safetensors");
    ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "12", "-o", "clip.npy"}, here()).exit_code, 0);
    write_mapping("map.json", "");
  }

 protected:
  static void write_mapping(const std::string& file, const std::string& left_out) {
    std::string rules;
    for (const std::string name :
         {"encoder.{k}.conv.weight", "encoder.{k}.conv.bias", "encoder.{k}.rnn.input.weight",
          "encoder.{k}.rnn.input.bias", "encoder.{k}.rnn.hidden.weight", "encoder.{k}.rnn.hidden.bias",
          "forecaster.{k}.rnn.input.bias", "forecaster.{k}.rnn.hidden.weight", "forecaster.{k}.rnn.hidden.bias",
          "forecaster.{k}.up.weight", "forecaster.{k}.up.bias", "head.{k}.weight", "head.{k}.bias"}) {
      if (name == left_out) continue;
      rules += (rules.empty() ? "" : ",\n") + std::string(R"({"name": ")") + name + R"(", "from": [{"name": ")" + name +
               "\"}]}";
    }
    write_text(*folder_ / file, R"({"extends": "tiny.json", "parameters": [)" + rules + "]}");
  }

  static Outcome import_as(const std::string& output, const std::string& map = "map.json") {
    return run({"import", "weights.safetensors", "--map", map, "-o", output}, here());
  }

  static void expect_refused(const std::vector<std::string>& arguments, const std::string& message) {
    const std::vector<std::string> before = names_in(folder_->path());
    const Outcome outcome = run(arguments, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(names_in(folder_->path()), before);
  }
};

TEST_F(Trade, AnImportedModelIsAModelLikeAnyOther) {
  const Outcome imported = import_as("imported.safetensors");
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_NE(imported.err.find("parameters"), std::string::npos) << imported.err;
  for (const std::string model : {"imported.safetensors", "weights.safetensors"}) {
    ASSERT_EQ(run({"forecast", model, "clip.npy", "-o", model + ".npy"}, here()).exit_code, 0);
  }
  EXPECT_EQ(read_text(*folder_ / "imported.safetensors.npy"), read_text(*folder_ / "weights.safetensors.npy"));
  EXPECT_EQ(run({"evaluate", "imported.safetensors", "clip.npy"}, here()).exit_code, 0);
  const Outcome inspected = run({"inspect", "imported.safetensors", "--json"}, here());
  ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
  write_text(*folder_ / "on.json", json::parse(inspected.out, "inspect").at("config", "inspect").dump());
  const Outcome trained = run({"train", "on.json", "--init", "imported.safetensors", "--out", "on"}, here());
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
}

TEST_F(Trade, WhatIsLeftOverIsListedAndNothingIsWritten) {
  write_mapping("short.json", "head.{k}.bias");
  expect_refused({"import", "weights.safetensors", "--map", "short.json", "-o", "short.safetensors"},
                 "unfilled: head.0.bias [1]: the mapping has no rule for it");
  expect_refused({"import", "weights.safetensors", "--map", "short.json", "-o", "short.safetensors"},
                 "unread: head.0.bias [1]");
}

TEST_F(Trade, MappingsAreFoundByName) {
  RunOptions root;
  root.directory = NEXTFRAME_SOURCE;
  const std::string weights = *folder_ / "weights.safetensors", output = *folder_ / "none.safetensors";
  Outcome outcome = run({"import", weights, "--map", "jhuang96-convlstm", "-o", output}, root);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("did you mean \"jhhuang96-convlstm\"?"), std::string::npos) << outcome.err;
  outcome = run({"import", weights, "--map", "jhhuang96-convlstm", "-o", output}, root);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("unread: encoder.0.conv.weight"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(output));
}

TEST_F(Trade, WrongRequestsWriteNothing) {
  expect_refused({"import", "weights.safetensors", "-o", "x.safetensors"}, "--map is needed");
  expect_refused({"import", "weights.safetensors", "--map", "map.json"}, "-o is needed");
  expect_refused({"import", "weights.safetensors", "--map", "map.json", "-o", "x.onnx"}, ".safetensors");
  expect_refused({"import", "clip.npy", "--map", "map.json", "-o", "x.safetensors"}, "clip.npy");
  expect_refused({"import", "weights.safetensors", "--map", "map.json", "-o", "weights.safetensors", "--overwrite"},
                 "is the file to be read");
  expect_refused({"export", "weights.safetensors", "-o", "x.pb"}, "ends in .onnx");
  expect_refused({"export", "weights.safetensors", "-o", "x.onnx", "--opset", "12"}, "expected 13 to");
  expect_refused({"export", "weights.safetensors", "-o", "x.onnx", "--size", "0x4"}, "--size");
}

TEST_F(Trade, AModelIsExported) {
  const Outcome outcome = run({"export", "run", "-o", "model.onnx", "--context", "3", "--frames", "2"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("3 frames in, 2 out"), std::string::npos) << outcome.err;
  expect_refused({"export", "run", "-o", "model.onnx"}, "--overwrite");
  EXPECT_EQ(run({"export", "run", "-o", "model.onnx", "--overwrite"}, here()).exit_code, 0);
}

}  // namespace
}  // namespace nextframe::test
