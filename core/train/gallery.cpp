#include "core/train/gallery.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/render/rain_montage.h"
#include "core/train/sequence_frames.h"

namespace nextframe {
namespace {

/// A number in 0..1 that looks random and follows from the sequence's number alone.
double lot_of(std::int64_t number) {
  Checksum sum;
  sum.add(static_cast<std::uint64_t>(number));
  sum.add(std::uint64_t{0x9e3779b97f4a7c15});
  return static_cast<double>(sum.value() >> 11) / 9007199254740992.0;
}

ScoreSelection only(const GalleryOptions& options) {
  ScoreSelection selection{.metrics = {options.score}, .thresholds = options.scores.thresholds};
  selection.windows = options.scores.windows;
  if (!selection.thresholds.empty())
    selection.thresholds.erase(selection.thresholds.begin() + 1, selection.thresholds.end());
  if (!selection.windows.empty()) selection.windows.erase(selection.windows.begin() + 1, selection.windows.end());
  return selection;
}

}  // namespace

bool GalleryKeeper::Shelf::takes(double rank) const {
  return most > 0 && !std::isnan(rank) && (std::ssize(kept) < most || rank < kept.back().rank);
}

void GalleryKeeper::Shelf::put(double rank, const GallerySequence& sequence) {
  const auto place = std::upper_bound(kept.begin(), kept.end(), rank,
                                      [](double value, const Kept& other) { return value < other.rank; });
  kept.insert(place, {rank, sequence});
  if (std::ssize(kept) > most) kept.pop_back();
}

std::vector<GallerySequence> GalleryKeeper::Shelf::sequences() const {
  std::vector<GallerySequence> sequences;
  for (const Kept& one : kept) sequences.push_back(one.sequence);
  return sequences;
}

GalleryKeeper::GalleryKeeper(GalleryOptions options) : options_(std::move(options)), selection_(only(options_)) {
  const MetricEntry& entry = find_metric(options_.score);
  if (entry.better != Better::kLower && entry.better != Better::kHigher) {
    reject("[evaluate] {}: is best in between; the best and the worst sequences need a score such as mse or psnr",
           options_.score);
  }
  check_selection(selection_);
  lower_is_better_ = entry.better == Better::kLower;
  best_.most = options_.best;
  worst_.most = options_.worst;
  random_.most = options_.random;
}

void GalleryKeeper::add(const ScoredSequence& sequence) {
  GallerySequence kept{.number = sequence.number, .place = sequence.place};
  for (std::size_t i = 0; i < sequence.values.size(); ++i) {
    ScoreSheet sheet("", selection_, sequence.values[i].horizon);
    sheet.add(sequence.unit[i], sequence.values[i]);
    const ForecasterScores scores = sheet.scores();
    kept.scores.push_back(scores.metrics.front().mean);
    label_ = scores.metrics.front().label();
  }
  const double score = lower_is_better_ ? kept.scores.front() : -kept.scores.front();
  const double lot = lot_of(sequence.number);
  const bool good = best_.takes(score), bad = worst_.takes(-score), drawn = random_.takes(lot);
  if (!good && !bad && !drawn) return;
  if (options_.films == KeepFilms::kYes) kept.film = film_of(sequence);
  if (good) best_.put(score, kept);
  if (bad) worst_.put(-score, kept);
  if (drawn) random_.put(lot, kept);
}

Film GalleryKeeper::film_of(const ScoredSequence& sequence) const {
  const bool rain = options_.kind == FieldKind::kRain;
  const ForecastBatch& first = sequence.values.front();
  const std::int64_t seen = sequence.context.length;
  FilmOptions film{.columns = seen + first.horizon, .height = first.height, .width = first.width};
  film.labels.emplace_back("truth");
  film.labels.insert(film.labels.end(), options_.forecasters.begin(), options_.forecasters.end());
  film.labels.push_back("error of " + options_.forecasters.front());
  film.appearance.range = {0, 1};
  if (rain) {
    film.appearance.colours = ColourMap::kRain;
    film.largest_difference = kLargestRainDifference;
  }
  FilmMaker maker(std::move(film));
  const auto put = [&](std::size_t row, std::int64_t column, const Frame& frame) {
    maker.put(row, column, rain ? rain_shown(frame) : frame);
  };
  for (std::int64_t t = 0; t < seen; ++t) put(0, t, context_frames(sequence.context).frame(t));
  for (std::int64_t lead = 0; lead < first.horizon; ++lead) {
    const Frame truth = truth_frames(first).frame(lead);
    put(0, seen + lead, truth);
    for (std::size_t i = 0; i < sequence.values.size(); ++i) {
      const Frame forecast = forecast_frames(sequence.values[i]).frame(lead);
      put(1 + i, seen + lead, forecast);
      if (i == 0) maker.put_difference(1 + sequence.values.size(), seen + lead, difference(forecast, truth));
    }
  }
  return maker.take();
}

Gallery GalleryKeeper::gallery() const {
  Gallery gallery{.score = label_.empty() ? options_.score : label_,
                  .best = best_.sequences(),
                  .worst = worst_.sequences(),
                  .random = random_.sequences()};
  std::sort(gallery.random.begin(), gallery.random.end(),
            [](const GallerySequence& a, const GallerySequence& b) { return a.number < b.number; });
  return gallery;
}

}  // namespace nextframe
