#include "app/commands/comparison_page.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "app/commands/comparison_report.h"
#include "app/machine.h"
#include "app/output.h"
#include "app/version.h"
#include "core/base/clock.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/json/fields.h"
#include "core/train/pictures.h"
#include "core/train/run_folder.h"

namespace nextframe::app {
namespace {

std::vector<PageCell> page_cells(const std::vector<std::string>& cells) {
  std::vector<PageCell> row;
  for (const std::string& cell : cells) row.push_back({cell});
  return row;
}

/// "0.123", and below it the spread between runs.
PageCell spread_cell(double mean, double deviation) {
  if (!std::isfinite(mean)) return {"-"};
  return {format("{:.4g}", mean), std::isfinite(deviation) ? format("+-{:.2g}", deviation) : std::string()};
}

PageTable means_table(const ComparisonResult& result) {
  PageTable table{.caption = "Means over lead times; below them the standard deviation between runs.",
                  .header = {"score"}};
  for (const ContenderResult& contender : result.contenders) table.header.push_back(contender.name);
  for (const std::string& name : result.baseline_names) table.header.push_back(name);
  for (std::size_t metric = 0; metric < result.metrics(); ++metric) {
    for (std::size_t h = 0; h < result.horizons.size(); ++h) {
      std::vector<PageCell>& row = table.rows.emplace_back();
      row.push_back({comparison_label(result.contenders.front().scores[metric].mean, result),
                     format("to +{}", result.horizons[h])});
      const auto add = [&](const SeedScores& scores) {
        row.push_back(spread_cell(scores.means[h], scores.means_deviation[h]));
      };
      for (const ContenderResult& contender : result.contenders) add(contender.scores[metric]);
      for (std::size_t b = 0; b < result.baseline_names.size(); ++b) add(result.baseline(b, metric));
    }
  }
  return table;
}

/// The differences of the means; what the data call better stands out.
PageTable differences_table(const ComparisonResult& result) {
  PageTable table{.caption = comparison_footnote(result),
                  .header = {"mean of", "pair", "difference", "95 % interval", "better"}};
  for (const PairResult& pair : result.pairs) {
    for (const ScoreContrast& difference : pair.means) {
      std::vector<std::string> cells{
          format("{} to +{}", comparison_label(difference.metric, result), difference.leads.last),
          format("{} - {}", result.contenders[pair.first].name, result.contenders[pair.second].name)};
      for (std::string& cell : difference_cells(result, pair, difference)) cells.push_back(std::move(cell));
      if (difference.better != Verdict::kOpen) table.best.emplace_back(table.rows.size(), cells.size() - 1);
      table.rows.push_back(page_cells(cells));
    }
  }
  return table;
}

PageTable cost_table(const ComparisonResult& result) {
  PageTable table{.header = {"cost"}};
  for (const ContenderResult& contender : result.contenders) table.header.push_back(contender.name);
  const std::size_t columns = table.header.size();
  for (std::vector<std::string>& row : cost_rows(result)) {
    // Of two, the first's as a multiple of the second's stands behind the baselines' empty cells.
    const bool pair = result.contenders.size() == 2;
    const std::string multiple = pair ? row[columns + result.baseline_names.size()] : std::string();
    row.resize(columns);
    if (pair) row.push_back(multiple);
    table.rows.push_back(page_cells(row));
  }
  if (result.contenders.size() == 2) table.header.push_back("first / second");
  return table;
}

LeadTimeScore line_of(const std::string& name, const SeedScores& scores) {
  LeadTimeScore line{.forecaster = name, .values = scores.mean.by_lead_time};
  for (std::size_t lead = 0; lead < line.values.size(); ++lead) {
    line.low.push_back(line.values[lead] - scores.deviation[lead]);
    line.high.push_back(line.values[lead] + scores.deviation[lead]);
  }
  return line;
}

PageFigure score_figure(const ComparisonResult& result) {
  std::vector<LeadTimePanel> panels;
  for (std::size_t metric = 0; metric < result.metrics(); ++metric) {
    LeadTimePanel& panel = panels.emplace_back();
    panel.score = comparison_label(result.contenders.front().scores[metric].mean, result);
    for (const ContenderResult& contender : result.contenders) {
      panel.lines.push_back(line_of(contender.name, contender.scores[metric]));
    }
    for (std::size_t b = 0; b < result.baseline_names.size(); ++b) {
      panel.lines.push_back(line_of(result.baseline_names[b], result.baseline(b, metric)));
    }
  }
  return {.figure = scores_by_lead_time("scores", panels, result.seconds_per_frame),
          .caption = "Scores by lead time, means over runs, in bands of a standard deviation between them."};
}

/// Adds a run's line to the panel of that name.
void add_run(Figure& figure, const std::string& panel, Series series) {
  auto found =
      std::find_if(figure.panels.begin(), figure.panels.end(), [&](const Panel& one) { return one.title == panel; });
  if (found == figure.panels.end()) {
    figure.panels.push_back({.title = panel, .x_label = "step"});
    found = figure.panels.end() - 1;
  }
  found->series.push_back(std::move(series));
}

/// The validations of every run, in its contender's colour.
PageFigure training_figure(const ComparisonResult& result) {
  PageFigure block{.caption = "Scores of validation while training, a line for each run."};
  for (std::size_t c = 0; c < result.contenders.size(); ++c) {
    const ContenderResult& contender = result.contenders[c];
    for (const ComparedRun& run : contender.runs) {
      if (run.folder.empty()) continue;
      const TrainingHistory history = training_history(contender.name, read_metrics(RunFolder{run.folder}.metrics()));
      const auto add = [&](const std::string& panel, const std::vector<double>& steps, const std::vector<double>& y) {
        if (steps.empty()) return;
        add_run(block.figure, panel,
                {.label = contender.name,
                 .x = steps,
                 .y = y,
                 .markers = steps.size() <= 40 ? Markers::kDots : Markers::kNone,
                 .colour_index = static_cast<int>(c)});
      };
      add("loss", history.validation_steps, history.validation_losses);
      for (const ScoreHistory& score : history.scores) add(score.name, score.steps, score.values);
    }
  }
  return block;
}

PageSection configurations(const ComparisonResult& result) {
  PageSection section{.title = "Configurations"};
  for (const ContenderResult& contender : result.contenders) {
    section.blocks.emplace_back(
        PageCode{.title = contender.name + ": " + contender.origin, .text = contender.config.dump(2)});
  }
  return section;
}

}  // namespace

Page comparison_page(const ComparisonResult& result) {
  std::vector<std::string> names;
  for (const ContenderResult& contender : result.contenders) names.push_back(contender.name);
  Page page{.title = join(names, " or "),
            .summary = format("{} sequences of {} + {} frames of {} ({}), trained on {} + {}; {} run{} each.",
                              with_thousands(static_cast<double>(result.sequences)), result.context,
                              result.horizons.back(), result.data, enum_name(result.split), result.context,
                              result.trained_horizon, result.seeds, result.seeds == 1 ? "" : "s"),
            .footer = format("nextframe {}, {}", program_version(), utc_timestamp())};
  page.sections.push_back(
      {.title = "Scores", .blocks = {means_table(result), differences_table(result), score_figure(result)}});
  page.sections.push_back({.title = "Costs", .blocks = {cost_table(result)}});
  if (PageFigure figure = training_figure(result); !figure.figure.panels.empty()) {
    page.sections.push_back({.title = "Training", .blocks = {std::move(figure)}});
  }
  page.sections.push_back(configurations(result));
  page.sections.push_back({.title = "Machine", .blocks = {PageFacts{machine_facts()}}});
  return page;
}

}  // namespace nextframe::app
