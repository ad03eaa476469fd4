#include "core/train/forecaster.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/frames/preprocessing.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::SmallRun;

Frame random_frame(std::int64_t number, std::int64_t height, std::int64_t width, double high) {
  Random random(static_cast<std::uint64_t>(number));
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = 1;
  for (std::int64_t i = 0; i < height * width; ++i) frame.pixels.push_back(static_cast<float>(high * random.uniform()));
  return frame;
}

/// Frames 0 .. count-1, made when they are asked for.
class RandomSource : public FrameSource {
 public:
  explicit RandomSource(std::int64_t count) : count_(count) {
    info_.name = "random";
    info_.height = 6;
    info_.width = 5;
    info_.channels = 1;
  }
  const SourceInfo& info() const override { return info_; }
  bool next(Frame& frame) override {
    if (number_ >= count_) return false;
    frame = random_frame(number_++, 6, 5, 255);
    return true;
  }

 private:
  SourceInfo info_;
  std::int64_t count_;
  std::int64_t number_ = 0;
};

class ForecasterTest : public testing::Test {
 protected:
  ForecasterTest() {
    SmallRun run;
    model_.options = run.model;
    model_.data = run.data;
    model_.path = "model.safetensors";
    model_.file.frames.normalisation = {.offset = 0, .scale = 255};
    model_.network = make_network(backend_, DType::kFloat32, run.model, 1, 1);
    model_.network->initialise(Initialisation::kDefault, 3);
  }

  std::vector<float> pixels(const std::vector<Frame>& frames) {
    std::vector<float> all;
    for (const Frame& frame : frames) all.insert(all.end(), frame.pixels.begin(), frame.pixels.end());
    return all;
  }

  std::vector<float> forecast_of(const SourceInfo& info, std::int64_t first, std::int64_t last, double high) {
    Forecaster forecaster(backend_, model_, info);
    for (std::int64_t i = first; i < last; ++i) forecaster.observe(random_frame(i, 6, 5, high));
    return pixels(forecaster.forecast(11));
  }

  static SourceInfo eight_bit() {
    SourceInfo info;
    info.name = "test";
    info.height = 6;
    info.width = 5;
    info.channels = 1;
    return info;
  }

  ReferenceBackend backend_;
  TrainedModel model_;
};

