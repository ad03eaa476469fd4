#include "core/config/config.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/baselines/options.h"
#include "core/model/model_file.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

/// The message that a configuration with one generated source and these members gets.
std::string error_of(std::string_view members) {
  const std::string text = R"({"data":{"sources":[{"type":"balls"}]},)" + std::string(members) + "}";
  try {
    config_from_json(json::parse(text, "t"), "t.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    return error.what();
  }
  return "no error";
}

std::string error_of_data(std::string_view data) {
  try {
    config_from_json(json::parse(R"({"data":)" + std::string(data) + "}", "t"), "t.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(Config, ReadsAndWritesBack) {
  const Config config = config_from_json(json::parse(R"({"data":{"sources":[{"type":"digits"}],"horizon":5},
      "model":{"cell":"convlstm","peephole":true},"train":{"optimizer":{"lr":0.5}}})",
                                                     "t"),
                                         "t");
  EXPECT_EQ(config.model.cell, CellKind::kConvLstm);
  EXPECT_EQ(config.data.horizon, 5);
  const json::Value written = config_to_json(config);
  EXPECT_EQ(config_to_json(config_from_json(written, "t")).dump(), written.dump());
  EXPECT_EQ(written.at("train", "").at("batch", "").dump(), "8");
}

TEST(Config, LoadsWithOverridesAndTakesItsNameFromTheFile) {
  test::TemporaryFolder folder;
  write_file_atomically(folder.path() / "clip.json", R"({"data":{"sources":[{"path":"a.mp4"}]}} // mine)");
  const Config config = load_config(folder.path() / "clip.json", {"train.steps=7", "model.levels[0].hidden=9"});
  EXPECT_EQ(config.name, "clip");
  EXPECT_EQ(config.train.steps, 7);
  EXPECT_EQ(config.model.levels.at(0).hidden, 9);
}

TEST(Config, AllProblemsAtOnce) {
  const std::string message = error_of(R"("model":{"levels":[{"kernel":4,"conv":{"kernel":2}},{"conv":{"stride":64}}]},
      "train":{"stpes":3})");
  EXPECT_SAYS(message, "train.stpes: unknown key; did you mean \"steps\"?");
  EXPECT_SAYS(message, "model.levels[1].conv.stride: got 64");
  // What two values together make impossible is told beside what one alone is.
  EXPECT_SAYS(message, "model.levels[0].kernel: got 4");
  EXPECT_SAYS(message, "t.json: 4 problems");
  const std::string shapes = error_of(R"("model":{"levels":[{"kernel":4,"conv":{"kernel":2}},{"conv":{"stride":32}},
      {"conv":{"stride":4}}]})");
  EXPECT_SAYS(shapes, "t.json: 3 problems");
  EXPECT_SAYS(shapes, "model.levels[0].kernel: got 4");
  EXPECT_SAYS(shapes, "model.levels[0].conv.kernel: got 2");
  EXPECT_SAYS(shapes, "more than the 64x64 pixels");
}

TEST(Config, ImpossibleValues) {
  EXPECT_SAYS(error_of(R"("model":{"levels":[{"conv":{"stride":0}}]})"), "model.levels[0].conv.stride: got 0");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"mes":1}})"), "train.loss.mes: unknown key; did you mean \"mse\"?");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"lead_weights":[1,2]}})"), "lead_weights: got 2 weights");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"bce":1}})"), "train.loss.bce: needs values from 0 to 1");
  EXPECT_EQ(error_of(R"("train":{"loss":{"bce":1}},"model":{"head":[{"activation":"sigmoid"}]})"), "no error");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"bmse":1,"rain_weights":{"thresholds":[1,2],"weights":[1,2]}}})"),
              "rain_weights.weights: got 2 weights and 2 thresholds");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"bmae":1,"rain_weights":{"thresholds":[3,2],"weights":[1,2,3]}}})"),
              "rain_weights.thresholds: expected them in increasing order");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"rain_weights":{"unit":"value"}}})"), "rain_weights: nothing uses them");
  EXPECT_EQ(error_of(R"("train":{"loss":{"bmse":1,"bmae":1,"spectral":0.1,"ssim":0.1}})"), "no error");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"balls","size":[64,10]}]},"train":{"loss":{"ssim":1}})"),
              "train.loss.ssim: needs frames of at least 11x11 pixels, got 10x64");
  EXPECT_SAYS(error_of(R"("train":{"steps":10,"schedule":{"type":"cosine","warmup":10}})"), "train.schedule.warmup");
  EXPECT_SAYS(error_of(R"("train":{"validate_every":0,"schedule":{"type":"plateau"}})"), "train.schedule.type");
  EXPECT_SAYS(error_of(R"("train":{"best_metric":"psrn"})"), "train.best_metric: got \"psrn\"");
  EXPECT_EQ(error_of(R"("train":{"best_metric":"ssim"})"), "no error");
}

