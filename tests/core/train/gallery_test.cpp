#include "core/train/gallery.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr std::int64_t kSide = 4, kHorizon = 2, kArea = kSide * kSide;

GalleryOptions options(KeepFilms films = KeepFilms::kNo) {
  return {.score = "mse", .forecasters = {"model", "other"}, .best = 2, .worst = 2, .random = 2, .films = films};
}

/// Shows a sequence whose first forecaster errs by `error` everywhere, the other by twice that.
void show(GalleryKeeper& gallery, std::int64_t number, float error) {
  const std::vector<float> truth(kHorizon * kArea, 0), seen(kArea, 0.25F);
  const std::vector<float> first(kHorizon * kArea, error), second(kHorizon * kArea, 2 * error);
  ForecastBatch batch{first.data(), truth.data(), nullptr, kHorizon, 1, kSide, kSide, 1};
  std::vector<ForecastBatch> both{batch, batch};
  both[1].forecast = second.data();
  gallery.add({.number = number,
               .place = {.title = "sequence " + std::to_string(number)},
               .context = {.frames = seen.data(), .length = 1, .sequences = 1, .height = kSide, .width = kSide},
               .values = both,
               .unit = both});
}

std::vector<std::int64_t> numbers(const std::vector<GallerySequence>& sequences) {
  std::vector<std::int64_t> found;
  for (const GallerySequence& one : sequences) found.push_back(one.number);
  return found;
}

TEST(Gallery, KeepsTheBestAndTheWorst) {
  GalleryKeeper keeper(options());
  const std::vector<float> errors{0.3F, 0.1F, 0.5F, 0.2F, 0.4F, std::numeric_limits<float>::quiet_NaN()};
  for (std::size_t i = 0; i < errors.size(); ++i) show(keeper, static_cast<std::int64_t>(i), errors[i]);
  const Gallery gallery = keeper.gallery();
  EXPECT_EQ(gallery.score, "mse");
  EXPECT_EQ(numbers(gallery.best), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(numbers(gallery.worst), (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(gallery.worst[0].place.title, "sequence 2");
  ASSERT_EQ(gallery.worst[0].scores.size(), 2U);
  EXPECT_NEAR(gallery.worst[0].scores[0], 0.25, 1e-6);
  EXPECT_NEAR(gallery.worst[0].scores[1], 1, 1e-6);
  EXPECT_EQ(gallery.best[0].film.columns, 0);
}

TEST(Gallery, WhatIsHigherCanBeBetter) {
  GalleryOptions by_psnr = options();
  by_psnr.score = "psnr";
  GalleryKeeper keeper(by_psnr);
  for (int i = 1; i <= 4; ++i) show(keeper, i, 0.1F * static_cast<float>(i));
  EXPECT_EQ(numbers(keeper.gallery().best), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(numbers(keeper.gallery().worst), (std::vector<std::int64_t>{4, 3}));
}

TEST(Gallery, TheRandomOnesDoNotDependOnTheOrder) {
  GalleryKeeper rising(options()), falling(options());
  for (int i = 0; i < 100; ++i) {
    show(rising, i, 0.1F);
    show(falling, 99 - i, 0.1F);
  }
  const std::vector<std::int64_t> drawn = numbers(rising.gallery().random);
  EXPECT_EQ(drawn.size(), 2U);
  EXPECT_EQ(drawn, numbers(falling.gallery().random));
}

TEST(Gallery, FilmsShowContextTruthForecastsAndErrors) {
  GalleryKeeper keeper(options(KeepFilms::kYes));
  show(keeper, 0, 0.5F);
  const Film film = keeper.gallery().best.at(0).film;
  EXPECT_EQ(film.labels, (std::vector<std::string>{"truth", "model", "other", "error of model"}));
  EXPECT_EQ(film.columns, 1 + kHorizon);
  EXPECT_EQ(film.shown[0], (std::vector<std::uint8_t>{1, 1, 1}));
  EXPECT_EQ(film.shown[3], (std::vector<std::uint8_t>{0, 1, 1}));
  EXPECT_EQ(film.sheet.height, 4 * kSide);
}

TEST(Gallery, RejectsScoresThatNameNoBest) {
  GalleryOptions wrong = options();
  for (const char* score : {"bias", "frequency_bias", "msa", "csi"}) {
    wrong.score = score;
    EXPECT_THROW(GalleryKeeper{wrong}, Error) << score;
  }
  wrong.score = "csi";
  wrong.scores.thresholds = {0.5, 1};
  EXPECT_NO_THROW(GalleryKeeper{wrong});
}

}  // namespace
}  // namespace nextframe
