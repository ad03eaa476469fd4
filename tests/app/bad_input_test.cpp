#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>

#include "core/tensor/npy.h"
#include "tests/app/shared_folder.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

using Shape = std::vector<std::int64_t>;

std::string npy(const Shape& shape, float fill = 0.5F) {
  std::int64_t count = 1;
  for (const std::int64_t side : shape) count *= side;
  std::ostringstream bytes;
  write_npy(bytes, shape, std::vector<float>(static_cast<std::size_t>(count), fill));
  return bytes.str();
}

/// Requests that are wrong: exit code 2, a message that says what, and nothing written.
class BadInput : public SharedFolder<BadInput> {
 public:
  static void fill() {
    write_text(*folder_ / "tiny.json", tiny_config(2));
    ASSERT_EQ(run({"train", "tiny.json", "--out", "model"}, here()).exit_code, 0);
    write_text(*folder_ / "good.npy", npy({8, 16, 16}));
  }

 protected:
  static void expect_refused(const std::vector<std::string>& arguments, const std::string& message) {
    const std::vector<std::string> before = names_in(folder_->path());
    const Outcome outcome = run(arguments, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.rfind("error: ", 0), 0U) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(names_in(folder_->path()), before);
  }
  static void expect_input_refused(const std::string& input, const std::string& message) {
    SCOPED_TRACE(input);
    expect_refused({"forecast", "model", input, "-o", "out.mp4"}, message);
  }
  static void expect_config_refused(const std::string& text, const std::vector<std::string>& messages) {
    write_text(*folder_ / "bad.json", text);
    for (const std::string& message : messages) expect_refused({"train", "bad.json", "--out", "bad-run"}, message);
  }
};

TEST_F(BadInput, VideosThatAreNone) {
  expect_input_refused("nothere.mp4", "no such file");
  write_text(*folder_ / "empty.mp4", "");
  expect_input_refused("empty.mp4", "empty");
  write_text(*folder_ / "text.mp4", std::string(5000, 'x'));
  expect_input_refused("text.mp4", "text.mp4");
  ASSERT_EQ(run({"generate", "balls", "--size", "64x64", "--length", "40", "-o", "whole.mp4"}, here()).exit_code, 0);
  write_text(*folder_ / "cut.mp4", read_text(*folder_ / "whole.mp4").substr(0, 2000));
  expect_input_refused("cut.mp4", "cut.mp4");
  ASSERT_EQ(run({"generate", "rain", "--size", "96x96", "--length", "40", "-o", "whole.mkv"}, here()).exit_code, 0);
  const std::string whole = read_text(*folder_ / "whole.mkv");
  write_text(*folder_ / "half.mkv", whole.substr(0, whole.size() / 2));
  expect_input_refused("half.mkv", "the file was cut off");
  const Outcome shown = run({"inspect", "half.mkv"}, here());
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_NE(shown.err.find("the file was cut off"), std::string::npos) << shown.err;
  EXPECT_EQ(run({"forecast", "model", "half.mkv", "--at", "10", "-o", "at.npy"}, here()).exit_code, 0);
}

TEST_F(BadInput, LayoutsThatDoNotFit) {
  write_text(*folder_ / "four.npy", npy({8, 16, 16, 12}));
  const auto refused = [&](const std::string& verb, std::vector<std::string> rest, const std::string& message) {
    rest.insert(rest.begin(), verb);
    expect_refused(rest, message);
  };
  refused("forecast", {"model", "four.npy", "--layout", "THW", "-o", "out.npy"}, "not the 3 of the layout THW");
  refused("forecast", {"model", "four.npy", "--layout", "HWT", "-o", "out.npy"}, "--layout");
  refused("inspect", {"tiny.json", "--layout", "THW"}, "for which there is no --layout");
  refused("evaluate", {"model", "--layout", "THW"}, "data.sources.layout");
  const Outcome sequences = run({"inspect", "four.npy"}, here());
  EXPECT_NE(sequences.out.find("four.npy#7"), std::string::npos) << sequences.out;
  EXPECT_NE(sequences.err.find("is taken as NTHW: 8 sequences of 16 frames of 16x12"), std::string::npos)
      << sequences.err;
  const Outcome channels = run({"inspect", "four.npy", "--layout", "THWC"}, here());
  EXPECT_NE(channels.out.find("16x16x12"), std::string::npos) << channels.out;
  EXPECT_EQ(channels.err.find("is taken as"), std::string::npos) << channels.err;
}