TEST(Config, Inputs) {
  const auto error_with = [](const std::string& inputs) {
    return error_of_data(R"({"sources":[{"type":"radar","path":"a"}],"inputs":)" + inputs + "}");
  };
  EXPECT_EQ(error_with(R"([{"name":"a","path":"b","floor":0,"ceiling":1}])"), "no error");
  EXPECT_EQ(error_with(R"([{"name":"a","type":"raster","path":"b","mean":0,"deviation":1}])"), "no error");
  EXPECT_SAYS(error_with(R"([{"name":"a","path":"b"}])"), "data.inputs[0]: expected floor and ceiling, or mean");
  EXPECT_SAYS(error_with(R"([{"name":"a","path":"b","floor":0,"ceiling":1,"mean":0}])"), "data.inputs[0]: expected");
  EXPECT_SAYS(error_with(R"([{"name":"a","path":"b","floor":2,"ceiling":1}])"), "data.inputs[0].ceiling: got 1");
  EXPECT_SAYS(error_with(R"([{"name":"","path":"","floor":0,"ceiling":1}])"), "data.inputs[0].path");
  EXPECT_SAYS(error_with(R"([{"name":"a","type":"raster","path":"b","product":"c","floor":0,"ceiling":1}])"),
              "data.inputs[0].product: got \"c\"");
  EXPECT_SAYS(
      error_with(R"([{"name":"a","path":"b","floor":0,"ceiling":1},{"name":"a","path":"c","floor":0,"ceiling":1}])"),
      "data.inputs[1].name: got \"a\" a second time");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"raster","path":"a"}]})"), "data.sources[0].type: got \"raster\"");
  EXPECT_SAYS(
      error_of_data(R"({"sources":[{"type":"balls"}],"inputs":[{"name":"a","path":"b","floor":0,"ceiling":1}]})"),
      "data.inputs: go with radar");
}

TEST(Config, OptionsOfTheOtherCell) {
  EXPECT_SAYS(error_of(R"("model":{"cell":"convlstm","reset":"before"})"), "model.reset: ");
  EXPECT_SAYS(error_of(R"("model":{"cell":"convlstm","activation":"relu"})"), "model.activation: ");
  EXPECT_SAYS(error_of(R"("model":{"cell":"convgru","forget_bias":2})"), "model.forget_bias: got 2, but a convgru");
  EXPECT_SAYS(error_of(R"("model":{"cell":"convlstm","gate_bias":false,"forget_bias":2})"), "model.forget_bias: got 2");
  EXPECT_EQ(error_of(R"("model":{"cell":"convlstm","forget_bias":2,"reset":"after","activation":"tanh"})"), "no error");
  EXPECT_EQ(error_of(R"("model":{"cell":"convlstm","gate_bias":false})"), "no error");
  EXPECT_SAYS(error_of(R"("model":{"cell":"trajgru","reset":"before"})"), "model.reset: a trajgru resets after");
  EXPECT_SAYS(error_of(R"("model":{"cell":"trajgru","norm":"group"})"),
              "model.norm: got \"group\" with cell \"trajgru\"");
  EXPECT_SAYS(error_of(R"("model":{"cell":"trajgru","peephole":true})"), "model.peephole: ");
  EXPECT_SAYS(error_of(R"("model":{"cell":"trajgru","links":0})"), "model.links: ");
  EXPECT_SAYS(error_of(R"("model":{"cell":"convgru","links":9})"), "model.links: got 9, but only a trajgru has any");
  EXPECT_EQ(error_of(R"("model":{"cell":"trajgru","links":9,"hidden_bias":"all"})"), "no error");
  const std::string stlstm = error_of(R"("model":{"cell":"stlstm","peephole":true,"norm":"group",
      "levels":[{"hidden":4},{"hidden":6}]})");
  EXPECT_SAYS(stlstm, "model.cell: got \"stlstm\"");
  EXPECT_SAYS(stlstm, "model.peephole: ");
  EXPECT_SAYS(stlstm, "model.norm: ");
  EXPECT_SAYS(stlstm, "model.levels[1].hidden: got 6");
}

