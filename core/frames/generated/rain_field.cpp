#include "core/frames/generated/rain_field.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "core/base/random.h"

namespace nextframe {
namespace {

struct Point {
  double x = 0;
  double y = 0;
};

/// Gradient noise (Perlin 2002) in x, y and time: smooth, mean 0, repeating after 256 lattice units.
class GradientNoise {
 public:
  explicit GradientNoise(Random& random) {
    std::iota(permutation_.begin(), permutation_.begin() + kPeriod, std::uint8_t{0});
    for (std::size_t i = kPeriod - 1; i > 0; --i) std::swap(permutation_[i], permutation_[random.below(i + 1)]);
    std::copy_n(permutation_.begin(), kPeriod, permutation_.begin() + kPeriod);
  }

  float operator()(double x, double y, double t) const {
    const std::int64_t floor_x = floor_of(x), floor_y = floor_of(y), floor_t = floor_of(t);
    const auto u = static_cast<float>(x - static_cast<double>(floor_x)),
               v = static_cast<float>(y - static_cast<double>(floor_y)),
               w = static_cast<float>(t - static_cast<double>(floor_t));
    const std::size_t ix = wrapped(floor_x), iy = wrapped(floor_y), it = wrapped(floor_t);
    const std::size_t left = permutation_[ix] + iy, right = permutation_[ix + 1] + iy;
    const std::size_t corners[4] = {permutation_[left] + it, permutation_[right] + it, permutation_[left + 1] + it,
                                    permutation_[right + 1] + it};
    const float su = fade(u), sv = fade(v);
    float planes[2];
    for (std::size_t dt = 0; dt < 2; ++dt) {
      const float s = w - static_cast<float>(dt);
      const float top = mix(slope(corners[0] + dt, u, v, s), slope(corners[1] + dt, u - 1, v, s), su);
      const float bottom = mix(slope(corners[2] + dt, u, v - 1, s), slope(corners[3] + dt, u - 1, v - 1, s), su);
      planes[dt] = mix(top, bottom, sv);
    }
    return mix(planes[0], planes[1], fade(w));
  }

 private:
  static constexpr std::size_t kPeriod = 256;
  // The directions to the twelve edges of a cube, four of them twice so that there are sixteen.
  static constexpr float kSlopes[16][3] = {{1, 1, 0},  {-1, 1, 0},  {1, -1, 0}, {-1, -1, 0}, {1, 0, 1},  {-1, 0, 1},
                                           {1, 0, -1}, {-1, 0, -1}, {0, 1, 1},  {0, -1, 1},  {0, 1, -1}, {0, -1, -1},
                                           {1, 1, 0},  {0, -1, 1},  {-1, 1, 0}, {0, -1, -1}};

  static float fade(float s) { return s * s * s * (s * (s * 6 - 15) + 10); }
  static float mix(float a, float b, float share) { return a + share * (b - a); }
  /// std::floor, which is a function call on the oldest processors that the program runs on.
  static std::int64_t floor_of(double number) {
    const auto whole = static_cast<std::int64_t>(number);
    return whole - (static_cast<double>(whole) > number ? 1 : 0);
  }
  static std::size_t wrapped(std::int64_t lattice) { return static_cast<std::size_t>(lattice) & (kPeriod - 1); }
  float slope(std::size_t corner, float x, float y, float t) const {
    const float* direction = kSlopes[permutation_[corner] & 15];
    return direction[0] * x + direction[1] * y + direction[2] * t;
  }

  /// Twice in a row, so that a sum of two entries needs no wrapping.
  std::array<std::uint8_t, 2 * kPeriod> permutation_{};
};

// The change of GradientNoise along an axis, root mean square a lattice unit over its standard deviation: measured.
constexpr double kNoiseChange = 2.54;
constexpr double kNoiseDeviation = 0.27;

/// Where the air that is over a pixel now was at the start: a turn about a centre after a shift, so cells keep their
/// shape.
struct BackwardMotion {
  double cosine = 1;
  double sine = 0;
  Point shift;

