#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/seed.h"
#include "core/frames/radar/rain_scale.h"
#include "core/frames/threshold_unit.h"

namespace nextframe {

enum class SourceType { kAuto, kVideo, kImages, kArray, kRadar, kRaster, kDigits, kBalls, kRain, kOccludedDigits };

constexpr auto enum_names(SourceType) {
  return std::array<std::pair<std::string_view, SourceType>, 10>{{{"auto", SourceType::kAuto},
                                                                  {"video", SourceType::kVideo},
                                                                  {"images", SourceType::kImages},
                                                                  {"array", SourceType::kArray},
                                                                  {"radar", SourceType::kRadar},
                                                                  {"raster", SourceType::kRaster},
                                                                  {"digits", SourceType::kDigits},
                                                                  {"balls", SourceType::kBalls},
                                                                  {"rain", SourceType::kRain},
                                                                  {"occluded-digits", SourceType::kOccludedDigits}}};
}

/// Whether a computer makes its frames.
constexpr bool is_generated(SourceType type) {
  return type == SourceType::kDigits || type == SourceType::kBalls || type == SourceType::kRain ||
         type == SourceType::kOccludedDigits;
}

/// Whether it shows digits.
constexpr bool shows_digits(SourceType type) {
  return type == SourceType::kDigits || type == SourceType::kOccludedDigits;
}

/// What the dimensions of an array are, slowest first: sequences N, frames T, height, width, channels.
enum class ArrayLayout { kAuto, kTHW, kTHWC, kNTHW, kNTHWC, kTNHW };

constexpr auto enum_names(ArrayLayout) {
  return std::array<std::pair<std::string_view, ArrayLayout>, 6>{{{"auto", ArrayLayout::kAuto},
                                                                  {"THW", ArrayLayout::kTHW},
                                                                  {"THWC", ArrayLayout::kTHWC},
                                                                  {"NTHW", ArrayLayout::kNTHW},
                                                                  {"NTHWC", ArrayLayout::kNTHWC},
                                                                  {"TNHW", ArrayLayout::kTNHW}}};
}

enum class Split { kTrain, kValidation, kTest };

constexpr std::array<Split, 3> kSplits{Split::kTrain, Split::kValidation, Split::kTest};

constexpr auto enum_names(Split) {
  return std::array<std::pair<std::string_view, Split>, 3>{
      {{"train", Split::kTrain}, {"validation", Split::kValidation}, {"test", Split::kTest}}};
}

/// Bounds that keep products of counts far from 64 bits: frames between frames, and sequences or glyphs.
inline constexpr double kMostFrames = 1e6;
inline constexpr double kMostSequences = 1e9;

/// Where frames come from. Recorded sources use `path`, `frames_per_second`, `layout`, `product` and `max_missing`;
/// generated ones use the rest.
struct SourceOptions {
  SourceType type = SourceType::kAuto;
  std::string path = {};
  double frames_per_second = 0;
  ArrayLayout layout = ArrayLayout::kAuto;
  std::string product = {};
  std::int64_t max_missing = 2;

