#include "core/train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/train/data_fingerprint.h"
#include "core/train/guides.h"
#include "core/train/loss_unit.h"
#include "core/train/trained_model.h"
#include "core/train/training_memory.h"

namespace nextframe {
namespace {

/// A source of a flat float32 tensor.
TensorSource source_of(Backend& backend, std::string name, const Tensor& tensor) {
  return {.name = std::move(name),
          .shape = tensor.shape(),
          .read = [&backend, tensor](std::int64_t first, std::span<float> values) {
            backend.download(tensor.range(first, first + static_cast<std::int64_t>(values.size())), values.data());
          }};
}

bool all_finite(const TensorSource& tensor) {
  bool finite = true;
  tensor.each_piece([&](std::span<const float> values) {
    finite = finite && std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  });
  return finite;
}

/// A number of a message, which may be none.
std::string in_words(double number) {
  if (std::isnan(number)) return "not a number";
  return std::isinf(number) ? "infinite" : format("{}", number);
}

/// Whether the last update has done so much harm that no smaller one would mend it from there. Losses of a few units are
/// ordinary whatever was before: a batch may be dry, and the next one not.
bool explodes(double loss_before, double loss) {
  constexpr double kGrowth = 1000;
  return loss > kGrowth * std::max(1.0, loss_before);
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

std::string no_windows(const DataSet& data, std::string_view split) {
  return format(
      "the {} split holds no window of {} frames; lower data.context or data.horizon, or give data.split.{} more",
      split, (data.sequence_length() - 1) * data.options().gap + 1, split);
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
  learner_.follow(request.plans ? *request.plans
                                : plan_learner(services.backend, request.model, request.train, services.data).plans);
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
  // Before the folder is made: it rejects data that cannot be read.
  const json::Value data = fingerprint_of(services.data);
  folder_ = open_run_folder(request.folder, request.start);
  log_.emplace(services.log, folder_.log());
  report_precision(request.train.precision, services.backend, *log_);
  std::error_code error;
  if (request.start == RunStart::kResume && std::filesystem::exists(folder_.state(), error)) {
    restore(read_checkpoint(folder_.state()), data);
  } else {
    start_new(data);
  }
}

Trainer::~Trainer() = default;

void Trainer::start_new(const json::Value& data) {
  if (request_.start == RunStart::kResume) log_->info("nothing was saved yet: the run begins with its first step");
  state_.config = request_.config;
  state_.data = data;
  write_file_atomically(folder_.config(), request_.config.dump(2) + "\n");
  metrics_.emplace(folder_.metrics(), 0);
  events_.emplace(folder_.events(), EventPlace{});
  save();  // so that there is a state to go back to before anything else can be lost
}

void Trainer::restore(const Checkpoint& checkpoint, const json::Value& data) {
  check_same_configuration(checkpoint.config, request_.config, folder_.state());
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
  events_.emplace(folder_.events(), checkpoint.events);
  log_->info("resumed at step {} of {}", state_.step, request_.train.steps);
}

TrainResult Trainer::run() {
  const DataSet& data = services_.data;
  watch_.restart();
  if (!validator_) {
    log_->warning("{}: nothing is validated, and the last model counts as the best", no_windows(data, "validation"));
  }
  if (!data.generated() && data.options().split.test > 0 && data.window_count(Split::kTest) == 0) {
    log_->warning("{}: nextframe evaluate will have nothing to score", no_windows(data, "test"));
  }
  try {
    return finish(train());
  } catch (const std::exception& error) {
    log_->keep(LogLevel::kError, error.what());
    throw;
  }
}

TrainEnd Trainer::train() {
  const TrainOptions& train = request_.train;
  if (state_.validation_due && validator_ && !validate()) return TrainEnd::kInterrupted;
  if (state_.step >= train.steps) return TrainEnd::kFinished;
  if (stopped_early()) return TrainEnd::kEarlyStop;

  BatchLoader loader(services_.data, {.split = Split::kTrain,
                                      .order = BatchOrder::kShuffled,
                                      .batch = train.batch,
                                      .seed = static_cast<std::uint64_t>(train.seed),
                                      .first_batch = state_.next_batch,
                                      .guide = guide_});
  first_step_ = state_.step;
  Progress progress({.label = "train", .total = train.steps, .start = state_.step, .display = services_.display});
  TrainEnd end = TrainEnd::kFinished;
  while (state_.step < train.steps && end == TrainEnd::kFinished) {
    do_step(loader, progress);
    end = after_step();
  }
  progress.finish();
  waiting_share_ = loader.waiting_share();
  return end;
}

TrainEnd Trainer::after_step() {
  state_.validation_due = should_validate();
  const bool more = state_.validation_due || state_.step < request_.train.steps;
  if (more && services_.interrupted()) return TrainEnd::kInterrupted;
  if (state_.validation_due && !validate()) return TrainEnd::kInterrupted;
  if (stopped_early()) return TrainEnd::kEarlyStop;
  if (due(request_.train.checkpoint_every)) save_due_ = true;
  return TrainEnd::kFinished;
}

bool Trainer::stopped_early() const {
  const std::int64_t most = request_.train.early_stop;
  return most > 0 && state_.validations_without_better >= most;
}

std::vector<Batch> Trainer::next_batches(BatchLoader& loader) {
  std::vector<Batch> batches(static_cast<std::size_t>(request_.train.accumulate));
  for (Batch& batch : batches) {
    if (!loader.next(batch)) fail("[train] the data ended at step {}", state_.step + 1);
  }
  return batches;
}

void Trainer::do_step(BatchLoader& loader, Progress& progress) {
  const std::vector<Batch> batches = next_batches(loader);
  const double lr = schedule_.rate(state_.step);
  const Learner::StepResult result = learner_.step(batches, lr, [&](const Learner::StepResult& now) {
    // The best score so far says more of the weights than one batch.
    if (save_due_ && (state_.best_step == state_.step || !explodes(last_loss_, now.loss))) save();
  });
  if (!result.finite) stop_on_bad_numbers(result, lr);
  ++state_.step;
  state_.next_batch = loader.position();
  last_loss_ = result.loss;
  json::Value record = json::Value::object();
  record.set("step", state_.step);
  record.set("loss", result.loss);
  record.set("lr", lr);
  record.set("gradient_norm", result.gradient_norm);
  metrics_->append(record);
  const std::array<EventValue, 3> values{{{.tag = "train/loss", .number = result.loss},
                                          {.tag = "train/lr", .number = lr},
                                          {.tag = "train/gradient_norm", .number = result.gradient_norm}}};
  events_->append(state_.step, values);

  const auto sequences =
      static_cast<double>(request_.train.batch * request_.train.accumulate * (state_.step - first_step_));
  const double rate = sequences * static_cast<double>(services_.data.sequence_length()) / watch_.seconds();
  progress.update(state_.step, format("loss {:.5g}, lr {:.3g}, {:.3g} frames/s", result.loss, lr, rate));
}

void Trainer::stop_on_bad_numbers(const Learner::StepResult& result, double lr) const {
  fail("[train] step {}: the {} is not finite (loss {}, learning rate {}, gradient norm {}); {}", state_.step + 1,
       std::isfinite(result.loss) ? "gradient" : "loss", in_words(result.loss), in_words(lr),
       in_words(result.gradient_norm), way_on());
}

std::string Trainer::way_on() const {
  const std::string kept = format("{} holds the state of step {}", folder_.state().string(), saved_step_);
  // Of a run that was interrupted, or of the first weights: nothing has shown yet that they are good.
  if (saved_step_ == state_.step) {
    return kept + (state_.step == 0 ? ", which gives this whatever the learning rate; look at the values of the data"
                                    : ", which gives this whatever the learning rate; begin another run with a lower "
                                      "train.optimizer.lr or train.clip_norm");
  }
  return kept + "; go on from there by --resume with a lower train.optimizer.lr or train.clip_norm (0 is no limit)";
}

bool Trainer::due(std::int64_t every) const { return every > 0 && state_.step % every == 0; }

bool Trainer::should_validate() const {
  return validator_ && (due(request_.train.validate_every) || state_.step == request_.train.steps);
}

bool Trainer::validate() {
  std::optional<ValidationResult> done;
  learner_.with_average([&] { done = validator_->run(learner_, services_.interrupted); });
  if (!done) return false;
  const ValidationResult& result = *done;
  state_.validation_due = false;
  keep_if_best(result);
  schedule_.observe(result.score, result.goal);
  json::Value scores = json::Value::object();
  std::vector<std::string> shown;
  std::vector<EventValue> values;
  for (const auto& [name, value] : result.scores) {
    values.push_back({.tag = "validation/" + name, .number = value});
    scores.set(name, json::Value::number_or_null(value));
    shown.push_back(format("{} {:.5g}", name, value));
  }
  json::Value record = json::Value::object();
  record.set("step", state_.step);
  record.set("validation", std::move(scores));
  metrics_->append(record);
  events_->append(state_.step, values);
  log_->info("step {}: validation {}{}", state_.step, join(shown, ", "),
             state_.best_step == state_.step ? " (best so far)" : "");
  save_due_ = true;
  if (pictures_are_due()) {
    state_.last_sample_step = state_.step;
    draw_pictures(result);
  }
  return true;
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
      const std::filesystem::path path = folder_.samples() / format("step_{:07}_{}.png", state_.step, i + 1);
      services_.pictures.draw_sample(path, sample);
      add_picture_event(path, i + 1);
    }
    services_.pictures.draw_curves(folder_.curves(), folder_.root.filename().string(), read_metrics(folder_.metrics()));
  } catch (const Error& error) {
    // Pictures are not worth a run of many hours.
    log_->warning("step {}: pictures are missing: {}", state_.step, error.what());
  }
}

void Trainer::add_picture_event(const std::filesystem::path& path, std::size_t number) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return;  // those who draw may draw nothing
  const std::array<EventValue, 1> picture{png_event(format("samples/{}", number), path)};
  events_->append(state_.step, picture);
}