void expect_close(const std::vector<float>& got, const std::vector<float>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

TEST(DoubtOfScale, IsOfFloatsThatCannotBeOnTheModelsScale) {
  FrameFormat eight, unit;
  unit.high = 1;
  SourceInfo zero_to_one, wide, bytes;
  zero_to_one.name = wide.name = "a.npy";
  zero_to_one.pixel_type = wide.pixel_type = PixelType::kFloat32;
  zero_to_one.high = 1;
  wide.high = 255;
  const std::string small = doubt_of_scale(eight, zero_to_one);
  EXPECT_NE(small.find("a.npy: has values 0 to 1, the model was trained on 0 to 255"), std::string::npos) << small;
  EXPECT_NE(small.find("multiply by 255"), std::string::npos) << small;
  EXPECT_NE(doubt_of_scale(unit, wide), "");
  EXPECT_EQ(doubt_of_scale(eight, wide), "");
  EXPECT_EQ(doubt_of_scale(unit, zero_to_one), "");
  EXPECT_EQ(doubt_of_scale(unit, bytes), "");
  FrameFormat metres = eight;
  metres.high = 40;
  EXPECT_EQ(doubt_of_scale(metres, zero_to_one), "");
}

TEST_F(ForecasterTest, FrameByFrameEqualsTheWholeContextAtOnce) {
  std::vector<float> context;
  for (int i = 0; i < 4; ++i) {
    for (const float pixel : random_frame(i, 6, 5, 255).pixels) context.push_back(pixel / 255);
  }
  const Tensor tensor = backend_.allocate({4, 1, 6, 5, 1}, DType::kFloat32);
  backend_.upload(context.data(), tensor);
  const Tensor prediction = model_.network->forward(tensor, 11, Mode::kInference);
  std::vector<float> expected(11 * 30);
  backend_.download(prediction, expected.data());
  for (float& value : expected) value *= 255;
  expect_close(forecast_of(eight_bit(), 0, 4, 255), expected, 1e-3);
}

TEST_F(ForecasterTest, AForecastDoesNotChangeWhatWasObserved) {
  Forecaster forecaster(backend_, model_, eight_bit());
  for (int i = 0; i < 3; ++i) forecaster.observe(random_frame(i, 6, 5, 255));
  const std::vector<float> first = pixels(forecaster.forecast(5));
  EXPECT_EQ(pixels(forecaster.forecast(5)), first);
  forecaster.observe(random_frame(3, 6, 5, 255));
  EXPECT_EQ(pixels(forecaster.forecast(11)), forecast_of(eight_bit(), 0, 4, 255));
}

TEST_F(ForecasterTest, SixteenBitsShowTheSamePictures) {
  SourceInfo wide = eight_bit();
  wide.pixel_type = PixelType::kUint16;
  wide.high = 65535;
  std::vector<float> expected = forecast_of(eight_bit(), 0, 4, 255);
  for (float& value : expected) value *= 257;
  expect_close(forecast_of(wide, 0, 4, 65535), expected, 0.3);
}

TEST_F(ForecasterTest, MissingPixelsCountAsTheLowestValue) {
  Forecaster masked(backend_, model_, eight_bit());
  Forecaster dark(backend_, model_, eight_bit());
  Frame frame = random_frame(1, 6, 5, 255);
  frame.mask.assign(30, 1);
  frame.mask[7] = 0;
  frame.pixels[7] = std::nanf("");
  masked.observe(frame);
  frame.pixels[7] = 0;
  frame.mask.clear();
  dark.observe(frame);
  EXPECT_EQ(pixels(masked.forecast(2)), pixels(dark.forecast(2)));
}

TEST_F(ForecasterTest, ColourIsForecastChannelByChannelOrAsGrey) {
  SourceInfo colour = eight_bit();
  colour.channels = 3;
  const auto colour_frame = [](std::int64_t number) {
    Frame frame{.height = 6, .width = 5, .channels = 3, .pixels = {}, .mask = {}, .seconds = 0, .name = {}};
    for (std::size_t i = 0; i < 30; ++i) {
      for (int c = 0; c < 3; ++c) frame.pixels.push_back(random_frame(number + 10 * c, 6, 5, 255).pixels[i]);
    }
    return frame;
  };
  Forecaster forecaster(backend_, model_, colour);
  EXPECT_EQ(forecaster.channels(), 3);
  EXPECT_TRUE(forecaster.by_channel());
  for (int i = 0; i < 4; ++i) forecaster.observe(colour_frame(i));
  const std::vector<float> together = pixels(forecaster.forecast(11));
  ASSERT_EQ(together.size(), 11U * 90U);
  for (std::size_t c = 0; c < 3; ++c) {
    const auto first = static_cast<std::int64_t>(10 * c);
    const std::vector<float> alone = forecast_of(eight_bit(), first, first + 4, 255);
    for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(together[3 * i + c], alone[i], 1e-3) << c << " " << i;
  }

  Forecaster grey(backend_, model_, colour, {.colour = ForecasterOptions::Colour::kGrey});
  EXPECT_EQ(grey.channels(), 1);
  Forecaster by_hand(backend_, model_, eight_bit());
  for (int i = 0; i < 4; ++i) {
    Frame frame = colour_frame(i);
    grey.observe(frame);
    apply({.channels = ChannelMode::kGrey}, frame, eight_bit());
    by_hand.observe(frame);
  }
  EXPECT_EQ(pixels(grey.forecast(2)), pixels(by_hand.forecast(2)));
}

TEST_F(ForecasterTest, RejectsWhatDoesNotFit) {
  SourceInfo wrong = eight_bit();
  wrong.channels = 2;
  EXPECT_THROW(Forecaster(backend_, model_, wrong), Error);
  Forecaster forecaster(backend_, model_, eight_bit());
  EXPECT_THROW(forecaster.forecast(1), Error);
  forecaster.observe(random_frame(0, 6, 5, 255));
  EXPECT_THROW(forecaster.observe(random_frame(0, 6, 4, 255)), Error);
}

TEST_F(ForecasterTest, HindcastsKnowOnlyTheirContext) {
  RandomSource source(12);
  Forecaster forecaster(backend_, model_, source.info());
  std::vector<std::int64_t> starts;
  const HindcastOptions options{.every = 3, .context = 4, .gap = 2, .horizon = 2};
  const std::int64_t made = hindcast(forecaster, source, options, [&](const Hindcast& one) {
    starts.push_back(one.first_frame);
    Forecaster alone(backend_, model_, source.info());
    for (std::int64_t i = 4; i >= 1; --i) alone.observe(random_frame(one.first_frame - 2 * i, 6, 5, 255));
    EXPECT_EQ(pixels(one.frames), pixels(alone.forecast(2)));
    return true;
  });
  EXPECT_EQ(made, 2);
  EXPECT_EQ(starts, (std::vector<std::int64_t>{8, 11}));
  RandomSource brief(6);
  EXPECT_THROW(hindcast(forecaster, brief, options, [](const Hindcast&) { return true; }), Error);
}

TEST(TrainedModelTest, ComesBackFromARunFolder) {
  const test::TemporaryFolder folder;
  SmallRun run;
  run.go(run.request(folder.path() / "run"));
  ReferenceBackend backend;
  const TrainedModel model = load_model(backend, (folder.path() / "run").string());
  EXPECT_EQ(model.options.levels.front().hidden, 3);
  EXPECT_EQ(model.data.context, 3);
  EXPECT_EQ(model.file.frames.input_channels, 1);
  EXPECT_EQ(model.file.frames.high, 1);
  EXPECT_THROW(load_model(backend, (folder.path() / "nothing").string()), Error);
  EXPECT_THROW(load_model(backend, folder.path().string()), Error);
}

TEST(TrainedModelTest, RejectsAFileWhoseConfigurationIsAnother) {
  const test::TemporaryFolder folder;
  SmallRun run;
  run.go(run.request(folder.path() / "run"));
  const std::string path = (folder.path() / "run/best.safetensors").string();
  ModelFile file = read_model_file(path);
  run.model.levels.front().hidden = 60000;
  file.config = run.config();
  write_model_file(path, file);
  ReferenceBackend backend;
  try {
    load_model(backend, path);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("another architecture"), std::string::npos) << error.what();
  }
}

