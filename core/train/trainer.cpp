#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/train/data_fingerprint.h"
#include "core/train/guides.h"
#include "core/train/host_values.h"
#include "core/train/loss_unit.h"
#include "core/train/trained_model.h"

namespace nextframe {
namespace {

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

void restore_values(Backend& backend, const std::vector<float>& values, const Tensor& tensor, const std::string& name,
                    const RunFolder& folder) {
  const std::int64_t expected = tensor ? tensor.elements() : 0;
  if (static_cast<std::int64_t>(values.size()) != expected) {
    reject("[train] {}: cannot resume: {} has {} values, this model needs {}", folder.state().string(), name,
           values.size(), expected);
  }
  if (tensor) backend.upload(values.data(), tensor);
}

}  // namespace

Trainer::Trainer(const TrainRequest& request, const TrainServices& services)
    : request_(request),
      services_(services),
      frames_(frame_format_of(services.data, request.model)),
      guide_(guide_maker_for(request.model, frames_, services.guides)),
      learner_(services.backend, request.model, request.train, channels_of(frames_),
               {.context = services.data.options().context, .horizon = services.data.options().horizon},
               loss_unit_of(services.data, frames_, request.train.loss)),
      schedule_(request.train.schedule, request.train.optimizer.lr, request.train.steps) {
  check_best_metric(request.train.best_metric);
  if (services.data.window_count(Split::kValidation) > 0) {
    validator_.emplace(services.data, frames_, request.train, guide_);
  } else if (request.train.schedule.type == ScheduleType::kPlateau) {
    reject(
        "[train] train.schedule.type \"plateau\" follows the validation score, and the data have no validation "
        "windows; "
        "use another schedule, or give data.split.validation a larger share");
  }
  if (request.start == RunStart::kNew && !request.initial_model.empty()) {
    const std::string path = model_path(request.initial_model).string();
    load_weights(learner_.model(), read_model_file(path), "[train] --init " + path);
    if (learner_.average()) learner_.average()->restart();
  }
  folder_ = open_run_folder(request.folder, request.start);
  log_.emplace(services.log, folder_.log());
  report_precision(request.train.precision, services.backend, *log_);
  std::error_code error;
  if (request.start == RunStart::kResume && std::filesystem::exists(folder_.state(), error)) {
    restore(read_checkpoint(folder_.state()));
  } else {
    start_new();
  }
}

Trainer::~Trainer() = default;

void Trainer::start_new() {
  if (request_.start == RunStart::kResume) log_->info("nothing was saved yet: the run begins with its first step");
  state_.config = request_.config;
  state_.data = fingerprint_of(services_.data);
  write_file_atomically(folder_.config(), request_.config.dump(2) + "\n");
  metrics_.emplace(folder_.metrics(), 0);
}

void Trainer::restore(const Checkpoint& checkpoint) {
  check_same_configuration(checkpoint.config, request_.config, folder_.state());
  const json::Value data = fingerprint_of(services_.data);
  check_same_data(checkpoint.data, data, folder_.state());
  Backend& backend = services_.backend;
  restore_values(backend, checkpoint.weights, learner_.model().parameters().values(), "weights", folder_);
  restore_values(backend, checkpoint.first_moment, learner_.optimizer().first_moment(), "first_moment", folder_);
  restore_values(backend, checkpoint.second_moment, learner_.optimizer().second_moment(), "second_moment", folder_);
  restore_values(backend, checkpoint.average, learner_.average() ? learner_.average()->average() : Tensor(), "average",
                 folder_);
  learner_.model().parameters().mark_changed();
  learner_.optimizer().set_steps(checkpoint.step);
  schedule_.set_state(checkpoint.schedule);
  state_ = checkpoint;
  for (std::vector<float>* buffer : {&state_.weights, &state_.first_moment, &state_.second_moment, &state_.average}) {
    *buffer = {};
  }
  state_.data = data;
  seconds_before_ = checkpoint.seconds;
  saved_step_ = checkpoint.step;
  write_models();  // under the configuration that they were trained with
  state_.config = request_.config;
  write_file_atomically(folder_.config(), request_.config.dump(2) + "\n");
  metrics_.emplace(folder_.metrics(), checkpoint.metrics_bytes);
  log_->info("resumed at step {} of {}", state_.step, request_.train.steps);
}

TrainResult Trainer::run() {
  const TrainOptions& train = request_.train;
  watch_.restart();
  if (!validator_) {
    log_->warning("there are no validation windows: nothing is validated, and the last model counts as the best");
  }
  const auto stopped_early = [&] {
    return train.early_stop > 0 && state_.validations_without_better >= train.early_stop;
  };
  if (state_.step >= train.steps) return finish(TrainEnd::kFinished, 0);
  if (stopped_early()) return finish(TrainEnd::kEarlyStop, 0);

  BatchLoader loader(services_.data, {.split = Split::kTrain,
                                      .order = BatchOrder::kShuffled,
                                      .batch = train.batch,
                                      .seed = static_cast<std::uint64_t>(train.seed),
                                      .first_batch = state_.next_batch,
                                      .guide = guide_});
  Progress progress({.label = "train", .total = train.steps, .start = state_.step, .display = services_.display});
  TrainEnd end = TrainEnd::kFinished;
  while (state_.step < train.steps) {
    do_step(loader, progress);
    const bool interrupted = services_.interrupted();
    // A validation belongs to its step: one that was interrupted away would be missing after a resume.
    if (should_validate()) validate();
    if (interrupted && state_.step < train.steps) end = TrainEnd::kInterrupted;
    if (stopped_early()) end = TrainEnd::kEarlyStop;
    if (end != TrainEnd::kFinished) break;
    if (due(train.checkpoint_every)) save();
  }
  progress.finish();
  return finish(end, loader.waiting_share());
}

std::vector<Batch> Trainer::next_batches(BatchLoader& loader) {
  std::vector<Batch> batches(static_cast<std::size_t>(request_.train.accumulate));
  for (Batch& batch : batches) {
    if (!loader.next(batch)) fail("[train] the data ended at step {}", state_.step + 1);
  }
  state_.next_batch = loader.position();
  return batches;
}

void Trainer::do_step(BatchLoader& loader, Progress& progress) {
  const std::vector<Batch> batches = next_batches(loader);
  const double lr = schedule_.rate(state_.step);
  const Learner::StepResult result = learner_.step(batches, lr);
  if (!result.finite) stop_on_bad_numbers(result, lr);
  ++state_.step;
  last_loss_ = result.loss;
  json::Value record = json::Value::object();
  record.set("step", state_.step);
  record.set("loss", result.loss);
  record.set("lr", lr);
  record.set("gradient_norm", result.gradient_norm);
  metrics_->append(record);

  const double frames =
      static_cast<double>(request_.train.batch * request_.train.accumulate * services_.data.sequence_length());
  progress.update(state_.step,
                  format("loss {:.5g}, lr {:.3g}, {:.3g} frames/s", result.loss, lr, progress.rate() * frames));
}

void Trainer::stop_on_bad_numbers(const Learner::StepResult& result, double lr) {
  // The position in the data goes back too: a resumed run repeats this step.
  state_.next_batch = state_.step * request_.train.accumulate;
  const std::string what =
      format("the {} is not finite (loss {}, learning rate {}, gradient norm {})",
             std::isfinite(result.loss) ? "gradient" : "loss", result.loss, lr, result.gradient_norm);
  // The update before may have made the weights infinite already; save() then tells that itself.
  save(what);
  fail(
      "[train] step {}: {}; the weights from before this step are kept in {}; go on by --resume with a lower "
      "train.optimizer.lr or train.clip_norm",
      state_.step + 1, what, folder_.last().string());
}

void Trainer::refuse_to_save(const std::string& what) const {
  const std::string kept = saved_step_ ? format("{} holds the state of step {}", folder_.state().string(), *saved_step_)
                                       : "nothing was saved before";
  fail(
      "[train] step {}: {}; the weights are not finite and are not saved; {}; go on by --resume with a lower "
      "train.optimizer.lr or train.clip_norm",
      state_.step, what, kept);
}

bool Trainer::due(std::int64_t every) const { return every > 0 && state_.step % every == 0; }

bool Trainer::should_validate() const {
  return validator_ && (due(request_.train.validate_every) || state_.step == request_.train.steps);
}

void Trainer::validate() {
  ValidationResult result;
  learner_.with_average([&] { result = validator_->run(learner_); });
  keep_if_best(result);
  schedule_.observe(result.score, result.goal);
  json::Value scores = json::Value::object();
  std::vector<std::string> shown;
  for (const auto& [name, value] : result.scores) {
    scores.set(name, json::Value::number_or_null(value));
    shown.push_back(format("{} {:.5g}", name, value));
  }
  json::Value record = json::Value::object();
  record.set("step", state_.step);
  record.set("validation", std::move(scores));
  metrics_->append(record);
  log_->info("step {}: validation {}{}", state_.step, join(shown, ", "),
             state_.best_step == state_.step ? " (best so far)" : "");
  const bool draw = pictures_are_due();
  if (draw) state_.last_sample_step = state_.step;
  save();
  if (draw) draw_pictures(result);
}

void Trainer::keep_if_best(const ValidationResult& result) {
  const bool better =
      std::isfinite(result.score) &&
      (std::isnan(state_.best_score) ||
       (result.goal == Goal::kMinimum ? result.score < state_.best_score : result.score > state_.best_score));
  if (!better) {
    ++state_.validations_without_better;
    return;
  }
  state_.best_score = result.score;
  state_.best_step = state_.step;
  state_.validations_without_better = 0;
}

bool Trainer::pictures_are_due() const {
  const std::int64_t every = request_.train.sample_every;
  return state_.step == request_.train.steps || (every > 0 && state_.step - state_.last_sample_step >= every);
}

void Trainer::draw_pictures(const ValidationResult& result) {
  try {
    for (std::size_t i = 0; i < result.samples.size(); ++i) {
      TrainingSample sample = result.samples[i];
      sample.title = format("step {}: {}", state_.step, sample.title);
      services_.pictures.draw_sample(folder_.samples() / format("step_{:07}_{}.png", state_.step, i + 1), sample);
    }
    services_.pictures.draw_curves(folder_.curves(), folder_.root.filename().string(), read_metrics(folder_.metrics()));
  } catch (const Error& error) {
    // Pictures are not worth a run of many hours.
    log_->warning("step {}: pictures are missing: {}", state_.step, error.what());
  }
}

void Trainer::write_models() {
  const bool best = state_.step > 0 && state_.best_step == state_.step;
  json::Value training = json::Value::object();
  training.set("step", state_.step);
  training.set("metric", request_.train.best_metric);
  training.set("score", json::Value::number_or_null(best ? state_.best_score : std::nan("")));
  learner_.with_average([&] {
    const ModelFile model = to_model_file(learner_.model(), state_.config, frames_, training);
    write_model_file(folder_.last().string(), model);
    if (best || !validator_) write_model_file(folder_.best().string(), model);
  });
}

void Trainer::save(const std::string& reason) {
  std::vector<float> weights = learner_.model().parameters().download();
  if (!all_finite(weights)) refuse_to_save(reason);
  Backend& backend = services_.backend;
  Checkpoint checkpoint = state_;
  checkpoint.metrics_bytes = metrics_->flush();
  checkpoint.schedule = schedule_.state();
  checkpoint.seconds = seconds_before_ + watch_.seconds();
  checkpoint.weights = std::move(weights);
  checkpoint.first_moment = to_host(backend, learner_.optimizer().first_moment());
  checkpoint.second_moment = to_host(backend, learner_.optimizer().second_moment());
  if (learner_.average()) checkpoint.average = to_host(backend, learner_.average()->average());
  write_checkpoint(folder_.state(), std::move(checkpoint));
  saved_step_ = state_.step;
  write_models();
}

TrainResult Trainer::finish(TrainEnd end, double waiting_share) {
  save();
  const double seconds = seconds_before_ + watch_.seconds();
  log_->info("{} at step {} after {}; the network waited for data {:.1f} % of the time",
             end == TrainEnd::kFinished    ? "finished"
             : end == TrainEnd::kEarlyStop ? "stopped early, no better model was found"
                                           : "interrupted, everything is saved",
             state_.step, format_duration(seconds), 100 * waiting_share);
  return {.end = end,
          .steps = state_.step,
          .last_loss = last_loss_,
          .best_step = state_.best_step,
          .best_score = state_.best_score,
          .seconds = seconds,
          .waiting_share = waiting_share};
}

}  // namespace nextframe
