#include "core/train/gains.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/metrics/bootstrap.h"

namespace nextframe {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void set_interval(Gain& gain, const std::optional<Interval>& interval) {
  gain.low = interval ? interval->low : kNone;
  gain.high = interval ? interval->high : kNone;
}

/// Fewer resamples where one of them takes long.
std::int64_t resamples_for(std::int64_t numbers) {
  constexpr std::int64_t kAdditions = 200'000'000;
  return std::clamp<std::int64_t>(kAdditions / std::max<std::int64_t>(numbers, 1), 1000, 10000);
}

}  // namespace

/// A short recording has few blocks without overlap; shorter ones then give a narrower, still stated, interval.
std::int64_t shortened_block(std::int64_t sequences, std::int64_t block) {
  return std::clamp<std::int64_t>(sequences / kFewestBlocks, 1, std::max<std::int64_t>(block, 1));
}

PsnrGain psnr_gain(const std::vector<std::optional<double>>& forecast,
                   const std::vector<std::optional<double>>& persistence, std::int64_t block) {
  const std::int64_t shortened = shortened_block(std::ssize(forecast), block);
  const MeanDifference difference = bootstrap_difference(forecast, persistence, {.block = shortened});
  PsnrGain gain;
  gain.mean = difference.mean.value_or(kNone);
  set_interval(gain, difference.interval);
  gain.block = shortened;
  gain.whole_block = block;
  gain.sequences = difference.windows;
  gain.left_out = std::ssize(forecast) - difference.windows;
  return gain;
}

void EventHistory::remember(const ScoreSheet& sheet) {
  const std::vector<const ContingencyTable*> tables = sheet.tables();
  tables_.resize(tables.size());
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::vector<Contingency>& now = tables[i]->per_lead();
    Table& table = tables_[i];
    table.threshold = tables[i]->threshold();
    table.before.resize(now.size());
    std::vector<Events>& sequence = table.sequences.emplace_back();
    for (std::size_t lead = 0; lead < now.size(); ++lead) {
      Contingency counts = now[lead];
      counts -= table.before[lead];
      sequence.push_back({.hits = counts.hits, .all = counts.hits + counts.misses + counts.false_alarms});
    }
    table.before = now;
  }
}

double EventHistory::csi_difference(const Table& table, const Table& other, std::span<const std::int64_t> sequences) {
  double sum = 0;
  double leads = 0;
  for (std::size_t lead = 0; lead < table.before.size(); ++lead) {
    Events own, others;
    for (const std::int64_t sequence : sequences) {
      const Events& a = table.sequences[static_cast<std::size_t>(sequence)][lead];
      const Events& b = other.sequences[static_cast<std::size_t>(sequence)][lead];
      own.hits += a.hits;
      own.all += a.all;
      others.hits += b.hits;
      others.all += b.all;
    }
    if (own.all == 0 || others.all == 0) continue;
    sum += static_cast<double>(own.hits) / static_cast<double>(own.all) -
           static_cast<double>(others.hits) / static_cast<double>(others.all);
    ++leads;
  }
  return leads > 0 ? sum / leads : kNone;
}

std::vector<CsiGain> EventHistory::gains_over(const EventHistory& other, std::int64_t block) const {
  std::vector<CsiGain> gains;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const Table& own = tables_[i];
    const Table& others = other.tables_[i];
    CsiGain& gain = gains.emplace_back();
    gain.threshold = own.threshold;
    gain.sequences = sequences();
    gain.whole_block = block;
    gain.block = shortened_block(gain.sequences, block);
    std::vector<std::int64_t> all(static_cast<std::size_t>(gain.sequences));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    gain.mean = csi_difference(own, others, all);
    const BootstrapOptions options{.resamples = resamples_for(gain.sequences * std::ssize(own.before)),
                                   .block = gain.block};
    set_interval(gain, bootstrap_interval(gain.sequences, options, [&](std::span<const std::int64_t> drawn) {
                   return csi_difference(own, others, drawn);
                 }));
  }
  return gains;
}

}  // namespace nextframe
