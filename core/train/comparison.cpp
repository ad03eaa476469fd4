#include "core/train/comparison.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/json/fields.h"
#include "core/train/comparison_plan.h"
#include "core/train/evaluator.h"
#include "core/train/guides.h"
#include "core/train/memory_limit.h"
#include "core/train/model_entrant.h"
#include "core/train/trained_model.h"
#include "core/train/trainer.h"
#include "core/train/training_memory.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Leaves the evaluation once the user asked to stop: everything of it can be made again.
struct Stopped {};

/// A contender with what belongs to it.
struct Entry {
  Contender contender;
  std::shared_ptr<const DataSet> data = {};
  FrameFormat frames = {};
  TrainingFit fit = {};
  ExecutionOptions execution = {};  ///< of forecasts, within the limit of memory
  NetworkCost cost = {};
};

double mean_of(std::span<const double> values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : kNone;
}

/// Of a sample; NaN where there is one value or none.
double deviation_of(std::span<const double> values) {
  if (values.size() < 2) return kNone;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// One score of all runs.
SeedScores over_runs(const std::vector<const MetricScores*>& runs, const std::vector<std::int64_t>& horizons) {
  const MetricScores& first = *runs.front();
  SeedScores scores;
  scores.mean = {.metric = first.metric, .threshold = first.threshold, .window = first.window};
  std::vector<double> column(runs.size());
  for (std::size_t lead = 0; lead < first.by_lead_time.size(); ++lead) {
    std::transform(runs.begin(), runs.end(), column.begin(),
                   [&](const MetricScores* run) { return run->by_lead_time[lead]; });
    scores.mean.by_lead_time.push_back(mean_of(column));
    scores.deviation.push_back(deviation_of(column));
  }
  for (const std::int64_t horizon : horizons) {
    std::transform(runs.begin(), runs.end(), column.begin(), [&](const MetricScores* run) {
      return mean_of(std::span(run->by_lead_time).first(static_cast<std::size_t>(horizon)));
    });
    scores.means.push_back(mean_of(column));
    scores.means_deviation.push_back(deviation_of(column));
  }
  scores.mean.mean = scores.means.back();
  return scores;
}

DataOptions test_data(const DataOptions& data, std::int64_t horizon) {
  DataOptions test = data;
  test.horizon = horizon;
  test.crop.reset();
  test.sampling = {};
  test.augment.clear();
  return test;
}

}  // namespace

class Comparison::Work {
 public:
  Work(std::vector<Contender> contenders, ComparisonOptions options, const ComparisonServices& services)
      : options_(std::move(options)), services_(services) {
    settle_requested_steps(contenders);
    check_contenders(contenders);
    const DataOptions& data = contenders.front().data;
    if (options_.horizons.empty()) options_.horizons = {data.horizon};
    std::sort(options_.horizons.begin(), options_.horizons.end());
    options_.horizons.erase(std::unique(options_.horizons.begin(), options_.horizons.end()), options_.horizons.end());
    for (Contender& contender : contenders) {
      if (!contender.to_train()) contender.train.precision = forecast_precision(contender);
      entries_.push_back({.contender = std::move(contender)});
    }
    for (const std::string& name : options_.baselines) find_baseline(options_.baseline_table, name);
    open_data();
    check_units();
    check_ranges();
    plan_memory();
    measure();
    settle_steps();
  }

  ComparisonResult run() {
    ComparisonResult result = begin_result();
    try {
      if (!train_all(result)) return stopped(std::move(result));
      score_all(result);
    } catch (const Stopped&) {
      return stopped(std::move(result));
    }
    compare_all(result);
    if (!options_.folder.empty()) {
      write_file_atomically(fs::path(options_.folder) / "comparison.json", to_json(result).dump(2) + "\n");
    }
    return result;
  }

 private:
  /// Of a trained model, as load_model() has it.
  Precision forecast_precision(const Contender& contender) const {
    const bool exact = contender.train.precision == Precision::kFloat32;
    return options_.precision.value_or(exact ? Precision::kFloat32 : Precision::kAuto);
  }

  std::int64_t longest() const { return options_.horizons.back(); }

