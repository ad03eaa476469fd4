#pragma once

#include <string>
#include <vector>

#include "core/render/plot.h"

namespace nextframe {

/// One forecaster in a diagram: a point for each lead time or class.
struct DiagramLine {
  std::string forecaster = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
};

struct DiagramPanel {
  std::string title = {};  ///< "at least 1 mm/h", "+60 min"
  std::vector<DiagramLine> lines = {};
};

/// Probability of detection (y) over success ratio (x), a point for each lead time, joined: the best is the upper right
/// corner (Roebber 2009, Weather and Forecasting 24, 601). Lines of equal CSI are curved, those of equal frequency bias
/// straight.
Figure performance_diagram(const std::string& title, const std::vector<DiagramPanel>& panels);

/// Observed frequency (y) over forecast frequency (x), and the diagonal on which a reliable forecast lies.
Figure reliability_diagram(const std::string& title, const std::vector<DiagramPanel>& panels);

/// Power (y) over wavelength (x), both logarithmic; the first line of a panel is the truth.
Figure power_spectra(const std::string& title, const std::string& wavelength_label,
                     const std::vector<DiagramPanel>& panels);

}  // namespace nextframe
