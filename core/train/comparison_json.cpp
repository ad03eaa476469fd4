#include "core/base/format.h"
#include "core/json/fields.h"
#include "core/train/comparison.h"

namespace nextframe {
namespace {

json::Value numbers(const std::vector<double>& values) {
  json::Value array = json::Value::array();
  for (const double value : values) array.push_back(json::Value::number_or_null(value));
  return array;
}

json::Value numbers(const std::vector<std::int64_t>& values) {
  json::Value array = json::Value::array();
  for (const std::int64_t value : values) array.push_back(value);
  return array;
}

json::Value named(const MetricScores& metric) {
  json::Value row = json::Value::object();
  row.set("metric", metric.metric);
  if (metric.threshold) row.set("threshold", *metric.threshold);
  if (metric.window) row.set("window", *metric.window);
  return row;
}

json::Value to_json(const SeedScores& scores) {
  json::Value row = named(scores.mean);
  row.set("by_lead_time", numbers(scores.mean.by_lead_time));
  row.set("by_lead_time_deviation", numbers(scores.deviation));
  row.set("by_horizon", numbers(scores.means));
  row.set("by_horizon_deviation", numbers(scores.means_deviation));
  return row;
}

json::Value to_json(const ComparedRun& run) {
  json::Value row = json::Value::object();
  row.set("seed", run.seed);
  row.set("model", run.model);
  if (!run.folder.empty()) {
    row.set("folder", run.folder);
    row.set("steps", run.steps);
    row.set("best_step", run.best_step);
    row.set("seconds", run.seconds);
  }
  json::Value scores = json::Value::array();
  for (const MetricScores& one : run.scores) {
    json::Value score = named(one);
    score.set("by_lead_time", numbers(one.by_lead_time));
    scores.push_back(std::move(score));
  }
  row.set("scores", std::move(scores));
  return row;
}

json::Value to_json(const NetworkCost& cost) {
  json::Value row = json::Value::object();
  row.set("parameters", cost.parameters);
  // Of a model that is trained already nothing is known of the training.
  const auto of_training = [](double value) { return value > 0 ? json::Value(value) : json::Value(); };
  row.set("step_operations_per_sequence", of_training(cost.step_operations));
  row.set("forecast_operations_per_sequence", cost.forecast_operations);
  row.set("training_bytes", cost.training_bytes > 0 ? json::Value(cost.training_bytes) : json::Value());
  row.set("forecast_bytes", cost.forecast_bytes);
  row.set("step_seconds", of_training(cost.step_seconds));
  row.set("forecast_frame_seconds", cost.frame_seconds);
  return row;
}

json::Value to_json(const ContenderResult& contender) {
  json::Value row = json::Value::object();
  row.set("name", contender.name);
  row.set("origin", contender.origin);
  row.set("cost", to_json(contender.cost));
  if (contender.trained_here) row.set("budget_steps", contender.budget_steps);
  json::Value scores = json::Value::array();
  for (const SeedScores& one : contender.scores) scores.push_back(to_json(one));
  row.set("scores", std::move(scores));
  json::Value runs = json::Value::array();
  for (const ComparedRun& run : contender.runs) runs.push_back(to_json(run));
  row.set("runs", std::move(runs));
  row.set("config", contender.config);
  return row;
}

json::Value to_json(const ScoreContrast& difference) {
  json::Value row = named(difference.metric);
  row.set("first_lead_time", difference.leads.first);
  row.set("last_lead_time", difference.leads.last);
  row.set("mean", json::Value::number_or_null(difference.mean));
  row.set("low", difference.interval ? json::Value(difference.interval->low) : json::Value());
  row.set("high", difference.interval ? json::Value(difference.interval->high) : json::Value());
  row.set("covers", enum_name(difference.covers));
  row.set("better", enum_name(difference.better));
  row.set("windows", difference.windows);
  row.set("block", difference.block);
  row.set("whole_block", difference.whole_block);
  return row;
}

json::Value list_of(const std::vector<ScoreContrast>& differences) {
  json::Value list = json::Value::array();
  for (const ScoreContrast& difference : differences) list.push_back(to_json(difference));
  return list;
}

json::Value baselines_of(const ComparisonResult& result) {
  json::Value list = json::Value::array();
  for (std::size_t b = 0; b < result.baseline_names.size(); ++b) {
    json::Value scores = json::Value::array();
    for (std::size_t m = 0; m < result.metrics(); ++m) scores.push_back(to_json(result.baseline(b, m)));
    json::Value row = json::Value::object();
    row.set("name", result.baseline_names[b]);
    row.set("scores", std::move(scores));
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

json::Value to_json(const ComparisonResult& result) {
  json::Value out = json::Value::object();
  out.set("data", result.data);
  out.set("units", result.units);
  out.set("split", enum_name(result.split));
  out.set("sequences", result.sequences);
  out.set("context", result.context);
  out.set("trained_horizon", result.trained_horizon);
  out.set("horizons", numbers(result.horizons));
  out.set("seconds_per_frame", result.seconds_per_frame);
  out.set("trains_on_crops", result.trains_on_crops);
  out.set("seeds", result.seeds);
  out.set("budget_seconds", result.budget_seconds ? json::Value(*result.budget_seconds) : json::Value());
  out.set("backend", result.backend);
  out.set("instructions", result.instructions);
  json::Value contenders = json::Value::array();
  for (const ContenderResult& contender : result.contenders) contenders.push_back(to_json(contender));
  out.set("contenders", std::move(contenders));
  out.set("baselines", baselines_of(result));
  json::Value pairs = json::Value::array();
  for (const PairResult& pair : result.pairs) {
    json::Value row = json::Value::object();
    row.set("first", result.contenders[pair.first].name);
    row.set("second", result.contenders[pair.second].name);
    row.set("by_horizon", list_of(pair.means));
    row.set("by_lead_time", list_of(pair.by_lead_time));
    pairs.push_back(std::move(row));
  }
  out.set("pairs", std::move(pairs));
  return out;
}

}  // namespace nextframe