TEST(Config, OptionsOfTheOtherArchitecture) {
  const std::string stack = error_of(R"("model":{"architecture":"stack","levels":[{"conv":{"stride":2}}],
      "predict":"change"},"train":{"loss":{"lead_weights":[1,2]}})");
  EXPECT_SAYS(stack, "model.levels[0].conv: ");
  EXPECT_SAYS(stack, "model.predict: ");
  EXPECT_SAYS(stack, "train.loss.lead_weights: a stack");
  EXPECT_SAYS(error_of(R"("train":{"scheduled_sampling":{"start":0.5}})"), "train.scheduled_sampling: ");
  EXPECT_SAYS(error_of(R"("model":{"architecture":"stack-pair"},"train":{"recompute":"segments"})"),
              "train.recompute: a \"stack-pair\"");
  EXPECT_SAYS(error_of(R"("model":{"architecture":"stcak"})"), "did you mean \"stack\"?");
  EXPECT_EQ(error_of(R"("model":{"architecture":"stack","patch":4},"train":{"scheduled_sampling":{"start":0.5}})"),
            "no error");
}

TEST(Config, OptionsOfAnotherOptimizerOrSchedule) {
  EXPECT_SAYS(
      error_of(R"("train":{"optimizer":{"type":"adam","momentum":0.9}})"),
      "train.optimizer.momentum: got 0.9, but nothing uses it without type \"rmsprop\" or \"sgd\"; leave it out, "
      "or at 0");
  EXPECT_SAYS(error_of(R"("train":{"optimizer":{"type":"sgd","beta1":0.5,"beta2":0.5,"alpha":0.5,"epsilon":1}})"),
              "4 problems");
  EXPECT_SAYS(error_of(R"("train":{"optimizer":{"type":"rmsprop","beta1":0.5}})"), "train.optimizer.beta1");
  EXPECT_SAYS(error_of(R"("train":{"schedule":{"type":"cosine","patience":3}})"), "train.schedule.patience: got 3");
  EXPECT_SAYS(error_of(R"("train":{"schedule":{"every":3,"factor":0.5,"final_factor":0.5,"pct_start":0.5,"div":2,
      "final_div":2,"patience":1,"threshold":0.5,"cooldown":1,"min_lr":1}})"),
              "10 problems");
  for (const char* used : {R"({"type":"adamw","beta1":0.5,"beta2":0.5,"epsilon":1e-6})",
                           R"({"type":"rmsprop","alpha":0.5,"momentum":0.5,"epsilon":1e-6})",
                           R"({"type":"sgd","momentum":0.5,"weight_decay":0.1})", R"({"type":"sgd","beta1":0.9})"}) {
    EXPECT_EQ(error_of(R"("train":{"optimizer":)" + std::string(used) + "}"), "no error");
  }
  for (const char* used :
       {R"({"type":"step","every":3,"factor":0.5})", R"({"type":"cosine","final_factor":0.5,"warmup":5})",
        R"({"type":"onecycle","pct_start":0.5,"div":2,"final_div":2})",
        R"({"type":"plateau","patience":1,"threshold":0.5,"cooldown":1,"min_lr":1,"factor":0.5})"}) {
    EXPECT_EQ(error_of(R"("train":{"schedule":)" + std::string(used) + "}"), "no error");
  }
}

TEST(Config, OptionsOfAnotherSource) {
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"balls","path":"a"}]})"),
              "data.sources[0].path: got \"a\", but nothing");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"video","path":"a","product":"knmi"}]})"),
              "data.sources[0].product");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"images","path":"a","max_missing":7}]})"),
              "data.sources[0].max_missing: got 7");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"rain"}],"unit":"dbr"})"), "data.unit: got \"dbr\"");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"rain"}],"rain":{"floor":1}})"), "data.rain: generated frames");
  EXPECT_EQ(error_of_data(R"({"sources":[{"type":"digits","path":"a"}],"unit":"source"})"), "no error");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"scene_cuts":"ignore","scene_cut_threshold":5})"),
              "data.scene_cut_threshold: got 5");
  EXPECT_EQ(error_of_data(R"({"sources":[{"type":"radar","path":"a","product":"knmi","max_missing":7}],"unit":"dbr"})"),
            "no error");
}

