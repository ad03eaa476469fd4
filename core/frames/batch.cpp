#include "core/frames/batch.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/frames/augmentation.h"
#include "core/frames/bounded_queue.h"
#include "core/frames/input_fields.h"
#include "core/frames/sampling.h"

namespace nextframe {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Streams of the run's random numbers, so that the order of windows does not change with the augmentation.
constexpr std::uint64_t kOrderStream = 0x6f72646572000000;
constexpr std::uint64_t kPictureStream = 0x7069637475000000;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Which window stands at place p of the endless training order.
class WindowOrder {
 public:
  WindowOrder(std::int64_t count, std::uint64_t seed) : count_(count), seed_(seed) {}

  std::int64_t at(std::int64_t place) {
    // An endless generator: every place has a sequence of its own, other ones for another seed.
    if (count_ == DataSet::kEndless) {
      constexpr std::uint64_t kSeeds = std::uint64_t{1} << 21;
      return static_cast<std::int64_t>((seed_ % kSeeds) << 40) + place;
    }
    const std::int64_t epoch = place / count_;
    if (epoch != epoch_) shuffle(epoch);
    return order_[static_cast<std::size_t>(place % count_)];
  }

 private:
  void shuffle(std::int64_t epoch) {
    order_.resize(static_cast<std::size_t>(count_));
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    Random random(seed_, kOrderStream + static_cast<std::uint64_t>(epoch));
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
    epoch_ = epoch;
  }

  std::int64_t count_;
  std::uint64_t seed_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace

class BatchLoader::Worker {
 public:
  Worker(const DataSet& data_set, const BatchLoaderOptions& options)
      : data_(data_set),
        options_(options),
        count_(window_count(data_set, options)),
        order_(count_, options.seed),
        sampler_(sampler_for(data_set, options)),
        guide_(options.guide ? options.guide() : nullptr),
        position_(options.first_batch),
        queue_(static_cast<std::size_t>(std::max<std::int64_t>(1, data_set.options().prefetch))),
        thread_([this] { run(); }) {}

  ~Worker() {
    queue_.cancel();
    thread_.join();
  }

  bool next(Batch& batch) {
    if (!begun_) begun_ = SteadyClock::now();
    const auto start = SteadyClock::now();
    std::optional<Batch> item = queue_.pop();
    waited_ += seconds_since(start);
    if (!item) return false;
    batch = std::move(*item);
    ++position_;
    return true;
  }

  std::int64_t position() const { return position_; }
  std::int64_t batches_per_epoch() const {
    return count_ == DataSet::kEndless ? 0 : (count_ + options_.batch - 1) / options_.batch;
  }
  double waiting_seconds() const { return waited_; }
  double waiting_share() const {
    const double elapsed = begun_ ? seconds_since(*begun_) : 0;
    return elapsed > 0 ? std::min(1.0, waited_ / elapsed) : 0;
  }

 private:
  static std::int64_t window_count(const DataSet& data_set, const BatchLoaderOptions& options) {
    const std::int64_t windows = data_set.window_count(options.split);
    const auto name = enum_names(options.split)[static_cast<std::size_t>(options.split)].first;
    if (options.batch < 1) reject("[train.batch] is {}; expected at least 1", options.batch);
    if (windows == 0) {
      reject("[data.split] no window of {} frames in the {} split; give it a larger share or use longer clips",
             data_set.sequence_length(), name);
    }
    if (options.order == BatchOrder::kSequential) {
      if (windows == DataSet::kEndless && options.limit == 0) {
        reject("[data] the {} split of a generator is endless; set its number of sequences", name);
      }
      if (options.limit > 0) return std::min(options.limit, windows);
    }
    return windows;
  }

  static std::optional<RainSampler> sampler_for(const DataSet& data_set, const BatchLoaderOptions& options) {
    const bool by_rain = data_set.options().sampling.by == SamplingBy::kRain;
    if (options.order != BatchOrder::kShuffled || !by_rain) return std::nullopt;
    return std::optional<RainSampler>(std::in_place, data_set, options.split, options.seed);
  }