  Point operator()(double x, double y) const {
    return {cosine * x - sine * y + shift.x, sine * x + cosine * y + shift.y};
  }
  /// The motion with one more step in front of it, a turn by `angle` about (0, 0) and a move by (-dx, -dy).
  void prepend(double angle, double dx, double dy) {
    const Point moved = (*this)(-dx, -dy);
    const double turned_cosine = cosine * std::cos(angle) - sine * std::sin(angle);
    sine = sine * std::cos(angle) + cosine * std::sin(angle);
    cosine = turned_cosine;
    shift = moved;
  }
};

/// What is drawn at random once for a sequence.
struct Weather {
  explicit Weather(Random& random)
      : noise(random),
        direction(random.uniform(0, 2 * std::numbers::pi)),
        turning(random.uniform(-0.03, 0.03)),
        rotation(random.uniform(-0.012, 0.012)),
        band_direction(random.uniform(0, std::numbers::pi)),
        band_stretch(random.uniform(1.0, 2.2)),
        wetness(random.uniform(-0.2, 0.5)),
        speed_share(random.uniform(0.6, 1.3)) {}

  GradientNoise noise;
  double direction;       ///< of the wind at the start
  double turning;         ///< of the wind, radians a frame
  double rotation;        ///< of the field about the frame's centre, radians a frame
  double band_direction;  ///< along which cells are longer
  double band_stretch;
  double wetness;      ///< added to the field before the dry part is cut off
  double speed_share;  ///< of the wind, over the configured speed
};

constexpr std::array<double, 5> kOctaveSizes{2.4, 1.2, 0.6, 0.3, 0.15};  // of a lattice cell, over `scale`
constexpr double kOctaveFall = 0.55;     // amplitude of an octave over the coarser one's
constexpr double kLargePatternSize = 6;  // over `scale`
constexpr double kLargePatternWeight = 1.0;
constexpr double kBrightness = 0.3;  // of a pixel one standard deviation above dry

/// The field before the dry part is cut off: mean 0, deviation about 1, at a place in the air and a time.
double field_at(const Weather& weather, const RainFieldOptions& options, Point air, double frame) {
  const double along = std::cos(weather.band_direction) * air.x + std::sin(weather.band_direction) * air.y;
  const double across = -std::sin(weather.band_direction) * air.x + std::cos(weather.band_direction) * air.y;
  const double rate = options.growth / kNoiseChange;
  double sum = 0;
  double amplitude = 1;
  double offset = 0;
  for (const double octave : kOctaveSizes) {
    const double size = octave * options.scale;
    if (size < 1) break;  // finer than the pixels
    const double pace = rate * std::sqrt(kOctaveSizes[0] / octave);
    offset += 101.3;  // lattice points of the octaves must not coincide
    sum += amplitude * static_cast<double>(weather.noise(along / (size * weather.band_stretch) + offset,
                                                         across / size + offset, frame * pace + offset));
    amplitude *= kOctaveFall;
  }
  const double large = kLargePatternSize * options.scale;
  sum += kLargePatternWeight *
         static_cast<double>(weather.noise(air.x / large - 57.7, air.y / large - 57.7, frame * rate / 2));
  return sum / (kNoiseDeviation * 1.56);
}

class RainClip final : public GeneratedClip {
 public:
  RainClip(const RainFieldOptions& options, std::uint64_t index)
      : options_(options), random_(options.seed, index), weather_(random_), direction_(weather_.direction) {}

  void next(float* frame) override {
    for (std::int64_t y = 0; y < options_.height; ++y) {
      for (std::int64_t x = 0; x < options_.width; ++x) {
        const Point air = motion_(static_cast<double>(x) - static_cast<double>(options_.width) / 2,
                                  static_cast<double>(y) - static_cast<double>(options_.height) / 2);
        const double rain = field_at(weather_, options_, air, static_cast<double>(frames_)) + weather_.wetness;
        frame[y * options_.width + x] = static_cast<float>(std::clamp(rain * kBrightness, 0.0, 1.0));
      }
    }
    const double speed = options_.speed * weather_.speed_share;
    motion_.prepend(weather_.rotation, speed * std::cos(direction_), speed * std::sin(direction_));
    direction_ += weather_.turning;
    ++frames_;
  }

 private:
  const RainFieldOptions& options_;
  Random random_;
  Weather weather_;
  BackwardMotion motion_;
  double direction_;
  std::int64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<GeneratedClip> RainField::begin(std::uint64_t index) const {
  return std::make_unique<RainClip>(options_, index);
}

}  // namespace nextframe