/// A guided network with mask and coordinates, whose weights are all drawn.
class GuidedForecasterTest : public testing::Test {
 protected:
  GuidedForecasterTest() {
    SmallRun run;
    run.model.guide = Guidance::kExtrapolation;
    run.model.coordinates = true;
    model_.options = run.model;
    model_.data = run.data;
    model_.path = "model.safetensors";
    FrameFormat& frames = model_.file.frames;
    frames.normalisation = {.offset = 0, .scale = 255};
    frames.mask_channel = true;
    frames.coordinates = true;
    frames.input_channels = channels_of(frames).input();
    model_.network = make_network(backend_, DType::kFloat32, run.model, frames.input_channels, 1);
    std::vector<float> weights(static_cast<std::size_t>(model_.network->parameters().elements()));
    Random random(9);
    for (float& weight : weights) weight = static_cast<float>(random.uniform(-0.4, 0.4));
    model_.network->parameters().upload(weights);
    options_.guides = [](const FlowOptions&, const FieldScale&) { return test::make_persistence_guide(); };
    info_.name = "test";
    info_.height = 6;
    info_.width = 5;
    info_.channels = 1;
  }

  std::vector<float> in_network(const Frame& frame) const {
    std::vector<float> values = frame.pixels;
    model_.file.frames.normalisation.to_network(std::span<float>(values));
    return values;
  }

  ReferenceBackend backend_;
  TrainedModel model_;
  ForecasterOptions options_;
  SourceInfo info_;
};

TEST_F(GuidedForecasterTest, StreamingEqualsTheWholeSequence) {
  Forecaster forecaster(backend_, model_, info_, options_);
  std::vector<float> frames, mask(4 * 30, 1), buffer;
  for (std::int64_t t = 0; t < 4; ++t) {
    const Frame frame = random_frame(t, 6, 5, 255);
    forecaster.observe(frame);
    const std::vector<float> values = in_network(frame);
    frames.insert(frames.end(), values.begin(), values.end());
  }
  constexpr std::int64_t kLeads = 11;
  std::vector<float> guide;
  for (std::int64_t lead = 1; lead <= kLeads; ++lead) {
    for (std::int64_t i = 0; i < 30; ++i) {
      guide.push_back(frames[static_cast<std::size_t>(3 * 30 + i)] + 0.01F * static_cast<float>(lead));
    }
  }
  const std::vector<FramePlace> places{{0, 0, 6, 5, {}}};
  const NetworkChannels channels = channels_of(model_.file.frames);
  EXPECT_EQ(channels.input(), 5);
  const Tensor context = backend_.allocate({4, 1, 6, 5, channels.input()}, DType::kFloat32);
  backend_.upload(network_input({frames, mask, 6, 5, places}, channels, buffer).data(), context);
  const Tensor given = backend_.allocate({kLeads, 1, 6, 5, 1}, DType::kFloat32);
  backend_.upload(guide.data(), given);
  std::vector<float> expected(static_cast<std::size_t>(kLeads * 30));
  backend_.download(model_.network->forward(context, kLeads, Mode::kInference, given), expected.data());

  const std::vector<Frame> forecast = forecaster.forecast(kLeads);
  const std::vector<Frame> again = forecaster.forecast(3);
  for (std::size_t lead = 0; lead < forecast.size(); ++lead) {
    for (std::size_t i = 0; i < 30; ++i) {
      EXPECT_NEAR(forecast[lead].pixels[i], 255 * expected[lead * 30 + i], 1e-3);
      if (lead < again.size()) {
        EXPECT_EQ(again[lead].pixels[i], forecast[lead].pixels[i]);
      }
    }
  }
}

TEST_F(GuidedForecasterTest, ForgetsTheFramesBeforeACut) {
  Forecaster cut(backend_, model_, info_, options_), fresh(backend_, model_, info_, options_);
  cut.observe(random_frame(1, 6, 5, 255));
  cut.reset();
  cut.observe(random_frame(2, 6, 5, 255));
  fresh.observe(random_frame(2, 6, 5, 255));
  EXPECT_EQ(cut.forecast(2)[1].pixels, fresh.forecast(2)[1].pixels);
}

TEST_F(GuidedForecasterTest, NeedsWhatMakesTheGuide) { EXPECT_THROW(Forecaster(backend_, model_, info_), Error); }

}  // namespace
}  // namespace nextframe