  void run() {
    try {
      for (std::int64_t number = options_.first_batch;; ++number) {
        Batch batch;
        if (!fill(number, batch)) break;
        if (!queue_.push(std::move(batch))) return;
      }
      queue_.finish();
    } catch (...) {
      queue_.finish(std::current_exception());
    }
  }

  bool fill(std::int64_t number, Batch& batch) {
    const std::int64_t first = number * options_.batch;
    batch.sequences = options_.batch;
    if (options_.order == BatchOrder::kSequential) batch.sequences = std::min(options_.batch, count_ - first);
    if (batch.sequences <= 0) return false;
    batch.context_length = data_.options().context;
    batch.horizon = data_.options().horizon;
    batch.height = data_.crop_height();
    batch.width = data_.crop_width();
    batch.channels = data_.channels();
    const std::int64_t pixels = batch.sequences * batch.height * batch.width;
    batch.context.resize(static_cast<std::size_t>(batch.context_length * pixels * batch.channels));
    batch.target.resize(static_cast<std::size_t>(batch.horizon * pixels * batch.channels));
    if (data_.has_masks()) {
      batch.mask.resize(static_cast<std::size_t>(batch.horizon * pixels));
      batch.context_mask.resize(static_cast<std::size_t>(batch.context_length * pixels));
    }
    if (data_.inputs() != nullptr) {
      batch.context_inputs.resize(static_cast<std::size_t>(batch.context_length * pixels * data_.inputs()->channels()));
    }
    if (guide_) batch.guide.resize(batch.target.size());
    for (std::int64_t n = 0; n < batch.sequences; ++n) {
      choose(first + n, batch);
      data_.read(options_.split, batch.windows.back(), region_of(batch), sequence_);
      put(n, batch);
      if (data_.inputs() != nullptr) put_inputs(n, batch);
      if (guide_) put_guide(n, batch);
    }
    return true;
  }