  std::array<std::int64_t, 2> size{64, 64};
  std::int64_t objects = 2;
  double speed = 3.6;
  double radius = 5;
  double scale = 12;
  double growth = 0.1;
  std::int64_t hidden = 4;
  std::int64_t forecast_from = 0;
  std::array<std::int64_t, 2> train_glyphs{0, 0};
  std::array<std::int64_t, 2> validation_glyphs{0, 0};
  std::array<std::int64_t, 2> test_glyphs{0, 0};
  std::int64_t train_sequences = 0;
  std::int64_t validation_sequences = 100;
  std::int64_t test_sequences = 1000;
  std::int64_t seed = 1;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("type", type,
            {.doc = "what to read or generate; auto looks at the path (raster is for data.inputs alone)"});
    v.field(
        "path", path,
        {.doc =
             "video, folder or pattern of images, .npy or .npz; radar: folder, pattern or names with a time, such as "
             "RAD_%Y%m%d%H%M.h5; for digits an MNIST idx file, empty = drawn glyphs"});
    v.field("frames_per_second", frames_per_second,
            {.doc = "frame rate of images and arrays, which do not tell theirs; 0 = unknown", .min = 0, .max = 100000});
    v.field(
        "layout", layout,
        {.doc = "arrays: what their dimensions are: sequences N, frames T, height, width, channels; auto: THW, NTHWC, "
                "and of four dimensions THWC where the last is at most 4, else NTHW"});
    v.field(
        "product", product,
        {.doc =
             "radar: a row of the table of products, or a .json file with one; empty = found by names and contents"});
    v.field(
        "max_missing", max_missing,
        {.doc = "radar: so many time steps in a row that are missing are filled with missing pixels; no window runs "
                "across a longer gap",
         .min = 0,
         .max = 10000});
    v.field("size", size, {.doc = "generated: height and width of a frame", .min = 8, .max = 16384});
    v.field("objects", objects, {.doc = "generated: digits or balls in a frame", .min = 1, .max = 64});
    v.field("speed", speed, {.doc = "generated: pixels a frame that an object or the rain moves", .min = 0, .max = 64});
    v.field("radius", radius, {.doc = "balls: radius in pixels", .min = 1, .max = 512});
    v.field("scale", scale, {.doc = "rain: size of a cell in pixels", .min = 1, .max = 512});
    v.field("growth", growth,
            {.doc = "rain: growth and decay a frame, as a share of the intensity", .min = 0, .max = 1});
    v.field("hidden", hidden,
            {.doc = "occluded-digits: frames for which a digit is out of sight before the forecast begins",
             .min = 1,
             .max = 1000});
    v.field("forecast_from", forecast_from,
            {.doc = "occluded-digits: the frame that a forecast begins with; 0 = that of data.context",
             .min = 0,
             .max = kMostFrames});
    v.field("train_glyphs", train_glyphs,
            {.doc = "digits: first glyph and one past the last of the training split; [0, 0] = all",
             .min = 0,
             .max = kMostSequences});
    v.field("validation_glyphs", validation_glyphs,
            {.doc = "digits: the same for validation", .min = 0, .max = kMostSequences});
    v.field("test_glyphs", test_glyphs, {.doc = "digits: the same for test", .min = 0, .max = kMostSequences});
    v.field("train_sequences", train_sequences,
            {.doc = "generated: sequences of the training split, met again each epoch; 0 = always new ones",
             .min = 0,
             .max = kMostSequences});
    v.field("validation_sequences", validation_sequences,
            {.doc = "generated: sequences to validate on", .min = 0, .max = kMostSequences});
    v.field("test_sequences", test_sequences,
            {.doc = "generated: sequences to test on", .min = 0, .max = kMostSequences});
    v.field("seed", seed, {.doc = "generated: another seed is another world", .min = 0, .max = kLargestSeed});
  }
};

enum class SplitBy { kTime, kClip, kPath };

constexpr auto enum_names(SplitBy) {
  return std::array<std::pair<std::string_view, SplitBy>, 3>{
      {{"time", SplitBy::kTime}, {"clip", SplitBy::kClip}, {"path", SplitBy::kPath}}};
}

/// Where the context of a split's windows may lie.
enum class ContextFrom {
  kSplit,   ///< in the split itself: no frame is in two splits
  kBefore,  ///< also in the frames before it, as a forecast's would; only what is to be forecast lies in the split
};

constexpr auto enum_names(ContextFrom) {
  return std::array<std::pair<std::string_view, ContextFrom>, 2>{
      {{"split", ContextFrom::kSplit}, {"before", ContextFrom::kBefore}}};
}

/// Which frames train, validate and test. No frame to be forecast is in two splits.
struct SplitOptions {
  SplitBy by = SplitBy::kTime;
  double train = 0.7;
  double validation = 0.1;
  double test = 0.2;
  std::int64_t gap = 0;
  ContextFrom context = ContextFrom::kSplit;
  std::vector<std::string> train_paths = {};
  std::vector<std::string> validation_paths = {};
  std::vector<std::string> test_paths = {};

  template <class Visitor>
  void fields(Visitor& v) {
    v.field(
        "by", by,
        {.doc = "time: each clip is cut in three; clip: whole clips; path: train_paths, validation_paths, test_paths"});
    v.field("train", train, {.doc = "share of the frames or clips to train on", .min = 0, .max = 1});
    v.field("validation", validation, {.doc = "share to validate on", .min = 0, .max = 1});
    v.field("test", test, {.doc = "share to test on; the three are scaled to a sum of 1", .min = 0, .max = 1});
    v.field("gap", gap, {.doc = "frames left out between two splits of a clip", .min = 0, .max = kMostFrames});
    v.field(
        "context", context,
        {.doc = "split: the frames that a model sees are of the window's own split, too; before: they may lie before "
                "it, where the past of a forecast lies"});
    v.field("train_paths", train_paths,
            {.doc = "patterns (* and ?) of clip paths, or of image names such as dates, to train on; each has to match "
                    "something"});
    v.field("validation_paths", validation_paths, {.doc = "patterns to validate on"});
    v.field("test_paths", test_paths, {.doc = "patterns to test on"});
  }
};