  /// Steps that are asked for, or that an earlier run settled, are those of all configurations.
  void settle_requested_steps(std::vector<Contender>& contenders) {
    if (!options_.folder.empty()) {
      earlier_ = read_plan(options_.folder, options_.start);
      if (earlier_) check_same_contenders(*earlier_, contenders, options_.folder);
    }
    seeds_ = options_.seeds.value_or(earlier_ ? earlier_->seeds : 1);
    if (earlier_) {
      check_same_length(*earlier_, options_, contenders);
      options_.budget_seconds = earlier_->budget_seconds;
    }
    open_budget_ = options_.budget_seconds && !earlier_;
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      if (options_.steps) contenders[i].train.steps = *options_.steps;
      if (earlier_) contenders[i].train.steps = earlier_->contenders[i].steps;
    }
    if (!options_.budget_seconds) return;
    budget_steps_.clear();
    for (Contender& contender : contenders) {
      budget_steps_.push_back(contender.train.steps);
      contender.train.steps = contenders.front().train.steps;  // what differs is the speed, not the budget
    }
  }

  void open_data() {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (!entry.contender.to_train()) {
        entry.frames = entry.contender.trained_on.value();
        continue;
      }
      const json::Value options = options_to_json(entry.contender.data);
      for (std::size_t before = 0; before < i && !entry.data; ++before) {
        if (options_to_json(entries_[before].contender.data) == options) entry.data = entries_[before].data;
      }
      if (!entry.data) {
        entry.data =
            std::make_shared<const DataSet>(entry.contender.data, services_.sources, services_.log, services_.observer);
      }
      entry.frames = frame_format_of(*entry.data, entry.contender.model);
    }
    test_ = std::make_unique<const DataSet>(test_data(entries_.front().contender.data, longest()), services_.sources,
                                            services_.log, services_.observer);
    if (test_->window_count(options_.split) == 0) {
      reject(
          "[compare] the {} split holds no window of {} frames, {} of context and {} to forecast; ask for a shorter "
          "--horizon, or give data.split.{} more",
          enum_name(options_.split), test_->sequence_length(), test_->options().context, longest(),
          enum_name(options_.split));
    }
    options_.scores = with_usual_metrics(options_.scores, ScoreScales(entries_.front().frames).kind());
    check_selection(options_.scores);
  }

  void check_units() const {
    const FrameFormat data = frame_format_of(*test_, entries_.front().contender.model);
    for (const Entry& entry : entries_) {
      const FrameFormat& frames = entry.frames;
      if (frames.field_channels != data.field_channels) {
        reject(
            "[compare] {} sees {} channels of data.inputs, {} sees {}; expected as many, with data.mask_channel alike",
            entry.contender.origin, frames.field_channels, entries_.front().contender.origin, data.field_channels);
      }
      if (frames.units == data.units && frames.output_channels == data.output_channels &&
          (!test_->rain_scale() || frames.rain == data.rain)) {
        continue;
      }
      reject("[compare] {} was trained on {} of {} channels, the data of {} are {} of {}; expected the same",
             entry.contender.origin, units_text(frames), frames.output_channels, entries_.front().contender.origin,
             units_text(data), data.output_channels);
    }
  }

  /// Each is scored on its own range as 0..1.
  void check_ranges() const {
    const Entry& first = entries_.front();
    for (const Entry& entry : entries_) {
      if (entry.frames.low == first.frames.low && entry.frames.high == first.frames.high) continue;
      reject(
          "[compare] the values of {} are scored as {}..{} and those of {} as {}..{}, so that their errors are on "
          "different scales; expected one range, which data.normalise.low and data.normalise.high give to all where "
          "they are trained",
          first.contender.origin, first.frames.low, first.frames.high, entry.contender.origin, entry.frames.low,
          entry.frames.high);
    }
  }

  fs::path run_folder(const Entry& entry, std::int64_t seed) const {
    return fs::path(options_.folder) / entry.contender.name / format("seed-{}", seed);
  }

  void plan_memory() {
    for (Entry& entry : entries_) {
      Contender& contender = entry.contender;
      if (contender.to_train()) {
        if (options_.start == RunStart::kResume)
          recompute_as_before(run_folder(entry, contender.train.seed), contender.train);
        entry.fit =
            fit_training(services_.backend, contender.model, contender.train, *entry.data, options_.memory_limit);
        if (!entry.fit.chosen.empty()) services_.log.info("{}: {}", contender.name, entry.fit.chosen);
        entry.cost.training_bytes = entry.fit.memory.report.total();
      } else {
        entry.fit.train = contender.train;
      }
      const auto fit = [&](ForecastShape::Arrival arrival) {
        return fit_forecast(services_.backend, contender.model, contender.train.precision,
                            forecast_shape(channels_of(entry.frames), arrival, 1), options_.memory_limit);
      };
      entry.cost.forecast_bytes = fit(ForecastShape::Arrival::kFrameByFrame).report.total();
      if (options_.memory_limit) entry.execution = fit(ForecastShape::Arrival::kTogether).execution;
    }
  }

  /// Of whole test sequences.
  ForecastShape forecast_shape(const NetworkChannels& channels, ForecastShape::Arrival arrival,
                               std::int64_t sequences) const {
    return {.arrival = arrival,
            .sequences = sequences,
            .context = test_->options().context,
            .horizon = longest(),
            .height = test_->height(),
            .width = test_->width(),
            .channels = channels};
  }

  void measure() {
    std::vector<CostSubject> subjects;
    std::vector<NetworkCost> costs;
    for (Entry& entry : entries_) {
      subjects.push_back({.model = entry.contender.model,
                          .train = entry.fit.train,
                          .channels = channels_of(entry.frames),
                          .data = entry.data.get(),
                          .plans = entry.fit.memory.plans,
                          .test = *test_,
                          .split = options_.split,
                          .guide = guide_maker_for(entry.contender.model, entry.frames, services_.guides),
                          .execution = entry.execution});
      count_operations(subjects.back(), entry.cost);
      costs.push_back(entry.cost);
    }
    services_.log.info("measuring the time of a step and of a forecast");
    TimingOptions timing = options_.timing;
    if (open_budget_) timing.validation = TimingOptions::Validation::kTimed;
    measure_seconds(services_.backend, subjects, timing, costs);
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i].cost = costs[i];
  }

  /// Of each contender, and what is to be remembered of them.
  void settle_steps() {
    ComparisonPlan plan{.seeds = seeds_, .budget_seconds = options_.budget_seconds};
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      std::int64_t steps = entry.contender.train.steps;
      if (options_.budget_seconds) steps = budget_steps_[i];
      if (open_budget_ && entry.contender.to_train()) steps = steps_within(entry);
      const std::int64_t warmup = entry.contender.train.schedule.warmup;
      if (entry.contender.to_train() && warmup > 0 && warmup >= steps) {
        reject(
            "[compare] {}: train.schedule.warmup is {} steps, and the budget gives {}; expected fewer, such as by "
            "--set train.schedule.warmup=0",
            entry.contender.origin, warmup, steps);
      }
      entry.contender.train.steps = steps;
      entry.fit.train.steps = steps;
      plan.contenders.push_back({.name = entry.contender.name, .origin = entry.contender.origin, .steps = steps});
    }
    if (!options_.folder.empty()) write_plan(options_.folder, plan);
  }

  /// Steps and validations together take the budget.
  std::int64_t steps_within(const Entry& entry) const {
    const TrainOptions& train = entry.fit.train;
    const std::int64_t all = entry.data->window_count(Split::kValidation);
    const std::int64_t wanted = entry.contender.data.validation_windows;
    const std::int64_t windows = wanted > 0 ? std::min(wanted, all) : all;
    const std::int64_t together = train.validation_batch > 0 ? train.validation_batch : train.batch;
    const double validation =
        entry.cost.validation_seconds * std::ceil(static_cast<double>(windows) / static_cast<double>(together));
    const double step = entry.cost.step_seconds;
    if (*options_.budget_seconds < step + validation) {
      reject(
          "[compare] --budget: {:.3g} s are too short for one validation: a step of {} takes {:.3g} s here and a "
          "validation {:.3g} s; give at least {:.3g} s",
          *options_.budget_seconds, entry.contender.origin, step, validation, step + validation);
    }
    const double share = train.validate_every > 0 ? validation / static_cast<double>(train.validate_every) : 0;
    const double steps = (*options_.budget_seconds - validation) / (step + share);
    return static_cast<std::int64_t>(std::clamp(steps, 1.0, static_cast<double>(TrainOptions::kMostSteps)));
  }

  ComparisonResult begin_result() const {
    ComparisonResult result;
    const DataSet& test = *test_;
    result.data = test.clips().empty() ? "generated" : test.clips().front().name;
    result.split = options_.split;
    result.context = test.options().context;
    result.trained_horizon = entries_.front().contender.data.horizon;
    result.horizons = options_.horizons;
    result.seeds = seeds_;
    result.budget_seconds = options_.budget_seconds;
    result.backend = std::string(services_.backend.name());
    result.instructions = std::string(services_.backend.instructions());
    for (const Entry& entry : entries_) {
      if (entry.data && entry.contender.data.crop) result.trains_on_crops = true;
      result.contenders.push_back({.name = entry.contender.name,
                                   .origin = entry.contender.origin,
                                   .config = entry.contender.config,
                                   .trained_here = entry.contender.to_train(),
                                   .budget_steps = entry.contender.to_train() ? entry.contender.train.steps : 0,
                                   .cost = entry.cost,
                                   .runs = {},
                                   .scores = {}});
    }
    return result;
  }

  static ComparisonResult stopped(ComparisonResult result) {
    result.interrupted = true;
    return result;
  }

  void stop_if_asked() const {
    if (services_.interrupted()) throw Stopped{};
  }

  /// Seed by seed, so that what is there when it is interrupted belongs together. False where it was.
  bool train_all(ComparisonResult& result) {
    for (std::int64_t k = 0; k < seeds_; ++k) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        stop_if_asked();
        std::vector<ComparedRun>& runs = result.contenders[i].runs;
        if (entries_[i].contender.to_train()) {
          const std::optional<ComparedRun> run = train(entries_[i], k);
          if (!run) return false;
          runs.push_back(*run);
        } else if (k == 0) {
          runs.push_back({.seed = entries_[i].contender.train.seed, .model = entries_[i].contender.trained});
        }
      }
    }
    return true;
  }

  /// Nothing where it was interrupted.
  std::optional<ComparedRun> train(const Entry& entry, std::int64_t k) {
    const Contender& contender = entry.contender;
    TrainRequest request{.model = contender.model,
                         .train = entry.fit.train,
                         .config = contender.config,
                         .folder = {},
                         .initial_model = {},
                         .plans = entry.fit.memory.plans};
    request.train.seed += k;
    request.config.set("train", options_to_json(request.train));
    request.folder = run_folder(entry, request.train.seed).string();
    if (options_.start == RunStart::kResume && fs::is_directory(request.folder)) request.start = RunStart::kResume;
    services_.log.info("{}, seed {}: {} steps, into {}", contender.name, request.train.seed, request.train.steps,
                       request.folder);
    Trainer trainer(request, {.backend = services_.backend,
                              .data = *entry.data,
                              .log = services_.log,
                              .pictures = services_.pictures,
                              .interrupted = services_.interrupted,
                              .display = services_.display,
                              .guides = services_.guides});
    const TrainResult done = trainer.run();
    if (done.end == TrainEnd::kInterrupted) return std::nullopt;
    return ComparedRun{.seed = request.train.seed,
                       .model = model_path(request.folder).string(),
                       .folder = request.folder,
                       .steps = done.steps,
                       .best_step = done.best_step,
                       .seconds = done.seconds};
  }

  void score_all(ComparisonResult& result) {
    histories_.resize(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      for (ComparedRun& run : result.contenders[i].runs) {
        const Evaluation evaluation = score(entries_[i], run, i);
        run.scores = evaluation.forecasters.front().metrics;
        if (result.sequences == 0) keep_baselines(evaluation, result);
      }
    }
  }

  Evaluation score(const Entry& entry, const ComparedRun& run, std::size_t contender) {
    stop_if_asked();
    const std::optional<Precision> precision = entry.contender.to_train() ? std::nullopt : options_.precision;
    TrainedModel model = load_model(services_.backend, run.model, precision);
    EvaluateOptions options;
    options.baseline_table = options_.baseline_table;
    options.baselines = options_.baselines;
    options.baseline_options = options_.baseline_options;
    options.scores = options_.scores;
    options.split = options_.split;
    options.batch = options_.batch;
    options.limit = options_.limit;
    options.between_batches = [this] { stop_if_asked(); };
    options.display = services_.display;
    options.guides = services_.guides;
    if (options_.memory_limit) {
      const ForecastShape shape = forecast_shape(channels_of(model.file.frames), ForecastShape::Arrival::kTogether,
                                                 sequences_at_once(options.batch, *test_));
      model.network->set_execution(
          fit_forecast(services_.backend, model.options, model.precision, shape, options_.memory_limit).execution);
    }
    const ScoreScales scales(model.file.frames);
    auto history = std::make_unique<SequenceScores>(options_.scores, longest(), scales);
    options.visit = [&](const ScoredSequence& sequence) { history->add(sequence.values.front()); };
    services_.log.info("scoring {}, seed {}", entry.contender.name, run.seed);
    Evaluation evaluation = evaluate_model(services_.backend, model, *test_, options, services_.log);
    histories_[contender].push_back(std::move(history));
    return evaluation;
  }

  /// They are the same beside every model.
  void keep_baselines(const Evaluation& evaluation, ComparisonResult& result) const {
    result.units = evaluation.units;
    result.sequences = evaluation.sequences;
    result.seconds_per_frame = evaluation.seconds_per_frame;
    for (std::size_t f = 1; f < evaluation.forecasters.size(); ++f) {
      result.baseline_names.push_back(evaluation.forecasters[f].name);
      for (const MetricScores& scores : evaluation.forecasters[f].metrics) {
        result.baselines.push_back(over_runs({&scores}, options_.horizons));
      }
    }
  }

  void compare_all(ComparisonResult& result) const {
    for (ContenderResult& contender : result.contenders) {
      for (std::size_t m = 0; m < contender.runs.front().scores.size(); ++m) {
        std::vector<const MetricScores*> runs;
        for (const ComparedRun& run : contender.runs) runs.push_back(&run.scores[m]);
        contender.scores.push_back(over_runs(runs, options_.horizons));
      }
    }
    const std::int64_t block =
        overlapping_windows(*test_, test_->window_count(options_.split), histories_.front().front()->sequences());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      for (std::size_t j = i + 1; j < entries_.size(); ++j) result.pairs.push_back(compare_pair(i, j, block));
    }
  }

  PairResult compare_pair(std::size_t first, std::size_t second, std::int64_t block) const {
    const auto runs_of = [&](std::size_t contender) {
      std::vector<const SequenceScores*> runs;
      for (const auto& history : histories_[contender]) runs.push_back(history.get());
      return runs;
    };
    const std::vector<const SequenceScores*> mine = runs_of(first), others = runs_of(second);
    PairResult pair{.first = first, .second = second, .means = {}, .by_lead_time = {}};
    for (std::size_t m = 0; m < mine.front()->metrics(); ++m) {
      for (const std::int64_t horizon : options_.horizons) {
        pair.means.push_back(compare_scores(mine, others, m, {.first = 1, .last = horizon}, block));
      }
      for (std::int64_t lead = 1; lead <= longest(); ++lead) {
        pair.by_lead_time.push_back(compare_scores(mine, others, m, {.first = lead, .last = lead}, block));
      }
    }
    return pair;
  }

  ComparisonOptions options_;
  ComparisonServices services_;
  std::optional<ComparisonPlan> earlier_;
  std::int64_t seeds_ = 1;
  bool open_budget_ = false;                ///< steps are to be found for it
  std::vector<std::int64_t> budget_steps_;  ///< that an earlier run found for it
  std::vector<Entry> entries_;
  std::unique_ptr<const DataSet> test_;
  std::vector<std::vector<std::unique_ptr<SequenceScores>>> histories_;  ///< of each contender and run
};

Comparison::Comparison(std::vector<Contender> contenders, ComparisonOptions options, const ComparisonServices& services)
    : work_(std::make_unique<Work>(std::move(contenders), std::move(options), services)) {}

Comparison::~Comparison() = default;

ComparisonResult Comparison::run() { return work_->run(); }

}  // namespace nextframe
