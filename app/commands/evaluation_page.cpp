#include "app/commands/evaluation_page.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "app/machine.h"
#include "app/output.h"
#include "app/version.h"
#include "core/base/clock.h"
#include "core/base/format.h"
#include "core/metrics/metric_table.h"
#include "core/render/rain_montage.h"
#include "core/train/pictures.h"
#include "core/train/run_folder.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLegendWidth = 640;

PageTable means_table(const Evaluation& evaluation) {
  std::string caption =
      "Means over the lead times. One stands out where it is better than every other, each difference's 95 % interval "
      "without zero.";
  if (const std::string narrow = narrow_text(evaluation.block, evaluation.whole_block);
      has_intervals(evaluation) && !narrow.empty()) {
    caption += " The intervals: " + narrow + ".";
  }
  PageTable table{.caption = std::move(caption), .header = {"score"}};
  for (const ForecasterScores& forecaster : evaluation.forecasters) table.header.push_back(forecaster.name);
  table.header.emplace_back("better");
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    const MetricScores& first = evaluation.forecasters.front().metrics[m];
    std::vector<PageCell>& row = table.rows.emplace_back();
    row.push_back({label_of(first, evaluation)});
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& own = forecaster.metrics[m];
      row.push_back({number_of(own.mean, first, evaluation), bounds_text(own.mean_interval)});
    }
    if (const std::optional<std::size_t> best = clearly_best(evaluation.forecasters, m)) {
      table.best.emplace_back(table.rows.size() - 1, *best + 1);
    }
    const Better better = find_metric(first.metric).better;
    row.push_back({better == Better::kLower     ? "lower"
                   : better == Better::kHigher  ? "higher"
                   : better == Better::kNearOne ? "near 1"
                                                : "near 0"});
  }
  return table;
}

/// By how much the others' means differ from the first one's, on the same sequences; "-" where that has no interval. Missing
/// where none has.
std::optional<PageTable> difference_table(const Evaluation& evaluation) {
  const ForecasterScores& first = evaluation.forecasters.front();
  PageTable table{
      .caption = format(
          "Differences from {}: below zero where its mean is the larger one. They are paired, sequence by sequence; "
          "where an interval holds zero, the data do not tell the two apart.",
          first.name),
      .header = {"score"}};
  for (std::size_t i = 1; i < evaluation.forecasters.size(); ++i)
    table.header.push_back(evaluation.forecasters[i].name);
  bool any = false;
  for (std::size_t m = 0; m < first.metrics.size(); ++m) {
    std::vector<PageCell> row{{label_of(first.metrics[m], evaluation)}};
    for (std::size_t i = 1; i < evaluation.forecasters.size(); ++i) {
      const std::optional<ScoreDifference>& difference = evaluation.forecasters[i].metrics[m].beyond_first;
      if (difference && difference->interval) {
        any = true;
        row.push_back({format("{:+.3g}", difference->mean), bounds_text(difference->interval)});
      } else {
        row.push_back({"-"});
      }
    }
    table.rows.push_back(std::move(row));
  }
  if (!any) return std::nullopt;
  return table;
}

/// Every forecaster by lead time.
PageTable lead_time_table(const Evaluation& evaluation, std::size_t metric) {
  const MetricScores& first = evaluation.forecasters.front().metrics[metric];
  PageTable table{.caption = label_of(first, evaluation) + " by lead time", .header = {"lead time"}, .folded = true};
  for (const ForecasterScores& forecaster : evaluation.forecasters) table.header.push_back(forecaster.name);
  for (std::size_t lead = 0; lead < first.by_lead_time.size(); ++lead) {
    std::vector<PageCell>& row = table.rows.emplace_back();
    row.push_back({lead_text(static_cast<std::int64_t>(lead) + 1, evaluation)});
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& own = forecaster.metrics[metric];
      row.push_back({number_of(own.by_lead_time[lead], first, evaluation),
                     own.intervals.empty() ? std::string() : bounds_text(own.intervals[lead])});
    }
  }
  return table;
}

PageSection score_section(const Findings& found) {
  const Evaluation& evaluation = found.evaluation;
  PageSection section{.title = "Scores"};
  section.blocks.emplace_back(means_table(evaluation));
  if (std::optional<PageTable> table = difference_table(evaluation)) section.blocks.emplace_back(std::move(*table));
  for (std::string& sentence : gain_sentences(evaluation)) section.blocks.emplace_back(PageText{sentence + "."});
  for (EvaluationFigure& one : evaluation_figures(evaluation, found.curves)) {
    section.blocks.emplace_back(PageFigure{.figure = std::move(one.figure), .caption = std::move(one.caption)});
  }
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    section.blocks.emplace_back(lead_time_table(evaluation, m));
  }
  return section;
}