TEST_F(BadInput, FoldersOfNoImagesOrOfDifferentOnes) {
  fs::create_directory(folder_->path() / "none");
  expect_input_refused("none", "no images");
  expect_input_refused("none/*.png", "none/*.png");
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "6", "-o", "mixed"}, here()).exit_code, 0);
  ASSERT_EQ(run({"generate", "balls", "--size", "24x24", "--length", "1", "-o", "other"}, here()).exit_code, 0);
  fs::copy_file(folder_->path() / "other" / names_in(folder_->path() / "other").front(),
                folder_->path() / "mixed/zz.png");
  expect_input_refused("mixed", "16x16");
  write_text(*folder_ / "mixed/zz.png", "no picture");
  expect_input_refused("mixed", "zz.png");
}

TEST_F(BadInput, RecordingsTooShort) {
  write_text(*folder_ / "three.npy", npy({3, 16, 16}));
  expect_input_refused("three.npy", "3 frames");
  expect_refused({"forecast", "model", "good.npy", "--at", "2", "-o", "out.mp4"}, "2");
  expect_refused({"forecast", "model", "good.npy", "--at", "100", "-o", "out.mp4"}, "good.npy");
  expect_refused({"forecast", "model", "good.npy", "--at", "soon", "-o", "out.mp4"}, "soon");
}

TEST_F(BadInput, ArraysOfTheWrongKind) {
  write_text(*folder_ / "rank1.npy", npy({5}));
  expect_input_refused("rank1.npy", "rank1.npy");
  write_text(*folder_ / "rank6.npy", npy({1, 1, 5, 4, 4, 1}));
  expect_input_refused("rank6.npy", "rank6.npy");
  std::string complex = npy({8, 16, 16});
  complex.replace(complex.find("<f4"), 3, "<c8");
  write_text(*folder_ / "complex.npy", complex);
  expect_input_refused("complex.npy", "c8");
  write_text(*folder_ / "nan.npy", npy({8, 16, 16}, std::numeric_limits<float>::quiet_NaN()));
  expect_input_refused("nan.npy", "NaN");
  write_text(*folder_ / "cut.npy", npy({8, 16, 16}).substr(0, 1000));
  expect_input_refused("cut.npy", "cut.npy");
}

TEST_F(BadInput, Configurations) {
  expect_config_refused(
      R"({ "modle": {}, "model": { "cell": "convgro" }, "data": { "sources": [ { "type": "balls" } ], "context": "ten" },
                            "train": { "steps": 1.5, "optimizer": { "lrr": 1 } } })",
      {"did you mean \"model\"?", "did you mean \"convgru\"?", "data.context", "train.steps", "5 problems"});
  const std::string data = R"("data": { "sources": [ { "type": "balls", "size": [16, 16] } ] })";
  expect_config_refused(R"({ "model": { "levels": [ { "hidden": 4, "kernel": 4 } ] }, )" + data + " }", {"kernel"});
  expect_config_refused(R"({ "model": { "levels": [ { "conv": { "kernel": 2 } } ] }, )" + data + " }", {"kernel"});
  expect_config_refused(R"({ "model": { "levels": [ { "conv": { "stride": 0 } } ] }, )" + data + " }", {"stride"});
  const std::string level = R"({ "conv": { "stride": 4, "kernel": 5 }, "hidden": 4 })";
  expect_config_refused(R"({ "model": { "levels": [ )" + level + "," + level + "," + level + " ] }, " + data + " }",
                        {"16x16"});
  expect_config_refused("{ \"model\": }", {"bad.json:1:"});
  expect_config_refused("", {"bad.json"});
  expect_config_refused(R"({ "extends": "nothere.json" })", {"nothere.json"});
  expect_refused({"train", "tiny.json", "--set", "train.lr", "--out", "bad-run"}, "train.lr");
}

