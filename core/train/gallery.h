#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/render/film.h"
#include "core/train/evaluator.h"

namespace nextframe {

enum class KeepFilms { kNo, kYes };

struct GalleryOptions {
  std::string score;           ///< a row of the table of metrics, which says what is best
  ScoreSelection scores = {};  ///< its first threshold and window are those of `score`, where that has any
  FieldKind kind = FieldKind::kPicture;
  std::vector<std::string> forecasters = {};
  std::int64_t best = 3;
  std::int64_t worst = 3;
  std::int64_t random = 3;
  KeepFilms films = KeepFilms::kNo;
};

/// One sequence that was kept.
struct GallerySequence {
  std::int64_t number = 0;
  SequencePlace place = {};
  std::vector<double> scores = {};  ///< of each forecaster, mean over lead times; NaN where nothing could be counted
  Film film = {};                   ///< context and truth, each forecaster, the first one's error; or nothing
};

struct Gallery {
  std::string score = {};                    ///< "mse", "csi >= 1"
  std::vector<GallerySequence> best = {};    ///< by the first forecaster's score, the best one first
  std::vector<GallerySequence> worst = {};   ///< the worst one first
  std::vector<GallerySequence> random = {};  ///< in the order of their numbers
};

/// Keeps the sequences that the first forecaster is best and worst at, and some at random. Memory does not grow with the
/// sequences: only what is kept is drawn, small and at once.
class GalleryKeeper {
 public:
  /// Rejects an unknown score, one that is perfect at neither end, and one of events without a threshold.
  explicit GalleryKeeper(GalleryOptions options);

  void add(const ScoredSequence& sequence);
  Gallery gallery() const;

 private:
  /// One that is kept, by its rank: the lowest ranks stay.
  struct Kept {
    double rank = 0;
    GallerySequence sequence;
  };
  struct Shelf {
    std::int64_t most = 0;
    std::vector<Kept> kept = {};  ///< the lowest rank first

    bool takes(double rank) const;
    void put(double rank, const GallerySequence& sequence);
    std::vector<GallerySequence> sequences() const;
  };

  Film film_of(const ScoredSequence& sequence) const;

  GalleryOptions options_;
  ScoreSelection selection_;
  bool lower_is_better_ = true;
  std::string label_;
  Shelf best_, worst_, random_;
};

}  // namespace nextframe