TEST(Config, TheLossIsWhatIsGiven) {
  const auto loss_of = [](const char* train) {
    const std::string text = R"({"data":{"sources":[{"type":"balls"}]},"train":)" + std::string(train) + "}";
    return config_from_json(json::parse(text, "t"), "t").train.loss;
  };
  EXPECT_EQ(loss_of("{}").mse, 1);
  EXPECT_EQ(loss_of(R"({"loss":{"lead_weights":[]}})").mse, 1);
  EXPECT_EQ(loss_of(R"({"loss":{"mae":2}})").mse, 0);
  EXPECT_EQ(loss_of(R"({"loss":{"mse":0,"mae":2}})").mse, 0);
  EXPECT_EQ(loss_of(R"({"loss":{"huber":1,"huber_delta":2}})").huber_delta, 2);
  EXPECT_SAYS(error_of(R"("train":{"loss":{"mse":1,"huber_delta":2}})"), "train.loss.huber_delta: got 2");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"mse":0}})"), "train.loss: mse is 0 and nothing else is given");
  EXPECT_SAYS(error_of(R"("train":{"loss":{"mse":0,"mae":0}})"), "train.loss: mse, mae are 0");
}

TEST(Config, NamesThatAreNoFoldersName) {
  for (const char* name : {R"(../../evil)", R"(..)", R"(.)", R"(a/b)", R"(a\\b)", R"(a\nb)"}) {
    EXPECT_SAYS(error_of(R"("name":")" + std::string(name) + "\""), "name: got \"") << name;
  }
  EXPECT_EQ(error_of(R"("name":"radar..2, new")"), "no error");
}

/// Walks all fields of an options struct and notes the whole numbers that lack a bound.
class BoundsCheck {
 public:
  template <class T>
  void field(std::string_view name, T& value, const FieldInfo& info = {}) {
    const std::string path = path_ + "." + std::string(name);
    look(path, value, info);
  }

  int whole_numbers() const { return whole_numbers_; }

 private:
  template <class T>
  void look(const std::string& path, T& value, const FieldInfo& info) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      ++whole_numbers_;
      EXPECT_TRUE(std::isfinite(info.min)) << path << " has no least value";
      EXPECT_TRUE(std::isfinite(info.max)) << path << " has no largest value";
      EXPECT_LE(info.max, static_cast<double>(std::numeric_limits<T>::max())) << path;
    } else if constexpr (json::IsOptional<T>::value || json::IsVector<T>::value) {
      typename T::value_type inner{};
      look(path, inner, info);
    } else if constexpr (json::IsArray<T>::value) {
      look(path, value[0], info);
    } else if constexpr (requires { value.fields(*this); }) {
      const std::string above = std::exchange(path_, path);
      value.fields(*this);
      path_ = above;
    }
  }

  std::string path_;
  int whole_numbers_ = 0;
};

TEST(Config, EveryWholeNumberHasBothBounds) {
  BoundsCheck check;
  Config config;
  config.fields(check);
  BaselineOptions baselines;
  baselines.fields(check);
  FrameFormat frames;
  frames.fields(check);
  EXPECT_GE(check.whole_numbers(), 45);
}

TEST(Config, NumbersBeyondTheirBounds) {
  for (const char* key : {"gap", "stride"}) {
    EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],")" + std::string(key) + R"(":51469710027091383})"),
                "data." + std::string(key) + ": got 51469710027091383, expected a whole number from 1 to 1000000");
  }
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"split":{"gap":9223372036854775807}})"),
              "data.split.gap: got");
  EXPECT_SAYS(error_of(R"("train":{"seed":9223372036854775807})"), "train.seed: got");
}

TEST(Config, LimitsOfTraining) {
  EXPECT_SAYS(error_of(R"("train":{"validation_batch":65537})"), "train.validation_batch: got 65537");
  EXPECT_SAYS(error_of(R"("train":{"steps":2000000000000})"), "train.steps: got 2000000000000");
}

TEST(Config, DataThatCannotBe) {
  EXPECT_SAYS(error_of_data("{}"), "data.sources: got an empty list");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"video"}]})"), "data.sources[0].path: got \"\"");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"type":"digits","train_glyphs":[5,5]}]})"), "train_glyphs: got [5, 5]");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"size":[64,64],"crop":[64,65]})"), "data.crop: got [64, 65]");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"size":[64,32],"augment":["rot90"]})"), "needs square frames");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"split":{"by":"path"}})"), "data.split.train_paths");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"sampling":{"threshold":2}})"), "go with by \"rain\" only");
  EXPECT_SAYS(error_of_data(R"({"sources":[{"path":"a"}],"normalise":{"low":1,"high":1}})"), "data.normalise.high");
}

}  // namespace
}  // namespace nextframe