std::vector<std::string> times_of(const Findings& found) {
  std::vector<std::string> times;
  for (std::int64_t t = 1 - found.context; t <= found.evaluation.horizon; ++t) {
    times.push_back(t > 0 ? lead_text(t, found.evaluation) : t == 0 ? "last seen" : format("{}", t));
  }
  return times;
}

void add_films(const Findings& found, const std::string& what, const std::vector<GallerySequence>& sequences,
               PageSection& section) {
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const GallerySequence& one = sequences[i];
    if (one.film.columns == 0) continue;
    std::string scores = found.gallery.score + ":";
    for (std::size_t f = 0; f < one.scores.size(); ++f) {
      const std::string value = std::isfinite(one.scores[f]) ? format("{:.4g}", one.scores[f]) : "-";
      scores += format("{} {} {}", f > 0 ? "," : "", found.evaluation.forecasters[f].name, value);
    }
    section.blocks.emplace_back(PageFilm{.title = sequences.size() > 1
                                                      ? format("{} {}: {}", what, i + 1, place_text(one.place))
                                                      : format("{}: {}", what, place_text(one.place)),
                                         .caption = std::move(scores),
                                         .film = one.film,
                                         .times = times_of(found),
                                         .first = static_cast<std::size_t>(found.context)});
  }
}

PageSection sequence_section(const Findings& found) {
  PageSection section{.title = "Sequences"};
  section.blocks.emplace_back(PageText{format(
      "The best and the worst of {} by the {} of {}, and some at random. Above each strip it plays, the frames "
      "that were seen first; errors are forecast - truth, red where too high.",
      sequences_text(found.evaluation.sequences), found.gallery.score, found.evaluation.forecasters.front().name)});
  if (found.pictures.kind == FieldKind::kRain) {
    section.blocks.emplace_back(PagePicture{.picture = rain_legend(kLegendWidth), .caption = "rain, mm/h"});
    section.blocks.emplace_back(
        PagePicture{.picture = difference_legend(kLegendWidth, kLargestRainDifference, "mm/h"), .caption = "errors"});
  }
  add_films(found, "worst", found.gallery.worst, section);
  add_films(found, "best", found.gallery.best, section);
  add_films(found, "at random", found.gallery.random, section);
  return section;
}

/// The curves of each model whose run folder is still around it.
PageSection training_section(const Findings& found) {
  PageSection section{.title = "Training"};
  for (const auto& [path, config] : found.configurations) {
    const RunFolder folder{fs::path(path).parent_path()};
    const std::vector<json::Value> records = read_metrics(folder.metrics());
    if (records.empty()) continue;
    const std::string name = folder.root.string();
    section.blocks.emplace_back(
        PageFigure{.figure = training_curves(training_history(name, records)),
                   .caption = format("{}: loss of each step and its running median; scores of validation.", name)});
  }
  return section;
}

PageSection configuration_section(const Findings& found) {
  PageSection section{.title = "Configuration"};
  for (const auto& [path, config] : found.configurations) {
    section.blocks.emplace_back(PageCode{.title = path, .text = config.dump(2)});
  }
  return section;
}

}  // namespace

Page evaluation_page(const Findings& found, const ReportOptions&) {
  const Evaluation& evaluation = found.evaluation;
  Page page{.title = found.title,
            .summary = format("{} of {} frames of {}; {}.", sequences_text(evaluation.sequences), evaluation.horizon,
                              evaluation.data,
                              evaluation.units.empty() ? "values scaled to 0..1" : "values in " + evaluation.units),
            .footer = format("nextframe {}, {}", program_version(), utc_timestamp())};
  page.sections.push_back(score_section(found));
  if (PageSection section = sequence_section(found); section.blocks.size() > 1) {
    page.sections.push_back(std::move(section));
  }
  if (PageSection section = training_section(found); !section.blocks.empty()) {
    page.sections.push_back(std::move(section));
  }
  if (!found.configurations.empty()) page.sections.push_back(configuration_section(found));
  page.sections.push_back({.title = "Machine", .blocks = {PageFacts{machine_facts()}}});
  return page;
}

}  // namespace nextframe::app
