#include "app/commands/comparison_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "app/output.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/json/fields.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/metric_table.h"

namespace nextframe::app {
namespace {

using Cells = std::vector<std::string>;

std::string number(double value) { return std::isfinite(value) ? format("{:.4g}", value) : std::string("-"); }

std::string with_spread(double mean, double deviation) {
  return number(mean) + (std::isfinite(deviation) ? format(" +-{:.2g}", deviation) : std::string());
}

std::string milliseconds(double seconds) { return format("{:.4g}", 1000 * seconds); }

/// The columns behind the contenders' of a single pair.
bool has_pair_columns(const ComparisonResult& result) { return result.contenders.size() == 2; }

std::string name_of(const ComparisonResult& result, const PairResult& pair, Verdict verdict) {
  return verdict == Verdict::kOpen ? std::string("-")
                                   : result.contenders[verdict == Verdict::kFirst ? pair.first : pair.second].name;
}

Cells heading(const ComparisonResult& result) {
  Cells cells{""};
  for (const ContenderResult& contender : result.contenders) cells.push_back(contender.name);
  for (const std::string& name : result.baseline_names) cells.push_back(name);
  if (has_pair_columns(result)) cells.insert(cells.end(), {"difference", "95 % interval", "better"});
  return cells;
}

/// A row of what contenders cost, "-" where it is not known, such as the training of a model that is trained; of two, the first's as a multiple of the second's.
Cells cost_row(const ComparisonResult& result, const std::string& title,
               const std::function<double(const NetworkCost&)>& value,
               const std::function<std::string(double)>& shown) {
  Cells cells{title};
  for (const ContenderResult& contender : result.contenders) {
    const double cost = value(contender.cost);
    cells.push_back(cost > 0 ? shown(cost) : std::string("-"));
  }
  cells.resize(cells.size() + result.baseline_names.size());
  if (has_pair_columns(result)) {
    const double first = value(result.contenders[0].cost), second = value(result.contenders[1].cost);
    cells.insert(cells.end(),
                 {first > 0 && second > 0 ? format("x {:.3f}", first / second) : std::string("-"), "", ""});
  }
  return cells;
}

/// Of all runs, some of which may have stopped early: "800", "620-800".
std::string steps_text(const std::vector<ComparedRun>& runs) {
  const auto [least, most] =
      std::minmax_element(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.steps < b.steps; });
  const std::string text = with_thousands(static_cast<double>(most->steps));
  return least->steps == most->steps ? text : with_thousands(static_cast<double>(least->steps)) + "-" + text;
}

Cells training_row(const ComparisonResult& result) {
  Cells cells{"steps, runs"};
  for (const ContenderResult& contender : result.contenders) {
    cells.push_back(contender.trained_here ? format("{}, {}", steps_text(contender.runs), contender.runs.size())
                                           : std::string("trained before"));
  }
  cells.resize(heading(result).size());
  return cells;
}

std::string lead_title(std::int64_t lead, const ComparisonResult& result) {
  const double seconds = result.seconds_per_frame * static_cast<double>(lead);
  return seconds > 0 ? format("+{} ({})", lead, format_duration(seconds)) : format("+{}", lead);
}

/// The rows of one score: each lead time, then the means up to each horizon.
void add_score_rows(const ComparisonResult& result, std::size_t metric, std::vector<Cells>& rows) {
  const std::string label = comparison_label(result.contenders.front().scores[metric].mean, result);
  const auto leads = static_cast<std::size_t>(result.horizons.back());
  const auto add = [&](const std::string& title, const std::function<std::string(const SeedScores&)>& cell,
                       const ScoreContrast* difference) {
    Cells& row = rows.emplace_back(Cells{title});
    for (const ContenderResult& contender : result.contenders) row.push_back(cell(contender.scores[metric]));
    for (std::size_t b = 0; b < result.baseline_names.size(); ++b) row.push_back(cell(result.baseline(b, metric)));
    if (difference == nullptr) return;
    for (std::string& text : difference_cells(result, result.pairs.front(), *difference))
      row.push_back(std::move(text));
  };
  const bool pair = has_pair_columns(result);
  for (std::size_t lead = 0; lead < leads; ++lead) {
    add(
        label + " " + lead_title(static_cast<std::int64_t>(lead) + 1, result),
        [&](const SeedScores& scores) { return with_spread(scores.mean.by_lead_time[lead], scores.deviation[lead]); },
        pair ? &result.pairs.front().by_lead_time[metric * leads + lead] : nullptr);
  }
  for (std::size_t h = 0; h < result.horizons.size(); ++h) {
    add(
        format("{} mean to +{}", label, result.horizons[h]),
        [&](const SeedScores& scores) { return with_spread(scores.means[h], scores.means_deviation[h]); },
        pair ? &result.pairs.front().means[metric * result.horizons.size() + h] : nullptr);
  }
}

/// Of more than two contenders: the differences of the means.
std::string pairs_table(const ComparisonResult& result) {
  std::vector<Cells> rows{{"mean of", "pair", "difference", "95 % interval", "better"}};
  for (const PairResult& pair : result.pairs) {
    for (const ScoreContrast& difference : pair.means) {
      Cells& row = rows.emplace_back(
          Cells{format("{} to +{}", comparison_label(difference.metric, result), difference.leads.last),
                format("{} - {}", result.contenders[pair.first].name, result.contenders[pair.second].name)});
      for (std::string& text : difference_cells(result, pair, difference)) row.push_back(std::move(text));
    }
  }
  return "\n" + aligned_table(rows);
}

/// Quoted where a comma or a quote would end it.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_number(double value) { return std::isfinite(value) ? format("{:.9g}", value) : std::string(); }

void add_csv_lines(const std::string& name, const SeedScores& scores, const ComparisonResult& result,
                   std::string& out) {
  const MetricScores& metric = scores.mean;
  const std::string start =
      format("{},{},{},{}", csv_cell(name), metric.metric, metric.threshold ? format("{:g}", *metric.threshold) : "",
             metric.window ? format("{}", *metric.window) : "");
  for (std::size_t lead = 0; lead < metric.by_lead_time.size(); ++lead) {
    out += format("{},{},{},{}\n", start, lead + 1, csv_number(metric.by_lead_time[lead]),
                  csv_number(scores.deviation[lead]));
  }
  for (std::size_t h = 0; h < result.horizons.size(); ++h) {
    out += format("{},1-{},{},{}\n", start, result.horizons[h], csv_number(scores.means[h]),
                  csv_number(scores.means_deviation[h]));
  }
}

}  // namespace