enum class ChannelMode { kGrey, kColor, kSource };

constexpr auto enum_names(ChannelMode) {
  return std::array<std::pair<std::string_view, ChannelMode>, 3>{
      {{"grey", ChannelMode::kGrey}, {"color", ChannelMode::kColor}, {"source", ChannelMode::kSource}}};
}

enum class SceneCuts { kAvoid, kIgnore };

constexpr auto enum_names(SceneCuts) {
  return std::array<std::pair<std::string_view, SceneCuts>, 2>{
      {{"avoid", SceneCuts::kAvoid}, {"ignore", SceneCuts::kIgnore}}};
}

enum class Augmentation { kFlip, kRot90 };

constexpr auto enum_names(Augmentation) {
  return std::array<std::pair<std::string_view, Augmentation>, 2>{
      {{"flip", Augmentation::kFlip}, {"rot90", Augmentation::kRot90}}};
}

enum class SamplingBy { kUniform, kRain };

constexpr auto enum_names(SamplingBy) {
  return std::array<std::pair<std::string_view, SamplingBy>, 2>{
      {{"uniform", SamplingBy::kUniform}, {"rain", SamplingBy::kRain}}};
}

/// Which windows, and which pieces of their frames, are trained on how often. Validation and evaluation take every window.
struct SamplingOptions {
  SamplingBy by = SamplingBy::kUniform;
  double threshold = 0.5;
  ThresholdUnit unit = ThresholdUnit::kRate;
  double full_share = 0.1;
  double keep_dry = 0.05;
  bool unbiased = false;

  bool operator==(const SamplingOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field(
        "by", by,
        {.doc = "uniform: each window once an epoch, anywhere; rain: windows and pieces are drawn at random, the more "
                "often the more rainy pixels they hold"});
    v.field("threshold", threshold, {.doc = "rain: a pixel is rainy from this value on"});
    v.field("unit", unit, {.doc = "rain: of the threshold: mm/h, or value: the source's own pixel values"});
    v.field("full_share", full_share,
            {.doc = "rain: share of rainy pixels from which on a draw is always kept; below it in proportion",
             .min = 0.0001,
             .max = 1});
    v.field("keep_dry", keep_dry,
            {.doc = "rain: chance to keep a draw without any rainy pixel", .min = 0.01, .max = 1});
    v.field("unbiased", unbiased,
            {.doc = "rain: weigh each sequence by one over its chance, so that on average the loss is that of uniform "
                    "sampling"});
  }
};

enum class NormaliseBy { kRange, kStandard, kNone };

constexpr auto enum_names(NormaliseBy) {
  return std::array<std::pair<std::string_view, NormaliseBy>, 3>{
      {{"range", NormaliseBy::kRange}, {"standard", NormaliseBy::kStandard}, {"none", NormaliseBy::kNone}}};
}

struct NormaliseOptions {
  NormaliseBy by = NormaliseBy::kRange;
  std::optional<double> low = {};
  std::optional<double> high = {};

  template <class Visitor>
  void fields(Visitor& v) {
    v.field(
        "by", by,
        {.doc = "range: low..high becomes 0..1; standard: mean 0, deviation 1 over the training frames; none: as is"});
    v.field("low", low,
            {.doc = "range: value that becomes 0; default: the type's 0, for floats beyond 0..1 the smallest value. "
                    "standard, none: the smallest value that a pixel can take, for scores and pictures"});
    v.field("high", high,
            {.doc = "range: value that becomes 1; default: the type's largest, for floats beyond 0..1 the largest. "
                    "standard, none: the largest value"});
  }
};

struct CacheOptions {
  std::string dir = {};
  double limit_gb = 20;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("dir", dir,
            {.doc = "folder for decoded frames, may be deleted at any time; default $XDG_CACHE_HOME/nextframe or "
                    "~/.cache/nextframe"});
    v.field("limit_gb", limit_gb,
            {.doc = "what the folder may hold, in 10^9 bytes; the oldest files go first", .min = 0.001});
  }
};

enum class InputType { kRadar, kRaster };

constexpr auto enum_names(InputType) {
  return std::array<std::pair<std::string_view, InputType>, 2>{
      {{"radar", InputType::kRadar}, {"raster", InputType::kRaster}}};
}