  /// Notes window, place and weight of the sequence at a place of the order.
  void choose(std::int64_t place, Batch& batch) {
    const std::int64_t free_rows = data_.height() - batch.height, free_columns = data_.width() - batch.width;
    std::int64_t window = 0;
    FramePlace at{free_rows / 2, free_columns / 2, data_.height(), data_.width(), {}};
    if (options_.order == BatchOrder::kShuffled) {
      Random random(options_.seed, kPictureStream + static_cast<std::uint64_t>(place));
      if (sampler_) {
        const SequenceDraw drawn = sampler_->at(place);
        window = drawn.window;
        at.top = drawn.region.top;
        at.left = drawn.region.left;
        if (data_.options().sampling.unbiased) batch.weights.push_back(drawn.weight);
      } else {
        window = order_.at(place);
        at.top = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(free_rows + 1)));
        at.left = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(free_columns + 1)));
      }
      at.symmetry = draw_symmetry(data_.options().augment, batch.height == batch.width, random);
    } else {
      const std::int64_t all = data_.window_count(options_.split);
      window = all == DataSet::kEndless || count_ == all ? place : place * all / count_;
    }
    batch.windows.push_back(window);
    batch.places.push_back(at);
  }

  /// That of the sequence chosen last.
  static Region region_of(const Batch& batch) {
    return {batch.places.back().top, batch.places.back().left, batch.height, batch.width};
  }

  /// Copies one frame, turned as the sequence chosen last is.
  static void put_frame(const float* source, const Batch& batch, float* target) {
    const Symmetry& symmetry = batch.places.back().symmetry;
    if (symmetry.identity()) {
      std::copy_n(source, batch.height * batch.width * batch.channels, target);
    } else {
      transform(symmetry, batch.height, batch.width, batch.channels, source, target);
    }
  }

  /// Copies sequence_ to column n of the batch.
  void put(std::int64_t n, Batch& batch) {
    const std::int64_t area = batch.height * batch.width;
    const std::int64_t frame = area * batch.channels;
    for (std::int64_t t = 0; t < batch.context_length + batch.horizon; ++t) {
      const std::int64_t lead = t - batch.context_length;
      put_frame(sequence_.frames.data() + t * frame, batch,
                lead < 0 ? batch.context.data() + (t * batch.sequences + n) * frame
                         : batch.target.data() + (lead * batch.sequences + n) * frame);
      if (batch.mask.empty()) continue;
      turned_mask_.resize(static_cast<std::size_t>(area));
      transform(batch.places.back().symmetry, batch.height, batch.width, 1, sequence_.mask.data() + t * area,
                turned_mask_.data());
      std::vector<float>& mask = lead < 0 ? batch.context_mask : batch.mask;
      const std::int64_t place = (lead < 0 ? t : lead) * batch.sequences + n;
      std::copy(turned_mask_.begin(), turned_mask_.end(), mask.begin() + place * area);
    }
  }

  /// What stands beside the context of the sequence chosen last, turned as its frames are.
  void put_inputs(std::int64_t n, Batch& batch) {
    const std::int64_t channels = data_.inputs()->channels();
    const std::int64_t frame = batch.height * batch.width * channels;
    inputs_.resize(static_cast<std::size_t>(batch.context_length * frame));
    data_.read_inputs(options_.split, batch.windows.back(), {0, batch.context_length}, region_of(batch),
                      inputs_.data());
    for (std::int64_t t = 0; t < batch.context_length; ++t) {
      transform(batch.places.back().symmetry, batch.height, batch.width, channels, inputs_.data() + t * frame,
                batch.context_inputs.data() + (t * batch.sequences + n) * frame);
    }
  }

  /// Makes the guide of the sequence chosen last from whole frames, turned as its frames are.
  void put_guide(std::int64_t n, Batch& batch) {
    const std::int64_t window = batch.windows.back();
    const std::int64_t length = std::min(guide_->history(), batch.context_length);
    const Range steps{batch.context_length - length, batch.context_length};
    Sequence whole;
    data_.read(options_.split, window, steps, {0, 0, data_.height(), data_.width()}, whole);
    guide_->start({.frames = whole.frames.data(),
                   .mask = whole.mask.empty() ? nullptr : whole.mask.data(),
                   .length = length,
                   .height = data_.height(),
                   .width = data_.width(),
                   .channels = data_.channels(),
                   .key = data_.generated() ? -1 : window},
                  region_of(batch), batch.horizon);
    const std::int64_t frame = batch.height * batch.width * batch.channels;
    std::vector<float> one(static_cast<std::size_t>(frame));
    for (std::int64_t lead = 0; lead < batch.horizon; ++lead) {
      guide_->next(one.data());
      put_frame(one.data(), batch, batch.guide.data() + (lead * batch.sequences + n) * frame);
    }
  }

  const DataSet& data_;
  const BatchLoaderOptions options_;
  const std::int64_t count_;
  WindowOrder order_;
  const std::optional<RainSampler> sampler_;  ///< none: windows come in `order_`
  const std::unique_ptr<Guide> guide_;        ///< null: nobody wants one
  Sequence sequence_;
  std::vector<std::uint8_t> turned_mask_;
  std::vector<float> inputs_;  ///< [T,H,W,K]
  std::int64_t position_;
  std::optional<SteadyClock::time_point> begun_;
  double waited_ = 0;
  BoundedQueue<Batch> queue_;
  std::thread thread_;
};

BatchLoader::BatchLoader(const DataSet& data_set, const BatchLoaderOptions& options)
    : worker_(std::make_unique<Worker>(data_set, options)) {}
BatchLoader::~BatchLoader() = default;
bool BatchLoader::next(Batch& batch) { return worker_->next(batch); }
std::int64_t BatchLoader::position() const { return worker_->position(); }
std::int64_t BatchLoader::batches_per_epoch() const { return worker_->batches_per_epoch(); }
double BatchLoader::waiting_seconds() const { return worker_->waiting_seconds(); }
double BatchLoader::waiting_share() const { return worker_->waiting_share(); }

}  // namespace nextframe
