#include "core/frames/augmentation.h"

#include <algorithm>

namespace nextframe {

Symmetry draw_symmetry(const std::vector<Augmentation>& augment, bool square, Random& random) {
  Symmetry symmetry;
  const auto wanted = [&](Augmentation each) {
    return std::find(augment.begin(), augment.end(), each) != augment.end();
  };
  if (wanted(Augmentation::kFlip)) {
    symmetry.flip_horizontal = random.below(2) == 1;
    symmetry.flip_vertical = random.below(2) == 1;
  }
  if (wanted(Augmentation::kRot90)) {
    symmetry.quarter_turns =
        square ? static_cast<std::int64_t>(random.below(4)) : 2 * static_cast<std::int64_t>(random.below(2));
  }
  return symmetry;
}

}  // namespace nextframe
