#include "app/commands/training_plan.h"

#include <utility>
#include <vector>

#include "app/output.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/json/fields.h"
#include "core/train/trained_model.h"

namespace nextframe::app {
namespace {

std::string megabytes(std::int64_t bytes) {
  return bytes == 0 ? "-" : format("{:.1f}", static_cast<double>(bytes) / 1e6);
}

/// Everything beside the layers, by name.
std::vector<std::pair<std::string, std::int64_t>> rest_of(const MemoryReport& report) {
  return {{"optimizer", report.optimizer}, {"frames", report.frames},   {"other", report.other},
          {"gaps", report.gaps},           {"batches", report.batches}, {"guides", report.guides},
          {"pictures", report.pictures},   {"program", report.program}};
}

std::string table_of(const MemoryReport& report, const std::string& title) {
  std::vector<std::vector<std::string>> rows{{title, "parameters", "activations", "workspace", "all"}};
  for (const MemoryReport::Layer& layer : report.layers) {
    rows.push_back({layer.name, megabytes(layer.parameters), megabytes(layer.activations), megabytes(layer.workspace),
                    megabytes(layer.parameters + layer.activations + layer.workspace)});
  }
  for (const auto& [name, bytes] : rest_of(report)) {
    if (bytes > 0) rows.push_back({name, "", "", "", megabytes(bytes)});
  }
  rows.push_back({"all", "", "", "", megabytes(report.total())});
  return aligned_table(rows);
}

json::Value json_of(const MemoryReport& report) {
  json::Value layers = json::Value::array();
  for (const MemoryReport::Layer& layer : report.layers) {
    json::Value row = json::Value::object();
    row.set("name", layer.name);
    row.set("parameter_bytes", layer.parameters);
    row.set("activation_bytes", layer.activations);
    row.set("workspace_bytes", layer.workspace);
    layers.push_back(std::move(row));
  }
  json::Value out = json::Value::object();
  out.set("layers", std::move(layers));
  for (const auto& [name, bytes] : rest_of(report)) out.set(name + "_bytes", bytes);
  out.set("total_bytes", report.total());
  return out;
}

}  // namespace

MemoryPlans plan_memory(const Config& config, const DataSet& data, const Backend& backend,
                        std::optional<std::int64_t> limit) {
  MemoryPlans plans;
  if (limit || config.train.recompute == Recompute::kAuto) {
    plans.training = fit_training(backend, config.model, config.train, data, limit);
  } else {
    plans.training = {
        .train = config.train, .memory = plan_learner(backend, config.model, config.train, data), .chosen = {}};
  }
  const ForecastShape shape{.context = config.data.context,
                            .horizon = config.data.horizon,
                            .height = data.height(),
                            .width = data.width(),
                            .channels = channels_of(frame_format_of(data, config.model))};
  plans.forecast = fit_forecast(backend, config.model, config.train.precision, shape, limit);
  return plans;
}

std::string memory_text(const MemoryPlans& plans) {
  std::string out = table_of(plans.training.memory.report, "memory to train, MB") + plans.training.chosen + "\n";
  out += table_of(plans.forecast.report, "memory to forecast, MB") + plans.forecast.chosen + "\n";
  const std::uint64_t available = available_memory_bytes();
  if (available > 0) out += format("memory that is available here: {}\n", format_bytes(static_cast<double>(available)));
  return out;
}

json::Value memory_json(const MemoryPlans& plans) {
  json::Value training = json_of(plans.training.memory.report);
  training.set("recompute", enum_name(plans.training.train.recompute));
  training.set("segment", plans.training.train.segment);
  json::Value forecast = json_of(plans.forecast.report);
  forecast.set("forecast_chunk", plans.forecast.execution.forecast_chunk);
  forecast.set("tile_rows", plans.forecast.execution.tile_rows);
  json::Value out = json::Value::object();
  out.set("training", std::move(training));
  out.set("forecast", std::move(forecast));
  out.set("available_bytes", available_memory_bytes());
  return out;
}

}  // namespace nextframe::app