Cells difference_cells(const ComparisonResult& result, const PairResult& pair, const ScoreContrast& difference) {
  const std::string interval = difference.interval
                                   ? format("{:+.2g} to {:+.2g}", difference.interval->low, difference.interval->high)
                                   : std::string("-");
  return {std::isfinite(difference.mean) ? format("{:+.3g}", difference.mean) : std::string("-"), interval,
          name_of(result, pair, difference.better)};
}

std::vector<Cells> cost_rows(const ComparisonResult& result) {
  const auto giga = [](double operations) { return format("{:.4g}", operations / 1e9); };
  const auto mega = [](double bytes) { return format("{:.4g}", bytes / 1e6); };
  const std::string trained = result.trains_on_crops ? "a training crop" : "a sequence";
  const std::string step = result.trains_on_crops ? "ms a training step, on crops" : "ms a training step";
  return {
      cost_row(
          result, "parameters", [](const NetworkCost& c) { return static_cast<double>(c.parameters); }, with_thousands),
      cost_row(
          result, "GFLOP to train, " + trained, [](const NetworkCost& c) { return c.step_operations; }, giga),
      cost_row(
          result, "GFLOP to forecast, a sequence", [](const NetworkCost& c) { return c.forecast_operations; }, giga),
      cost_row(
          result, "MB to train", [](const NetworkCost& c) { return static_cast<double>(c.training_bytes); }, mega),
      cost_row(
          result, "MB to forecast", [](const NetworkCost& c) { return static_cast<double>(c.forecast_bytes); }, mega),
      cost_row(
          result, step, [](const NetworkCost& c) { return c.step_seconds; }, milliseconds),
      cost_row(
          result, "ms a forecast frame", [](const NetworkCost& c) { return c.frame_seconds; }, milliseconds),
  };
}

std::string comparison_label(const MetricScores& metric, const ComparisonResult& result) {
  const std::string_view own = find_metric(metric.metric).units;
  const std::string units = own == kUnitsOfValues ? result.units : std::string(own);
  return metric.label() + (units.empty() ? "" : " (" + units + ")");
}

std::string comparison_footnote(const ComparisonResult& result) {
  const ScoreContrast& any = result.pairs.front().means.front();
  std::string out = format(
      "+- is the standard deviation between runs. A difference is the first's mean score less the second's, at the "
      "lead times where all runs have one; its interval allows for {}",
      any.covers == Covers::kWindowsAndSeeds
          ? "other test sequences and other seeds"
          : "other test sequences alone, not for other seeds (give --seeds 3 or more)");
  out += ", and where it holds 0 nothing is called better.";
  if (any.block < any.whole_block) {
    out += format(" Take it as narrow: the sequences overlap, and the recording is too short for {} blocks of {}.",
                  kFewestBlocks, any.whole_block);
  }
  return out;
}

std::string comparison_text(const ComparisonResult& result) {
  std::string out =
      format("{} sequences of {} + {} frames of {} ({}), trained on {} + {}\n\n", result.sequences, result.context,
             result.horizons.back(), result.data, enum_name(result.split), result.context, result.trained_horizon);
  std::vector<Cells> rows{heading(result)};
  for (Cells& row : cost_rows(result)) rows.push_back(std::move(row));
  rows.push_back(training_row(result));
  for (std::size_t metric = 0; metric < result.metrics(); ++metric) add_score_rows(result, metric, rows);
  out += aligned_table(rows);
  if (!has_pair_columns(result)) out += pairs_table(result);
  return out + "\n" + comparison_footnote(result) + "\n";
}

std::string comparison_csv(const ComparisonResult& result) {
  std::string out = "name,metric,threshold,window,lead_times,mean,deviation\n";
  for (const ContenderResult& contender : result.contenders) {
    for (const SeedScores& scores : contender.scores) add_csv_lines(contender.name, scores, result, out);
  }
  for (std::size_t b = 0; b < result.baseline_names.size(); ++b) {
    for (std::size_t metric = 0; metric < result.metrics(); ++metric) {
      add_csv_lines(result.baseline_names[b], result.baseline(b, metric), result, out);
    }
  }
  return out;
}

}  // namespace nextframe::app
