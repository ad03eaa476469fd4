#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "core/json/value.h"
#include "core/tensor/npy.h"
#include "tests/app/shared_folder.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

using Shape = std::vector<std::int64_t>;

/// A trained model and a clip, made once for all tests of the suite.
class Forecast : public SharedFolder<Forecast> {
 public:
  static void fill() {
    write_text(*folder_ / "tiny.json", tiny_config(20));
    ASSERT_EQ(run({"train", "tiny.json", "--out", "model"}, here()).exit_code, 0);
    ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "30", "-o", "clip.npy"}, here()).exit_code, 0);
    ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "30", "-o", "clip.mkv"}, here()).exit_code, 0);
  }

 protected:
  static std::vector<float> values_of(const std::string& name) {
    const NpyArray array = NpyArray::open(*folder_ / name);
    std::vector<float> values(static_cast<std::size_t>(array.elements()));
    array.read(0, array.elements(), values.data());
    return values;
  }
};

TEST_F(Forecast, WritesEveryKindOfOutput) {
  for (const std::string name : {"o.mp4", "o.mkv", "o.avi", "o.gif", "o.npy", "o.npz", "o/"}) {
    const Outcome outcome = run({"forecast", "model", "clip.mkv", "-o", name, "--frames", "3"}, here());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(fs::exists(folder_->path() / name)) << name;
  }
  EXPECT_EQ(shape_of("o.npy"), (Shape{3, 16, 16}));
  EXPECT_EQ(names_in(folder_->path() / "o").size(), 3U);
  for (const std::string& name : names_in(folder_->path() / "o"))
    EXPECT_NE(name.find("forecast_lead_"), std::string::npos) << name;
}

TEST_F(Forecast, TheDefaultNameSaysWhatItIs) {
  ASSERT_EQ(run({"forecast", "model", "clip.npy"}, here()).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_->path() / "clip-forecast.npy"));
  EXPECT_EQ(shape_of("clip-forecast.npy"), (Shape{4, 16, 16}));
}

TEST_F(Forecast, EverySequenceOfAnArrayOrOne) {
  ASSERT_EQ(run({"generate", "balls", "--count", "3", "--size", "16x16", "--length", "12", "-o", "many.npy"}, here())
                .exit_code,
            0);
  const Outcome all = run({"forecast", "model", "many.npy", "--at", "8"}, here());
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_EQ(shape_of("many-forecast.npy"), (Shape{3, 4, 16, 16, 1}));
  const std::vector<float> together = values_of("many-forecast.npy");
  for (int k = 0; k < 3; ++k) {
    const std::string name = "many.npy#" + std::to_string(k);
    ASSERT_EQ(run({"forecast", "model", name, "--at", "8"}, here()).exit_code, 0);
    const std::vector<float> alone = values_of("many-" + std::to_string(k) + "-forecast.npy");
    ASSERT_EQ(alone.size(), together.size() / 3);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + k * 4 * 256)) << k;
  }
  const Outcome scored = run({"evaluate", "many-forecast.npy", "many.npy", "--first-frame", "8", "--json"}, here());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_EQ(json::parse(scored.out, "stdout").at("sequences", "").get<int>(""), 3);
  ASSERT_EQ(run({"evaluate", "many-1-forecast.npy", "many.npy#1", "--first-frame", "8"}, here()).exit_code, 0);
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"-o", "many.mp4"},
                                             {"-o", "x.npy", "--every", "2"},
                                             {"-o", "x.npy", "--live"},
                                             {"-o", "x.npy", "--side-by-side"}}) {
    std::vector<std::string> arguments{"forecast", "model", "many.npy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments, here());
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("such as many.npy#1"), std::string::npos) << outcome.err;
  }
}