TEST_F(BadInput, ModelFiles) {
  const std::string good = read_text(*folder_ / "model/last.safetensors");
  const auto expect_model_refused = [](const std::string& bytes, const std::string& message) {
    write_text(*folder_ / "bad.safetensors", bytes);
    expect_refused({"forecast", "bad.safetensors", "good.npy", "-o", "out.mp4"}, message);
  };
  expect_model_refused("", "bad.safetensors");
  expect_model_refused(good.substr(0, 6), "bad.safetensors");
  expect_model_refused(good.substr(0, good.size() - 100), "truncated");
  expect_model_refused(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f") + good.substr(8), "header");
  std::string overlapping = good;
  const std::size_t offsets = overlapping.find("\"data_offsets\":[0,");
  ASSERT_NE(offsets, std::string::npos);
  overlapping[offsets + 16] = '4';
  expect_model_refused(overlapping, "encoder.0.conv.weight");
  expect_refused({"forecast", "nothere.safetensors", "good.npy"}, "nothere.safetensors");
  fs::create_directory(folder_->path() / "no-model");
  expect_refused({"forecast", "no-model", "good.npy"}, "no-model");
  write_text(*folder_ / "other.json", tiny_config(2));
  expect_refused({"train", "other.json", "--set", "model.cell=convlstm", "--init", "model", "--out", "bad-run"},
                 "architecture");
}

TEST_F(BadInput, OutputsThatCannotBeWritten) {
  expect_refused({"forecast", "model", "good.npy", "-o", "nowhere/out.mp4"}, "nowhere");
  expect_refused({"forecast", "model", "good.npy", "-o", "out.xyz"}, ".xyz");
  expect_refused({"forecast", "model", "good.npy", "-o", "tiny.json/"}, "tiny.json");
  expect_refused({"generate", "digits", "-o", "nowhere/out.npy"}, "nowhere");
  expect_refused({"train", "tiny.json", "--out", "tiny.json"}, "tiny.json");
}

TEST_F(BadInput, TooLittleMemoryIsSaidBefore) {
  expect_refused({"train", "tiny.json", "--set", "train.batch=60000", "--set", "data.horizon=9000", "--out", "bad-run"},
                 "memory");
}

TEST_F(BadInput, CombinationsThatMakeNoSense) {
  expect_refused({"forecast", "model", "good.npy", "--at", "5", "--every", "2"}, "--every");
  expect_refused({"forecast", "model", "good.npy", "--limit", "2"}, "--limit");
  expect_refused({"evaluate", "model", "--baselines", "magic"}, "magic");
  expect_refused({"evaluate", "model", "--metrics", "psnrr"}, "psnr");
  expect_refused({"evaluate", "nothere"}, "nothere");
  expect_refused({"train", "model", "--resume", "--init", "model"}, "--init with --resume");
  expect_refused({"train", "model"}, "--resume");
  expect_refused({"train", "tiny.json", "--resume", "--out", "bad-run"}, "bad-run");
  expect_refused({"generate", "rain", "--glyphs", "x"}, "--glyphs");
  expect_refused({"generate", "digits", "--size", "64x64x3"}, "--size");
}

TEST_F(BadInput, NumbersBeyondAllBounds) {
  const auto expect_set_refused = [](const std::string& assignment, const std::string& message) {
    expect_refused({"train", "tiny.json", "--set", assignment, "--out", "bad-run"}, message);
  };
  expect_set_refused("data.gap=51469710027091383", "data.gap: got 51469710027091383");
  expect_set_refused("data.gap=4611686018427387904", "data.gap");
  expect_set_refused("data.split.gap=9223372036854775807", "data.split.gap");
  expect_set_refused("data.stride=9223372036854775807", "data.stride");
  expect_set_refused("data.gap=1000000", "[data.gap] a sequence spans 7000001 generated frames");
}

TEST_F(BadInput, RunFoldersThatAreNone) {
  expect_refused({"train", "tiny.json", "--set", "name=../../evil"}, "name: got \"../../evil\"");
  expect_refused({"train", "tiny.json", "--set", "name=.."}, "name: got \"..\"");
  expect_refused({"train", "tiny.json", "--out", ""}, "--out: got an empty name");
  fs::copy(folder_->path() / "model", folder_->path() / "lost", fs::copy_options::recursive);
  fs::remove(folder_->path() / "lost/last.state");
  const std::string best = read_text(*folder_ / "lost/best.safetensors");
  expect_refused({"train", "lost", "--resume"}, "no last.state");
  EXPECT_EQ(read_text(*folder_ / "lost/best.safetensors"), best);
}

TEST_F(BadInput, NothingIsMadeForARequestThatFailsLater) {
  expect_refused({"evaluate", "nothere", "--plots", "new-plots"}, "nothere");
  expect_refused({"evaluate", "model", "--plots", "tiny.json/plots"}, "the folder tiny.json does not exist");
  expect_refused({"train", "tiny.json", "--set", R"(data.sources=[{"type":"digits","path":"nothere.gz"}])"},
                 "nothere.gz");
}

TEST_F(BadInput, OptionsThatNothingUses) {
  expect_refused({"inspect", "model", "--set", "a=1", "--product", "x", "--plot", "x.png"},
                 "model is a model, for which there is no --set, --product, --plot");
  expect_refused({"inspect", "good.npy", "--set", "a=1"}, "good.npy is an input, for which there is no --set");
  expect_refused({"inspect", "tiny.json", "--product", "x"},
                 "tiny.json is a configuration, for which there is no --product");
  expect_refused({"inspect", "--schema", "--set", "a=1"}, "--schema takes no --set");
  const std::string radar = R"({ "data": { "context": 4, "horizon": 4, "sources": [ { "path": "good.npy")";
  expect_config_refused(radar + R"(, "product": "knmi-accumulation" } ] } })", {"good.npy: is no radar"});
  expect_config_refused(radar + R"( } ], "unit": "dbr" } })", {"[data.unit] good.npy"});
  // Known once the frames were decoded, which says how far it has come.
  write_text(*folder_ / "bad.json", radar + R"( } ], "rain": { "floor": 1 } } })");
  const Outcome limits = run({"train", "bad.json", "--out", "bad-run"}, here());
  EXPECT_EQ(limits.exit_code, 2);
  EXPECT_NE(limits.err.find("error: [data.rain] good.npy"), std::string::npos) << limits.err;
  EXPECT_FALSE(fs::exists(folder_->path() / "bad-run"));
  expect_refused({"train", "tiny.json", "--set", "train.loss.mse=0", "--out", "bad-run"}, "train.loss: mse is 0");
  expect_refused({"train", "tiny.json", "--set", "train.optimizer.momentum=0.9", "--out", "bad-run"}, "momentum");
}

TEST_F(BadInput, OptionsOfTheOtherKindOfEvaluation) {
  expect_refused({"evaluate", "model", "--every", "2", "--first-frame", "3", "--gap", "1"},
                 "--first-frame, --every, --gap: for written forecasts only, but model is a model");
  expect_refused({"evaluate", "model", "good.npy", "--split", "train", "--set", "data.stride=2"},
                 "--set, --split: needs a configuration");
  expect_refused(
      {"evaluate", "good.npy", "good.npy", "--split", "test", "--set", "data.stride=2", "--limit", "3", "--batch", "2",
       "--threads", "1", "--device", "cpu", "--precision", "float32"},
      "--split, --set, --limit, --batch, --threads, --device, --precision: for models only, but good.npy is none");
  expect_refused({"evaluate", "good.npy", "good.npy", "--baselines", "persistence,mean"}, "--baselines mean");
}

TEST_F(BadInput, AHiddenDigitComesOutWithinTheClip) {
  const std::vector<std::string> command{"generate", "occluded-digits", "-o", "hidden.npy", "--length"};
  const auto of_length = [&](const std::string& length) {
    std::vector<std::string> arguments = command;
    arguments.push_back(length);
    return arguments;
  };
  expect_refused(of_length("6"), "--length 6: the hidden digit comes back with frame 10");
  expect_refused(of_length("10"), "expected --length 11 or more");
  EXPECT_EQ(run(of_length("11"), here()).exit_code, 0);
}

TEST_F(BadInput, FilesGivenTwice) {
  expect_config_refused(R"({ "data": { "sources": [ { "path": "good.npy" }, { "path": "./good.npy" } ] } })",
                        {"name the same file"});
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "30", "-o", "images"}, here()).exit_code, 0);
  const std::string part = names_in(folder_->path() / "images").front();
  expect_config_refused(R"({ "data": { "sources": [ { "path": "images" }, { "path": "images/)" + part + R"(" } ] } })",
                        {"images and images/" + part + " name the same file"});
}

TEST_F(BadInput, PatternsThatNameNothing) {
  write_text(
      *folder_ / "bad.json",
      R"({ "data": { "sources": [ { "path": "good.npy" } ], "split": { "by": "path", "train_paths": [ "god.npy" ] } } })");
  const Outcome outcome = run({"train", "bad.json", "--out", "bad-run"}, here());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("[data.split.train_paths] \"god.npy\" matches no clip and no image"), std::string::npos)
      << outcome.err;
  EXPECT_FALSE(fs::exists(folder_->path() / "bad-run"));
}

}  // namespace
}  // namespace nextframe::test
