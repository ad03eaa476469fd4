#include "core/frames/generated/bouncing_balls.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

constexpr double kEdge = 2;  // pixels over which a ball fades
constexpr int kPlacementTries = 200;

struct Ball {
  double x = 0, y = 0;
  double velocity_x = 0, velocity_y = 0;
  float brightness = 1;
};

void bounce_off_walls(double& position, double& velocity, double low, double high) {
  if (position < low) {
    position = std::min(2 * low - position, high);
    velocity = std::abs(velocity);
  } else if (position > high) {
    position = std::max(2 * high - position, low);
    velocity = -std::abs(velocity);
  }
}

/// Equal masses exchange the parts of their velocities along the line between them. Balls that part already are left
/// alone, so that an overlap resolves by itself.
void collide(Ball& a, Ball& b, double radius) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double square = dx * dx + dy * dy;
  if (square >= 4 * radius * radius || square == 0) return;
  const double closing = ((a.velocity_x - b.velocity_x) * dx + (a.velocity_y - b.velocity_y) * dy) / square;
  if (closing <= 0) return;
  a.velocity_x -= closing * dx;
  a.velocity_y -= closing * dy;
  b.velocity_x += closing * dx;
  b.velocity_y += closing * dy;
}

bool touches_another(const std::vector<Ball>& balls, const Ball& ball, double radius) {
  return std::any_of(balls.begin(), balls.end(),
                     [&](const Ball& other) { return std::hypot(other.x - ball.x, other.y - ball.y) < 2 * radius; });
}

/// Balls at random places, apart from each other where room is found.
std::vector<Ball> place_balls(const BouncingBallsOptions& options, Random& random) {
  std::vector<Ball> balls;
  for (std::int64_t i = 0; i < options.balls; ++i) {
    Ball ball;
    for (int attempt = 0; attempt < kPlacementTries; ++attempt) {
      ball.x = random.uniform(options.radius, static_cast<double>(options.width) - options.radius);
      ball.y = random.uniform(options.radius, static_cast<double>(options.height) - options.radius);
      if (!touches_another(balls, ball, options.radius)) break;
    }
    const double direction = random.uniform() * 2 * std::numbers::pi;
    ball.velocity_x = std::cos(direction) * options.speed;
    ball.velocity_y = std::sin(direction) * options.speed;
    ball.brightness = static_cast<float>(random.uniform(0.5, 1.0));
    balls.push_back(ball);
  }
  return balls;
}

/// One frame ahead, in steps so short that no ball passes through another.
void move_balls(std::vector<Ball>& balls, const BouncingBallsOptions& options) {
  double fastest = 0;
  for (const Ball& ball : balls) fastest = std::max(fastest, std::hypot(ball.velocity_x, ball.velocity_y));
  const int steps = std::max(4, static_cast<int>(std::ceil(4 * fastest / options.radius)));
  for (int step = 0; step < steps; ++step) {
    for (Ball& ball : balls) {
      ball.x += ball.velocity_x / steps;
      ball.y += ball.velocity_y / steps;
      bounce_off_walls(ball.x, ball.velocity_x, options.radius, static_cast<double>(options.width) - options.radius);
      bounce_off_walls(ball.y, ball.velocity_y, options.radius, static_cast<double>(options.height) - options.radius);
    }
    for (std::size_t a = 0; a < balls.size(); ++a) {
      for (std::size_t b = a + 1; b < balls.size(); ++b) collide(balls[a], balls[b], options.radius);
    }
  }
}

void draw_ball(const Ball& ball, const BouncingBallsOptions& options, float* frame) {
  const double reach = options.radius + kEdge / 2;
  const auto first = [&](double centre) { return std::max<std::int64_t>(0, std::llround(std::floor(centre - reach))); };
  const auto last = [&](double centre, std::int64_t size) {
    return std::min<std::int64_t>(size, std::llround(std::ceil(centre + reach)));
  };
  for (std::int64_t y = first(ball.y); y < last(ball.y, options.height); ++y) {
    for (std::int64_t x = first(ball.x); x < last(ball.x, options.width); ++x) {
      const double distance = std::hypot(static_cast<double>(x) + 0.5 - ball.x, static_cast<double>(y) + 0.5 - ball.y);
      const auto cover = static_cast<float>(std::clamp((reach - distance) / kEdge, 0.0, 1.0));
      float& pixel = frame[y * options.width + x];
      pixel = std::max(pixel, cover * ball.brightness);
    }
  }
}

class BallsClip final : public GeneratedClip {
 public:
  BallsClip(const BouncingBallsOptions& options, std::uint64_t index)
      : options_(options), random_(options.seed, index), balls_(place_balls(options, random_)) {}

  void next(float* frame) override {
    std::fill_n(frame, options_.height * options_.width, 0.0F);
    for (const Ball& ball : balls_) draw_ball(ball, options_, frame);
    move_balls(balls_, options_);
  }

 private:
  const BouncingBallsOptions& options_;
  Random random_;
  std::vector<Ball> balls_;
};

}  // namespace

BouncingBalls::BouncingBalls(const BouncingBallsOptions& options) : options_(options) {
  const auto shorter = static_cast<double>(std::min(options.height, options.width));
  if (!(options.radius > 0 && 2 * options.radius < shorter)) {
    reject("[balls] got a radius of {} in frames of {}x{}, expected less than {}", options.radius, options.height,
           options.width, shorter / 2);
  }
}

std::unique_ptr<GeneratedClip> BouncingBalls::begin(std::uint64_t index) const {
  return std::make_unique<BallsClip>(options_, index);
}

}  // namespace nextframe