void Trainer::write_models() {
  if (state_.step == 0) return;  // nothing was learnt yet
  const bool best = state_.best_step == state_.step;
  json::Value training = json::Value::object();
  training.set("step", state_.step);
  training.set("metric", request_.train.best_metric);
  training.set("score", json::Value::number_or_null(best ? state_.best_score : std::nan("")));
  learner_.with_average([&] {
    const auto write = [&](const std::filesystem::path& path) {
      write_model(path.string(), learner_.model(), state_.config, frames_, training);
    };
    write(folder_.last());
    if (best || !validator_) write(folder_.best());
  });
}

void Trainer::save() {
  std::vector<TensorSource> buffers;
  const auto add = [&](const char* name, const Tensor& tensor) {
    if (tensor) buffers.push_back(source_of(services_.backend, name, tensor));
  };
  add("weights", learner_.model().parameters().values());
  if (!all_finite(buffers.front())) {
    fail("[train] step {}: the update was too large: the weights are not finite and are not saved; {}", state_.step,
         way_on());
  }
  add("first_moment", learner_.optimizer().first_moment());
  add("second_moment", learner_.optimizer().second_moment());
  if (learner_.average()) add("average", learner_.average()->average());
  Checkpoint checkpoint = state_;
  checkpoint.metrics_bytes = metrics_->flush();
  checkpoint.events = events_->flush();
  checkpoint.schedule = schedule_.state();
  checkpoint.seconds = seconds_before_ + watch_.seconds();
  write_checkpoint(folder_.state(), checkpoint, buffers);
  saved_step_ = state_.step;
  save_due_ = false;
  write_models();
}

TrainResult Trainer::finish(TrainEnd end) {
  save();
  const double seconds = seconds_before_ + watch_.seconds();
  log_->info("{} at step {} after {}; the network waited for data {:.1f} % of the time",
             end == TrainEnd::kFinished    ? "finished"
             : end == TrainEnd::kEarlyStop ? "stopped early, no better model was found"
                                           : "stopped",
             state_.step, format_duration(seconds), 100 * waiting_share_);
  return {.end = end,
          .steps = state_.step,
          .last_loss = last_loss_,
          .best_step = state_.best_step,
          .best_score = state_.best_score,
          .seconds = seconds,
          .waiting_share = waiting_share_};
}

}  // namespace nextframe
