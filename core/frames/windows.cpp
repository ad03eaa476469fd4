#include "core/frames/windows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

std::array<double, 3> shares_of(const SplitOptions& options) {
  const double sum = options.train + options.validation + options.test;
  if (!(sum > 0)) reject("[data.split] train, validation and test are all 0; expected at least one share above 0");
  return {options.train / sum, options.validation / sum, options.test / sum};
}

std::vector<Segment> split_by_time(const std::array<double, 3>& shares, std::int64_t gap, std::int64_t frames) {
  std::int64_t used = 0;
  for (const double share : shares) used += share > 0 ? 1 : 0;
  const std::int64_t usable = std::max<std::int64_t>(0, frames - gap * (used - 1));
  std::vector<Segment> segments;
  double before = 0;
  std::int64_t begun = 0;
  for (const Split split : kSplits) {
    const double share = shares[static_cast<std::size_t>(split)];
    if (!(share > 0)) continue;
    const std::int64_t shift = gap * begun++;
    const auto first = std::llround(before * static_cast<double>(usable));
    const auto last = std::llround((before + share) * static_cast<double>(usable));
    before += share;
    if (last > first) segments.push_back({split, first + shift, last + shift});
  }
  return segments;
}

/// Which split each of `count` clips is in.
std::vector<Split> split_by_clip(const std::array<double, 3>& shares, std::int64_t count) {
  std::array<std::int64_t, 3> sizes{};
  double before = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    const double after = before + shares[s];
    sizes[s] = std::llround(after * static_cast<double>(count)) - std::llround(before * static_cast<double>(count));
    before = after;
  }
  for (std::size_t s = 0; s < 3; ++s) {
    const auto largest = std::max_element(sizes.begin(), sizes.end());
    if (shares[s] > 0 && sizes[s] == 0 && *largest > 1) {
      --*largest;
      ++sizes[s];
    }
  }
  std::vector<Split> splits;
  for (const Split split : kSplits)
    splits.insert(splits.end(), static_cast<std::size_t>(sizes[static_cast<std::size_t>(split)]), split);
  return splits;
}

/// A pattern names a path in full, its end from a '/' on, or its last part.
bool names(const std::string& pattern, std::string_view path) {
  if (glob_match(pattern, path)) return true;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (glob_match(pattern, path.substr(slash + 1))) return true;
  }
  return false;
}

const std::vector<std::string>& patterns_of(const SplitOptions& options, Split split) {
  return split == Split::kTrain        ? options.train_paths
         : split == Split::kValidation ? options.validation_paths
                                       : options.test_paths;
}

std::string_view name_of(Split split) { return enum_names(split)[static_cast<std::size_t>(split)].first; }

std::optional<Split> split_named(const SplitOptions& options, const std::string& name) {
  std::optional<Split> found;
  for (const Split split : kSplits) {
    const std::vector<std::string>& patterns = patterns_of(options, split);
    if (std::none_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return names(p, name); })) continue;
    if (found) {
      reject("[data.split] {}: named by {}_paths and by {}_paths; expected one split", name, name_of(*found),
             name_of(split));
    }
    found = split;
  }
  return found;
}

/// A clip's name, or the name of one of its frames, for messages.
std::string example_of(const ClipOutline& clip) {
  for (const std::string& frame : clip.frame_names) {
    if (!frame.empty()) return format("{} with {}", clip.name, frame);
  }
  return clip.name;
}

/// A pattern that names nothing is a slip of the pen, and would quietly leave its split short or empty.
void check_patterns(const SplitOptions& options, std::span<const ClipOutline> clips) {
  for (const Split split : kSplits) {
    for (const std::string& pattern : patterns_of(options, split)) {
      const bool found = std::any_of(clips.begin(), clips.end(), [&](const ClipOutline& clip) {
        return names(pattern, clip.name) ||
               std::any_of(clip.frame_names.begin(), clip.frame_names.end(),
                           [&](const std::string& frame) { return !frame.empty() && names(pattern, frame); });
      });
      if (found) continue;
      reject("[data.split.{}_paths] \"{}\" matches no clip and no image; the first ones are {}", name_of(split),
             pattern, clips.empty() ? "none" : example_of(clips.front()));
    }
  }
}

std::vector<Segment> split_by_path(const SplitOptions& options, const ClipOutline& clip) {
  if (const auto whole = split_named(options, clip.name)) return {{*whole, 0, clip.frames}};
  std::vector<Segment> segments;
  for (std::int64_t t = 0; t < static_cast<std::int64_t>(clip.frame_names.size()); ++t) {
    const std::string& name = clip.frame_names[static_cast<std::size_t>(t)];
    const auto split = name.empty() ? std::nullopt : split_named(options, name);
    if (!split) continue;
    if (!segments.empty() && segments.back().split == *split && segments.back().last == t) {
      ++segments.back().last;
    } else {
      segments.push_back({*split, t, t + 1});
    }
  }
  return segments;
}

}  // namespace

std::vector<std::vector<Segment>> assign_splits(const SplitOptions& options, std::span<const ClipOutline> clips) {
  std::vector<std::vector<Segment>> segments(clips.size());
  if (options.by == SplitBy::kPath) {
    if (options.train_paths.empty() && options.validation_paths.empty() && options.test_paths.empty()) {
      reject("[data.split] by \"path\" needs train_paths, validation_paths or test_paths");
    }
    check_patterns(options, clips);
    for (std::size_t i = 0; i < clips.size(); ++i) segments[i] = split_by_path(options, clips[i]);
    return segments;
  }
  const std::array<double, 3> shares = shares_of(options);
  if (options.by == SplitBy::kTime) {
    for (std::size_t i = 0; i < clips.size(); ++i) segments[i] = split_by_time(shares, options.gap, clips[i].frames);
    return segments;
  }
  const std::vector<Split> splits = split_by_clip(shares, static_cast<std::int64_t>(clips.size()));
  for (std::size_t i = 0; i < clips.size(); ++i) segments[i] = {{splits[i], 0, clips[i].frames}};
  return segments;
}

std::vector<std::int64_t> find_time_gaps(std::span<const double> seconds, double step) {
  std::vector<std::int64_t> gaps;
  for (std::size_t t = 1; t < seconds.size(); ++t) {
    if (seconds[t] - seconds[t - 1] > 1.5 * step) gaps.push_back(static_cast<std::int64_t>(t));
  }
  return gaps;
}

std::vector<std::int64_t> windows_in(const Segment& segment, std::span<const std::int64_t> cuts, std::int64_t length,
                                     std::int64_t gap, std::int64_t stride) {
  const std::int64_t reach = window_span(length, gap);
  std::vector<std::int64_t> firsts;
  std::int64_t begin = segment.first;
  const auto add_scene = [&](std::int64_t end) {
    for (std::int64_t first = begin; first + reach <= end; first += stride) firsts.push_back(first);
    begin = end;
  };
  for (const std::int64_t cut : cuts) {
    if (cut > begin && cut < segment.last) add_scene(cut);
  }
  add_scene(segment.last);
  return firsts;
}

}  // namespace nextframe
