#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "core/backend/reference/reference_backend.h"
#include "core/base/log.h"
#include "core/frames/source_table.h"
#include "core/json/fields.h"
#include "core/train/trainer.h"
#include "tests/core/frames/persistence_guide.h"

namespace nextframe::test {

/// A ConvGRU of a few hundred weights on balls of 8x8 pixels: a step takes milliseconds on the reference backend.
struct SmallRun {
  ModelOptions model;
  DataOptions data;
  TrainOptions train;

  SmallRun() {
    LevelOptions level;
    level.conv = {.channels = 2, .kernel = 3, .stride = 2};
    level.hidden = 3;
    level.kernel = 3;
    model.levels = {level};
    SourceOptions balls;
    balls.type = SourceType::kBalls;
    balls.size = {8, 8};
    balls.radius = 2;
    balls.objects = 1;
    balls.speed = 1;
    balls.validation_sequences = 3;
    balls.test_sequences = 5;
    data.sources = {balls};
    data.context = 3;
    data.horizon = 2;
    train.batch = 2;
    train.steps = 6;
    train.validate_every = 2;
    train.checkpoint_every = 2;
    train.optimizer.lr = 0.01;
  }

  json::Value config() const {
    json::Value value = json::Value::object();
    value.set("model", options_to_json(model));
    value.set("data", options_to_json(data));
    value.set("train", options_to_json(train));
    return value;
  }

  TrainRequest request(const std::filesystem::path& folder, RunStart start = RunStart::kNew) const {
    return {.model = model,
            .train = train,
            .config = config(),
            .folder = folder.string(),
            .start = start,
            .initial_model = {}};
  }

  /// Trains until it ends or `interrupted` says so.
  TrainResult go(
      const TrainRequest& request, const std::function<bool()>& interrupted = [] { return false; }) const {
    NoPictures pictures;
    return go(request, interrupted, pictures);
  }

  TrainResult go(const TrainRequest& request, const std::function<bool()>& interrupted,
                 TrainingPictures& pictures) const {
    NullLog log;
    ReferenceBackend backend;
    const DataSet frames(data, engine_sources(), log);
    Trainer trainer(request,
                    {.backend = backend,
                     .data = frames,
                     .log = log,
                     .pictures = pictures,
                     .interrupted = interrupted,
                     .display = Progress::Display::kSilent,
                     .guides = [](const FlowOptions&, const FieldScale&) { return test::make_persistence_guide(); }});
    return trainer.run();
  }
};

/// Says yes when asked for the `count`-th time.
inline std::function<bool()> interrupt_at(std::int64_t count) {
  auto asked = std::make_shared<std::int64_t>(0);
  return [asked, count] { return ++*asked >= count; };
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace nextframe::test
