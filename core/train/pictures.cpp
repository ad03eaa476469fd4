#include "core/train/pictures.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/render/montage.h"
#include "core/render/plot.h"

namespace nextframe {
namespace {

double number_or_nan(const json::Value& value) {
  return value.is_number() ? value.get<double>("metrics.jsonl") : std::numeric_limits<double>::quiet_NaN();
}

std::vector<Frame> differences(const TrainingSample& sample) {
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < std::min(sample.forecast.size(), sample.truth.size()); ++i) {
    frames.push_back(difference(sample.forecast[i], sample.truth[i]));
  }
  return frames;
}

void add_validation(TrainingHistory& history, double step, const json::Value& scores) {
  for (const auto& [name, value] : scores.members("metrics.jsonl")) {
    if (name == "loss") {
      history.validation_steps.push_back(step);
      history.validation_losses.push_back(number_or_nan(value));
      continue;
    }
    auto found = std::find_if(history.scores.begin(), history.scores.end(),
                              [&, &score = name](const ScoreHistory& entry) { return entry.name == score; });
    if (found == history.scores.end()) {
      history.scores.emplace_back().name = name;
      found = history.scores.end() - 1;
    }
    found->steps.push_back(step);
    found->values.push_back(number_or_nan(value));
  }
}

}  // namespace

void RenderedPictures::draw_sample(const std::filesystem::path& path, const TrainingSample& sample) {
  const std::array<MontageRow, 4> rows{{{"context", RowKind::kContext, sample.context},
                                        {"truth", RowKind::kTruth, sample.truth},
                                        {"forecast", RowKind::kForecast, sample.forecast},
                                        {"difference", RowKind::kDifference, differences(sample)}}};
  MontageOptions options;
  options.title = sample.title;
  options.appearance.range = {sample.low, sample.high};
  if (sample.frames_per_second > 0) options.seconds_per_frame = 1 / sample.frames_per_second;
  write_montage(path.string(), rows, options);
}

TrainingHistory training_history(const std::string& title, const std::vector<json::Value>& records) {
  TrainingHistory history;
  history.title = title;
  for (const json::Value& record : records) {
    const double step = record.at("step", "metrics.jsonl").get<double>("metrics.jsonl");
    if (const json::Value* loss = record.find("loss")) {
      history.steps.push_back(step);
      history.losses.push_back(number_or_nan(*loss));
    }
    if (const json::Value* scores = record.find("validation")) add_validation(history, step, *scores);
  }
  return history;
}

void RenderedPictures::draw_curves(const std::filesystem::path& path, const std::string& title,
                                   const std::vector<json::Value>& records) {
  write_figure(path.string(), training_curves(training_history(title, records)));
}

}  // namespace nextframe