/// Fields that a network sees beside the frames and does not forecast, on the frames' grid. The number v of a pixel becomes
/// (v - floor) / (ceiling - floor), held within 0..1, or (v - mean) / deviation.
struct InputOptions {
  std::string name = {};
  InputType type = InputType::kRadar;
  std::string path = {};
  std::string product = {};
  std::optional<double> floor = {};
  std::optional<double> ceiling = {};
  std::optional<double> mean = {};
  std::optional<double> deviation = {};

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "what messages and forecast --input call it"});
    v.field(
        "type", type,
        {.doc = "radar: a recording, of which each frame gets the newest field that is no later than itself and less "
                "than a step older; raster: one field for all times, such as terrain"});
    v.field(
        "path", path,
        {.doc = "radar: folder, pattern or names with a time; raster: a file that GDAL reads, its second band or an "
                "array behind a #: terrain.tif#2, terrain.nc#height"});
    v.field("product", product, {.doc = "radar: a row of the table of products, or a .json file with one"});
    v.field("floor", floor, {.doc = "the number that becomes 0, in dBZ, mm/h or mm, or as a raster has it"});
    v.field("ceiling", ceiling, {.doc = "the number that becomes 1"});
    v.field("mean", mean, {.doc = "in place of floor and ceiling: the number that becomes 0"});
    v.field("deviation", deviation, {.doc = "what is 1 above the mean", .min = 0, .exclusive_min = true});
  }
};

/// The frames that a model learns from: the configuration's "data".
struct DataOptions {
  std::vector<SourceOptions> sources = {};
  std::vector<InputOptions> inputs = {};
  std::int64_t context = 10;
  std::int64_t horizon = 10;
  std::int64_t stride = 1;
  std::int64_t gap = 1;
  std::optional<std::array<std::int64_t, 2>> size = {};
  std::optional<std::array<std::int64_t, 2>> crop = {};
  ChannelMode channels = ChannelMode::kGrey;
  SceneCuts scene_cuts = SceneCuts::kAvoid;
  double scene_cut_threshold = 3;
  SplitOptions split;
  SamplingOptions sampling = {};
  std::vector<Augmentation> augment = {};
  RainOptions rain;
  bool mask_channel = false;
  NormaliseOptions normalise;
  std::int64_t validation_windows = 0;
  CacheOptions cache;
  std::int64_t prefetch = 4;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("sources", sources,
            {.doc = "the recordings, or the generators, to learn from; no file may be named twice"});
    v.field(
        "inputs", inputs,
        {.doc = "radar: further fields that the model sees beside each frame of its context, and does not forecast; "
                "with mask_channel each comes with its own mask"});
    v.field("context", context, {.doc = "frames that the model sees", .min = 1, .max = 10000});
    v.field("horizon", horizon, {.doc = "frames that it learns to forecast", .min = 1, .max = 10000});
    v.field("stride", stride, {.doc = "frames between the starts of two windows", .min = 1, .max = kMostFrames});
    v.field("gap", gap,
            {.doc = "source frames from one frame of a window to the next; 2 takes every other one",
             .min = 1,
             .max = kMostFrames});
    v.field("size", size,
            {.doc = "height and width that frames are resized to; default: their own", .min = 1, .max = 16384});
    v.field(
        "crop", crop,
        {.doc = "height and width of the random piece to train on, the centre to validate; evaluate and forecast use "
                "whole frames; default: all",
         .min = 1,
         .max = 16384});
    v.field("channels", channels, {.doc = "grey: one channel; color: red, green, blue; source: as they are"});
    v.field("scene_cuts", scene_cuts, {.doc = "avoid: no window runs across a cut; ignore: cuts are not looked for"});
    v.field("scene_cut_threshold", scene_cut_threshold,
            {.doc = "a cut is a change this many times the usual change around it", .min = 1, .max = 1000});
    v.field("split", split, {.doc = "what trains, validates and tests"});
    v.field("sampling", sampling, {.doc = "what is trained on more often"});
    v.field("augment", augment, {.doc = "random flips and right-angle turns of whole sequences"});
    v.field(
        "unit", rain.unit,
        {.doc = "radar: the network's own unit: dbz, dbr (10 log10 of mm/h), sqrt_rate, log_rate (ln(1 + mm/h)), rate "
                "(mm/h), or the source's; auto: dbr for radar"});
    v.field("rain", rain, {.doc = "radar: the limits of that unit"});
    v.field("mask_channel", mask_channel,
            {.doc = "a further input channel: 1 where a pixel is valid, 0 where it is missing"});
    v.field("normalise", normalise, {.doc = "how pixel values become the network's numbers"});
    v.field("validation_windows", validation_windows,
            {.doc = "validate on so many windows, evenly spread; 0 = on all", .min = 0, .max = kMostSequences});
    v.field("cache", cache, {.doc = "where decoded frames are kept"});
    v.field("prefetch", prefetch, {.doc = "batches prepared ahead of the network", .min = 1, .max = 64});
  }
};

}  // namespace nextframe
