#pragma once

#include "app/commands/evaluation_report.h"
#include "core/render/html_page.h"

namespace nextframe::app {

/// What --report shows of an evaluation: scores with their curves, the best, the worst and some other sequences as
/// strips and films, how the models were trained (from the metrics.jsonl of the run folders that they lie in), their
/// configurations and the machine.
Page evaluation_page(const Findings& found, const ReportOptions& options);

}  // namespace nextframe::app