TEST_F(Forecast, AModelOfOneChannelKeepsTheColoursOfItsInput) {
  const std::vector<float> grey = values_of("clip.npy");
  std::vector<float> colour;
  for (std::size_t i = 0; i < grey.size(); ++i) {
    for (const float share : {1.0F, 0.5F, 0.0F}) colour.push_back(share * grey[i]);
  }
  std::ostringstream bytes;
  write_npy(bytes, Shape{30, 16, 16, 3}, colour);
  write_text(*folder_ / "colour.npy", bytes.str());
  const Outcome outcome = run({"forecast", "model", "colour.npy"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("--grey"), std::string::npos) << outcome.err;
  ASSERT_EQ(shape_of("colour-forecast.npy"), (Shape{4, 16, 16, 3}));
  ASSERT_EQ(run({"forecast", "model", "clip.npy", "-o", "red.npy"}, here()).exit_code, 0);
  const std::vector<float> forecast = values_of("colour-forecast.npy"), red = values_of("red.npy");
  for (std::size_t i = 0; i < red.size(); ++i) ASSERT_NEAR(forecast[3 * i], red[i], 1e-5) << i;
  ASSERT_EQ(run({"forecast", "model", "colour.npy", "--grey", "-o", "grey.npy"}, here()).exit_code, 0);
  EXPECT_EQ(shape_of("grey.npy"), (Shape{4, 16, 16}));
}

TEST_F(Forecast, GeneratedImagesAreNumbered) {
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "3", "-o", "numbered/"}, here()).exit_code, 0);
  const std::vector<std::string> expected{"frame_0000.png", "frame_0001.png", "frame_0002.png"};
  EXPECT_EQ(names_in(folder_->path() / "numbered"), expected);
  EXPECT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "2", "-o", "numbered/"}, here()).exit_code, 2);
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "2", "-o", "numbered/", "--overwrite"}, here())
                .exit_code,
            0);
  EXPECT_EQ(names_in(folder_->path() / "numbered").size(), 2U);
  // A forecast never takes the place of frames, nor frames that of a forecast.
  EXPECT_EQ(run({"forecast", "model", "clip.npy", "-o", "numbered/", "--overwrite"}, here()).exit_code, 2);
}

TEST_F(Forecast, RunsInAnyPrecision) {
  std::vector<std::vector<float>> forecasts;
  for (const std::string precision : {"float32", "bf16", "auto"}) {
    const std::string name = precision + ".npy";
    const Outcome outcome = run({"forecast", "model", "clip.npy", "-o", name, "--precision", precision}, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    forecasts.push_back(values_of(name));
  }
  EXPECT_NE(forecasts[0], forecasts[1]);
  EXPECT_TRUE(forecasts[2] == forecasts[0] || forecasts[2] == forecasts[1]);
  for (std::size_t i = 0; i < forecasts[0].size(); ++i) EXPECT_NEAR(forecasts[0][i], forecasts[1][i], 0.02) << i;
}

TEST_F(Forecast, EmulatedBf16WarnsOnceAndNamesTheInstructions) {
  RunOptions old = here();
  old.environment.emplace_back("DNNL_MAX_CPU_ISA=AVX2");
  const Outcome outcome = run({"forecast", "model", "clip.npy", "-o", "old.npy", "--precision", "bf16"}, old);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::size_t first = outcome.err.find("emulated");
  ASSERT_NE(first, std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("AVX2"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("emulated", first + 1), std::string::npos) << outcome.err;
  EXPECT_EQ(run({"forecast", "model", "clip.npy", "-o", "x.npy", "--precision", "fp16"}, here()).exit_code, 2);
}

TEST_F(Forecast, NothingIsWrittenOver) {
  write_text(*folder_ / "mine.npy", "precious");
  const Outcome refused = run({"forecast", "model", "clip.npy", "-o", "mine.npy"}, here());
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("--overwrite"), std::string::npos) << refused.err;
  EXPECT_EQ(read_text(*folder_ / "mine.npy"), "precious");
  EXPECT_EQ(run({"forecast", "model", "clip.npy", "-o", "mine.npy", "--overwrite"}, here()).exit_code, 0);
  EXPECT_EQ(shape_of("mine.npy"), (Shape{4, 16, 16}));
  const std::string before = read_text(*folder_ / "clip.npy");
  for (const std::string name : {"clip.npy", "./clip.npy"}) {
    EXPECT_EQ(run({"forecast", "model", "clip.npy", "-o", name, "--overwrite"}, here()).exit_code, 2);
  }
  EXPECT_EQ(read_text(*folder_ / "clip.npy"), before);
}

TEST_F(Forecast, TheFutureIsNeverRead) {
  // The same forecast from frame 12 on, whether the recording goes on behind it or ends there.
  const NpyArray whole = NpyArray::open(*folder_ / "clip.npy");
  std::vector<float> values(static_cast<std::size_t>(12 * 16 * 16));
  whole.read(0, static_cast<std::int64_t>(values.size()), values.data());
  std::ostringstream bytes;
  const Shape shape{12, 16, 16};
  write_npy(bytes, shape, values);
  write_text(*folder_ / "short.npy", bytes.str());
  ASSERT_EQ(run({"forecast", "model", "clip.npy", "--at", "12", "-o", "at.npy"}, here()).exit_code, 0);
  ASSERT_EQ(run({"forecast", "model", "short.npy", "-o", "end.npy"}, here()).exit_code, 0);
  EXPECT_EQ(read_text(*folder_ / "at.npy"), read_text(*folder_ / "end.npy"));
}

TEST_F(Forecast, ALongerHorizonBeginsWithAShorterOne) {
  ASSERT_EQ(run({"forecast", "model", "clip.npy", "--frames", "3", "-o", "short3.npy"}, here()).exit_code, 0);
  ASSERT_EQ(run({"forecast", "model", "clip.npy", "--frames", "40", "-o", "long.npy"}, here()).exit_code, 0);
  const std::vector<float> few = values_of("short3.npy");
  std::vector<float> many = values_of("long.npy");
  ASSERT_EQ(many.size(), 40U * 256U);
  for (std::size_t i = 0; i < few.size(); ++i) ASSERT_NEAR(few[i], many[i], 1e-5) << i;
}

TEST_F(Forecast, SideBySideShowsInputTruthAndForecast) {
  ASSERT_EQ(run({"forecast", "model", "clip.mkv", "--at", "20", "--side-by-side", "-o", "panes/"}, here()).exit_code,
            0);
  EXPECT_EQ(names_in(folder_->path() / "panes").size(), 4U + 4U);
}

TEST_F(Forecast, HindcastsAreScoredAgainstTheRecording) {
  const Outcome written = run({"forecast", "model", "clip.mkv", "--every", "5"}, here());
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const std::vector<std::string> names = names_in(folder_->path() / "clip-hindcasts");
  ASSERT_FALSE(names.empty());
  EXPECT_NE(names.front().find("000004"), std::string::npos) << names.front();
  const Outcome scored = run({"evaluate", "clip-hindcasts", "clip.mkv", "--json"}, here());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const json::Value document = json::parse(scored.out, "stdout");
  EXPECT_EQ(document.at("horizon", "").get<int>(""), 4);
  EXPECT_GE(document.at("sequences", "").get<int>(""), 5);
}

TEST_F(Forecast, AStreamCarriesItsStateAlong) {
  const Outcome outcome =
      run({"forecast", "model", "clip.npy", "--live", "--frames", "2", "--limit", "6", "-o", "live.npy"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(shape_of("live.npy"), (Shape{6, 16, 16}));
}

TEST_F(Forecast, EvaluatesTheModelOnItsOwnTestSplitAndOnARecording) {
  Outcome outcome = run({"evaluate", "model"}, here());
  EXPECT_NE(outcome.out.find("mean over lead times"), std::string::npos) << outcome.out;
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("8 sequences of 4 frames"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("persistence"), std::string::npos);
  outcome = run({"evaluate", "model", "clip.mkv", "--json", "--baselines", "persistence,mean"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  EXPECT_EQ(document.at("forecasters", "").items("").size(), 3U);
  EXPECT_EQ(document.at("sequences", "").get<int>(""), 30 - 8 + 1);
}

TEST_F(Forecast, EvaluatesBesideEveryBaselineByEvents) {
  const std::vector<std::string> command{
      "evaluate",  "model",       "clip.npy",     "--baselines", "persistence,mean,climatology,extrapolation,sprog",
      "--metrics", "mae,csi,fss", "--thresholds", "0.25,0.5",    "--windows",
      "3",         "--csi-level", "0.2"};
  Outcome outcome = run(command, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* text : {"csi >= 0.25", "fss >= 0.5 in 3 px", "observed", "stays at or above 0.2",
                           "CSI gain of model over extrapolation at >= 0.5"}) {
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text << "\n" << outcome.out;
  }
  std::vector<std::string> with_files = command;
  with_files.insert(with_files.end(), {"--json", "--csv", "scores.csv", "--plots", "figures", "--baseline-option",
                                       "flow.method=farneback"});
  outcome = run(with_files, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  ASSERT_EQ(document.at("forecasters", "").items("").size(), 6U);
  const json::Value& csi = document.at("forecasters", "").items("")[4].at("metrics", "").at("csi >= 0.5", "metrics");
  EXPECT_EQ(csi.at("counts", "csi").items("counts").size(), 4U);
  EXPECT_EQ(document.at("csi_gains", "").items("").size(), 10U);
  EXPECT_EQ(document.at("rapsd", "").items("").size(), 6U * 3);
  EXPECT_EQ(document.at("reliability", "").items("").size(), 6U * 2);
  EXPECT_EQ(names_in(folder_->path() / "figures"),
            (std::vector<std::string>{"maps_1.png", "maps_2.png", "performance.png", "reliability.png", "scores.png",
                                      "spectra.png"}));
  const std::string csv = read_text(*folder_ / "scores.csv");
  EXPECT_EQ(csv.rfind("forecaster,score,threshold,window", 0), 0U);
  EXPECT_NE(csv.find("\nsprog,csi,0.5,,,4,"), std::string::npos) << csv;
}

TEST_F(Forecast, EvaluatesSeveralModelsAndReportsThem) {
  std::filesystem::copy(folder_->path() / "model", folder_->path() / "twin", std::filesystem::copy_options::recursive);
  const std::vector<std::string> command{"evaluate", "model",    "clip.npy",  "--also",    "twin",
                                         "--json",   "--report", "both.html", "--rank-by", "psnr"};
  Outcome outcome = run(command, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  const json::Value::Array& forecasters = document.at("forecasters", "").items("");
  ASSERT_EQ(forecasters.size(), 3U);
  EXPECT_EQ(forecasters[0].at("name", "").get<std::string>(""), "model");
  EXPECT_EQ(forecasters[1].at("name", "").get<std::string>(""), "twin");
  const json::Value& mse = forecasters[1].at("metrics", "").at("mse", "");
  EXPECT_EQ(mse.at("minus_first", "").at("mean", "").get<double>(""), 0);
  EXPECT_EQ(document.at("sequences_shown", "").at("by", "").get<std::string>(""), "psnr");
  const std::string page = read_text(*folder_ / "both.html");
  for (const char* text :
       {"<h2>Training</h2>", "<h2>Sequences</h2>", "<h2>Configuration</h2>", "class=\"film", "twin"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
  outcome = run(command, here());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("both.html: exists already"), std::string::npos) << outcome.err;
  std::vector<std::string> again = command;
  again.emplace_back("--overwrite");
  EXPECT_EQ(run(again, here()).exit_code, 0);
  const auto refuse = [&](const std::vector<std::string>& more, const std::string& reason) {
    std::vector<std::string> wrong{"evaluate", "model/best.safetensors", "clip.npy", "--overwrite"};
    wrong.insert(wrong.end(), more.begin(), more.end());
    outcome = run(wrong, here());
    EXPECT_EQ(outcome.exit_code, 2) << reason;
    EXPECT_NE(outcome.err.find(reason), std::string::npos) << outcome.err;
  };
  refuse({"--csv", "clip.npy"}, "clip.npy: is an input");
  refuse({"--csv", "model/best.safetensors"}, "model/best.safetensors: is an input");
  const std::string twin = read_text(*folder_ / "twin/best.safetensors");
  for (const char* also : {"twin", "twin/best.safetensors"}) {
    refuse({"--also", also, "--csv", "twin/best.safetensors"}, "twin/best.safetensors: is an input");
    refuse({"--also", also, "--report", "./twin/best.safetensors"}, "twin/best.safetensors: is an input");
  }
  EXPECT_EQ(read_text(*folder_ / "twin/best.safetensors"), twin);
  refuse({"--csv", "same.html", "--report", "./same.html"}, "is both --csv and --report");
}

TEST_F(Forecast, IntervalsOfShortRecordingsAreToldToBeNarrow) {
  // 23 sequences of 8 frames, of which 8 neighbours share some: too few for 4 blocks. Nothing reaches 5.
  const std::vector<std::string> command{"evaluate", "model",        "clip.npy", "--metrics",
                                         "csi,mae",  "--thresholds", "0.5,5"};
  std::vector<std::string> more = command;
  more.insert(more.end(), {"--json", "--report", "narrow.html"});
  Outcome outcome = run(more, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  EXPECT_EQ(document.at("block", "").get<std::int64_t>(""), 5);
  EXPECT_EQ(document.at("whole_block", "").get<std::int64_t>(""), 8);
  const std::string narrow =
      "take it as narrow: the sequences overlap, and the recording is too short for 4 blocks of 8";
  const std::string page = read_text(*folder_ / "narrow.html");
  EXPECT_NE(page.find("The intervals: " + narrow), std::string::npos);
  // A score without an interval does not take the others' differences away.
  EXPECT_NE(page.find("Differences from model"), std::string::npos);
  outcome = run(command, here());
  EXPECT_NE(outcome.out.find("5 neighbours drawn together; " + narrow), std::string::npos) << outcome.out;
}

TEST_F(Forecast, EvaluatesBaselinesAloneOnAConfigurationsData) {
  const Outcome outcome = run({"evaluate", "tiny.json", "--baselines", "persistence,extrapolation", "--thresholds",
                               "0.5", "--metrics", "csi", "--json"},
                              here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  EXPECT_EQ(document.at("forecasters", "").items("").size(), 2U);
  const json::Value& gain = document.at("csi_gains", "").items("").at(0);
  EXPECT_EQ(gain.at("of", "gain").get<std::string>("of"), "extrapolation");
  EXPECT_EQ(gain.at("over", "gain").get<std::string>("over"), "persistence");
  EXPECT_EQ(run({"evaluate", "tiny.json", "--baselines", ""}, here()).exit_code, 2);
  EXPECT_EQ(run({"evaluate", "tiny.json", "clip.npy"}, here()).exit_code, 2);
}

TEST_F(Forecast, BaselinesNeedNoModel) {
  for (const std::string name : {"persistence", "mean", "climatology", "extrapolation", "sprog"}) {
    const Outcome outcome =
        run({"forecast", "--baseline", name, "clip.npy", "--at", "20", "-o", name + ".npy"}, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(shape_of(name + ".npy"), (Shape{12, 16, 16})) << name;
  }
  const std::vector<float> clip = values_of("clip.npy"), still = values_of("persistence.npy");
  for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(still[11 * 256 + i], clip[19 * 256 + i], 1e-4);
  // Hindcasts of a baseline are scored as those of a model; persistence is as good as itself.
  ASSERT_EQ(run({"forecast", "--baseline", "persistence", "clip.mkv", "--every", "5", "--frames", "3", "-o", "still/"},
                here())
                .exit_code,
            0);
  const Outcome scored = run({"evaluate", "still", "clip.mkv", "--metrics", "mse", "--json"}, here());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const json::Value document = json::parse(scored.out, "stdout");
  std::vector<double> means;
  for (const json::Value& forecaster : document.at("forecasters", "").items("")) {
    means.push_back(forecaster.at("metrics", "").at("mse", "").at("mean", "").get<double>("mean"));
  }
  ASSERT_EQ(means.size(), 2U);
  EXPECT_NEAR(means[0], means[1], 1e-6);
  const std::vector<std::vector<std::string>> wrong{{"--baseline", "sprog"},
                                                    {"--baseline", "sprog", "model", "clip.npy"},
                                                    {"--baseline", "sprok", "clip.npy"},
                                                    {"--baseline", "sprog", "clip.npy", "--grey"},
                                                    {"model", "clip.npy", "--context", "3"},
                                                    {"model"}};
  for (std::vector<std::string> command : wrong) {
    command.insert(command.begin(), "forecast");
    EXPECT_EQ(run(command, here()).exit_code, 2) << command.back();
  }
}

TEST_F(Forecast, AGuidedNetworkThatLearntNothingExtrapolates) {
  const Outcome trained = run({"train", "tiny.json", "--set", "model.guide=extrapolation", "--set", "train.steps=1",
                               "--set", "train.optimizer.lr=1e-30", "--out", "guided"},
                              here());
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const std::vector<std::string> what{"clip.npy", "--at", "20", "--frames", "4", "-o"};
  for (std::vector<std::string> command :
       {std::vector<std::string>{"forecast", "guided"}, {"forecast", "--baseline", "extrapolation"}}) {
    command.insert(command.end(), what.begin(), what.end());
    command.push_back(command[1] == "guided" ? "guided.npy" : "moved.npy");
    const Outcome outcome = run(command, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  const std::vector<float> guided = values_of("guided.npy"), moved = values_of("moved.npy");
  ASSERT_EQ(guided.size(), moved.size());
  std::size_t known = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    if (std::isnan(moved[i])) continue;
    ++known;
    ASSERT_NEAR(guided[i], moved[i], 1e-5) << i;
  }
  EXPECT_GT(known, moved.size() / 2);
}

TEST_F(Forecast, ScoresOfEventsNeedAThreshold) {
  const std::vector<std::vector<std::string>> wrong{
      {"--metrics", "csi"},    {"--thresholds", "0,5,x"},       {"--thresholds", "0.5", "--windows", "0"},
      {"--csi-level", "high"}, {"--baselines", "extrapolaton"}, {"--baseline-option", "flow.metod=dis"}};
  for (const std::vector<std::string>& options : wrong) {
    std::vector<std::string> command{"evaluate", "model", "clip.npy"};
    command.insert(command.end(), options.begin(), options.end());
    const Outcome outcome = run(command, here());
    EXPECT_EQ(outcome.exit_code, 2) << options[1] << outcome.err;
    EXPECT_EQ(outcome.out, "") << options[1];
  }
}

TEST_F(Forecast, InspectShowsConfigurationModelAndInput) {
  for (const std::string target : {"tiny.json", "model", "clip.mkv", "clip.npy"}) {
    const Outcome outcome = run({"inspect", target, "--json"}, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_TRUE(json::parse(outcome.out, "stdout").is_object());
    EXPECT_EQ(run({"inspect", target}, here()).exit_code, 0);
  }
  const json::Value clip = json::parse(run({"inspect", "clip.mkv", "--json"}, here()).out, "stdout");
  EXPECT_EQ(clip.at("clips", "").items("").front().at("channels", "").get<int>(""), 1);
  EXPECT_EQ(clip.at("clips", "").items("")[0].at("frames", "").get<int>(""), 30);
  EXPECT_EQ(run({"inspect", "--schema"}, here()).exit_code, 0);
}

TEST_F(Forecast, BenchCountsAndMeasures) {
  const Outcome outcome =
      run({"bench", "tiny.json", "--json", "--threads", "1", "--rounds", "1", "--operations"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::Value document = json::parse(outcome.out, "stdout");
  for (const char* name :
       {"parameters", "step_seconds", "forecast_seconds", "response_seconds", "peak_bytes", "step_share_of_peak",
        "step_gflops", "step_gigabytes", "step_share_of_bandwidth", "peak_gflops", "float32_peak_gflops",
        "bf16_peak_gflops", "bandwidth_gigabytes_per_second"}) {
    EXPECT_GT(document.at(name, "").get<double>(name), 0) << name;
  }
  double seconds = 0, gflop = 0;
  for (const json::Value& operation : document.at("operations", "").items("")) {
    EXPECT_GT(operation.at("calls", "").get<double>(""), 0);
    EXPECT_GT(operation.at("at_peak_seconds", "").get<double>(""), 0);
    seconds += operation.at("seconds", "").get<double>("");
    gflop += operation.at("gflop", "").get<double>("");
  }
  EXPECT_GT(seconds, 0);
  EXPECT_LE(seconds, document.at("operations_step_seconds", "").get<double>(""));
  const double step_gflop = document.at("step_gflop", "").get<double>("");
  EXPECT_NEAR(gflop, step_gflop, 1e-9 * step_gflop);
}

TEST_F(Forecast, OnAFullDiskNothingHalfWrittenStays) {
  RunOptions full = here();
  full.file_limit_bytes = 2000;
  for (const std::string name : {"full.npy", "full.mkv", "full/"}) {
    const std::vector<std::string> before = names_in(folder_->path());
    const Outcome outcome =
        run({"forecast", "model", *folder_ / "clip.npy", "-o", name, "--frames", "60", "--side-by-side"}, full);
    EXPECT_EQ(outcome.exit_code, 1) << name << outcome.err;
    EXPECT_EQ(names_in(folder_->path()), before) << name;
  }
}

TEST_F(Forecast, InterruptedGeneratingLeavesNothing) {
  for (const auto& [signal, name] :
       {std::pair(SIGINT, "endless.npy"), {SIGTERM, "endless/"}, {SIGINT, "endless.mkv"}}) {
    RunOptions options = here();
    options.interrupt_signal = signal;
    options.interrupt_when = "generate 1";
    const std::vector<std::string> before = names_in(folder_->path());
    const Outcome outcome = run({"generate", "balls", "--length", "100000", "--count", "1000", "-o", name}, options);
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_NE(outcome.err.find("interrupted; nothing was written"), std::string::npos) << outcome.err;
    EXPECT_EQ(names_in(folder_->path()), before) << name;
  }
}

TEST_F(Forecast, ManySequencesTakeAHandfulOfLines) {
  ASSERT_EQ(
      run({"generate", "balls", "--count", "400", "--length", "8", "--size", "16x16", "-o", "hundreds.npy"}, here())
          .exit_code,
      0);
  write_text(*folder_ / "hundreds.json", R"({"data": {"sources": [{"path": "hundreds.npy"}], "context": 4, "horizon": 2,
                                            "split": {"by": "clip"}, "cache": {"dir": "hundreds-cache"}}})");
  for (const std::string target : {"hundreds.json", "hundreds.npy"}) {
    const Outcome outcome = run({"inspect", target}, here());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 8) << outcome.err;
  }
  EXPECT_EQ(names_in(folder_->path() / "hundreds-cache").size(), 1U);
}

TEST_F(Forecast, InterruptedEvaluationsSaySo) {
  RunOptions options = here();
  options.output = RunOptions::Output::kTerminal;
  options.interrupt_signal = SIGINT;
  options.interrupt_when = "evaluate";
  const Outcome model =
      run({"evaluate", "model", "--set", "data.sources[0].test_sequences=10000000", "--threads", "1"}, options);
  EXPECT_EQ(model.exit_code, 130) << model.out;
  EXPECT_NE(model.out.find("interrupted; nothing was written"), std::string::npos) << model.out;
  ASSERT_EQ(
      run({"generate", "balls", "--count", "20000", "--length", "4", "--size", "16x16", "-o", "thousands.npy"}, here())
          .exit_code,
      0);
  options.interrupt_when = "score";
  const Outcome written = run({"evaluate", "thousands.npy", "thousands.npy"}, options);
  EXPECT_EQ(written.exit_code, 130) << written.out;
  EXPECT_NE(written.out.find("interrupted; nothing was written"), std::string::npos) << written.out;
}

TEST_F(Forecast, EvaluationIsTheSameForTheSamePicturesInAnotherDepth) {
  double scores[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome =
        run({"evaluate", "model", i == 0 ? "clip.npy" : "clip.mkv", "--metrics", "psnr", "--json"}, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json::Value document = json::parse(outcome.out, "stdout");
    scores[i] = document.at("psnr_gain", "").at("mean", "").get<double>("mean");
  }
  EXPECT_NEAR(scores[0], scores[1], 0.1);
}

TEST_F(Forecast, AFolderOfInputsIsNoOutput) {
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "16", "-o", "frames/"}, here()).exit_code, 0);
  const std::vector<std::string> before = names_in(folder_->path() / "frames");
  for (const std::string input : {"frames/*.png", "frames"}) {
    const Outcome outcome = run({"forecast", "model", input, "-o", "frames/", "--overwrite"}, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  }
  EXPECT_EQ(names_in(folder_->path() / "frames"), before);
}

TEST_F(Forecast, RealVideo) {
  const auto video = shared_data("video/bikes.mp4");
  if (!video) GTEST_SKIP() << "video/bikes.mp4 is absent; NEXTFRAME_DATA names the folder of the public data";
  const Outcome outcome = run({"forecast", "model", *video, "--frames", "2", "-o", "bikes.mp4"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_GT(fs::file_size(folder_->path() / "bikes.mp4"), 1000U);
}

}  // namespace
}  // namespace nextframe::test
